"""The embedded node's users: one for each program, each with its own least role.

They are written as Elasticsearch's file realm (``users``, ``users_roles``, ``roles.yml``), which
needs no tool, no index and no running node.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt

from lake.account import keep_owner
from lake.errors import StorageError
from lake.node_files import NodeFolders, write_for_node
from lake.records import Json

ADMIN = "admin"
"""The user that installs templates and removes indices; it may do everything."""

# The passwords have 192 random bits, so a higher cost would protect nothing and delay each
# program's first request.
_BCRYPT_COST = 8
_READ = ("read", "view_index_metadata")
# Makes what was written visible to searches; the named privilege for it also allows merges.
_REFRESH = "indices:admin/refresh*"
# `auto_configure` lets a write create an index that a template matches.
_WRITE = (*_READ, "index", "delete", "auto_configure", _REFRESH)
# Changes documents that exist; removes none and makes no index.
_UPDATE = (*_READ, "index", _REFRESH)
# Makes documents that are not there yet; changes and removes none.
_PUT = ("create_doc", "auto_configure")
_COLLECTED = (
    *("posts-*", "raw-*", "metrics-*", "profiles*", "state*", "runs-*"),
    *("deadletter*", "drift-*"),
)
_DECIDED = (
    *("campaigns*", "reports*", "labels*", "rollup-*"),
    *("tombstones*", "alerts*", "erasures*"),
    "key-uses",  # not the keys themselves: the API can make none, and revoke none
)

Grant = tuple[tuple[str, ...], tuple[str, ...]]

GRANTS: Mapping[str, tuple[Grant, ...]] = {
    # The text that lies with a label goes when its post's does, and so do rollups of it
    # (lake.erasure).
    "ingest": (
        ((*_COLLECTED, "inbox"), _WRITE),
        (("campaigns*",), _READ),
        (("labels*",), _UPDATE),
        (("rollup-*",), (*_READ, "delete", _REFRESH)),
    ),
    "enrich": (
        (("posts-*",), _UPDATE),
        (("labels*", "models*"), (*_READ, _REFRESH)),
        (("jobs*",), _WRITE),
    ),
    "api": (
        (("*",), (*_READ, "monitor", _REFRESH)),
        (_DECIDED, _WRITE),
        (("inbox", "audit*", "secrets"), _PUT),
        # Copies of posts as they were, made for a question and removed after it.
        (("past-*",), (*_READ, "index", "create_index", "delete_index", _REFRESH)),
    ),
    "reader": ((("*",), (*_READ, "monitor")),),  # may also list what there is
}
"""Program -> what it may do with which indices; the names are without the prefix."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and its password."""

    user: str
    password: str = field(repr=False)


def ensure_users(folders: NodeFolders, index_prefix: str) -> Mapping[str, Credentials]:
    """Make the users where they do not exist yet, and write the node's realm files.

    Returns:
        The credentials of ``admin``, ``ingest``, ``enrich``, ``api`` and ``reader``.

    Raises:
        StorageError: ``credentials.json`` cannot be read or used.
        OSError: A file cannot be written.
    """
    if not folders.credentials.exists():
        _write_credentials(folders.credentials, {name: _made() for name in (ADMIN, *GRANTS)})
    known = _read_credentials(folders.credentials)
    hashes = "".join(f"{name}:{entry['hash']}\n" for name, entry in known.items())
    write_for_node(folders.config / "users", hashes)
    owners = {"superuser": ADMIN} | {f"taglake_{name}": name for name in GRANTS}
    text = "".join(f"{role}:{name}\n" for role, name in owners.items())
    write_for_node(folders.config / "users_roles", text)
    write_for_node(folders.config / "roles.yml", roles_yml(index_prefix))
    return _credentials(known)


def read_users(folders: NodeFolders) -> Mapping[str, Credentials]:
    """The credentials that were made for this data folder.

    Raises:
        StorageError: They cannot be read; the message names the file and what to do.
    """
    return _credentials(_read_credentials(folders.credentials))


def roles_yml(index_prefix: str) -> str:
    """The roles, as Elasticsearch's ``roles.yml`` (in the part of YAML that is JSON)."""
    return "".join(f"{name}: {json.dumps(role)}\n" for name, role in roles(index_prefix).items())


def roles(index_prefix: str) -> dict[str, Json]:
    """The programs' roles by name, each as Elasticsearch's API takes it too."""
    return {
        f"taglake_{name}": {
            "cluster": ["monitor"],
            "indices": [
                {"names": [index_prefix + index for index in indices], "privileges": list(rights)}
                for indices, rights in grants
            ],
        }
        for name, grants in GRANTS.items()
    }


def _made() -> dict[str, str]:
    password = secrets.token_urlsafe(24)
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_COST, prefix=b"2a"))
    return {"password": password, "hash": hashed.decode()}


def _credentials(known: Mapping[str, Mapping[str, str]]) -> Mapping[str, Credentials]:
    return {name: Credentials(name, entry["password"]) for name, entry in known.items()}


def _read_credentials(path: Path) -> dict[str, dict[str, str]]:
    try:
        known: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        complete = all(known[name].keys() >= {"password", "hash"} for name in (ADMIN, *GRANTS))
    except OSError as exc:
        raise StorageError(
            f"cannot read {path} ({exc.strerror}). Run Taglake as the user who started the node."
        ) from exc
    except (ValueError, KeyError, AttributeError) as exc:
        raise _damaged(path) from exc
    if not complete:
        raise _damaged(path)
    return known


def _damaged(path: Path) -> StorageError:
    return StorageError(
        f"{path} is damaged. Stop the node (taglake node stop) and delete the file: the next "
        "start makes new passwords. No data is lost."
    )


def _write_credentials(path: Path, known: Mapping[str, Mapping[str, str]]) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(known, file, indent=1)
    keep_owner(temporary)
    temporary.replace(path)
