"""Where things are among several Mastodon servers: the cursor's places, a status's home. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingestors.fields import host_of, mapping, string
from ingestors.mastodon_timeline import id_of
from ingestors.platform import Payload

# A uri that holds the status's id on its own server: of old, and since 4.5.
_HOME_PATH = re.compile(r"/(?:users/[^/]+|ap/users/\d+)/statuses/([0-9A-Za-z]{1,64})")
_LOCAL_ID = re.compile(r"[0-9A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class Address:
    """A status on one server.

    Args:
        base: The server's address, without a path.
        host: Its host name.
        id: The status's id there.
        uri: The status's global name; None where only the server's own id of it is known.
    """

    base: str
    host: str
    id: str
    uri: str | None = None


def home_of(uri: str) -> Address | None:
    """Where a status's own server keeps it; None where its uri does not tell."""
    host = host_of(uri)
    if host is None or "@" in urlsplit(uri).netloc:
        return None
    parts = urlsplit(uri)
    found = _HOME_PATH.fullmatch(parts.path)
    if found is None or parts.query or parts.fragment:
        return None
    return Address(f"{parts.scheme}://{host}", host, found[1], uri)


def discussion(payload: Payload) -> str | None:
    """What names a status whose replies can be asked for: its uri, or ``host:id`` of a copy.

    The uri is named only where its own server sent the status, for only that server can say that
    the status is gone: another's copy may go for other reasons.
    """
    body = mapping(payload.body)
    status_id, host = id_of(body), payload.source
    if status_id is None or not host or not _LOCAL_ID.fullmatch(status_id):
        return None
    uri = string(body.get("uri"))
    home = home_of(uri) if uri else None
    return uri if home and (home.host, home.id) == (host, status_id) else f"{host}:{status_id}"


def copy_of(value: str, bases: Mapping[str, str]) -> Address | None:
    """The status that a comments target names, on one of the servers that are asked.

    Args:
        value: A uri, ``host:id``, or an id alone, which is one of the first server's.
        bases: Host to address of the servers.
    """
    home = home_of(value)
    if home is not None:
        base = bases.get(home.host)
        return Address(base, home.host, home.id, value) if base else None
    host, _, status_id = value.rpartition(":")
    host = host or next(iter(bases))
    if host not in bases or not _LOCAL_ID.fullmatch(status_id):
        return None
    return Address(bases[host], host, status_id)


def places(cursor: str | None) -> dict[str, str]:
    """Host to place, as ``places_text`` wrote it; empty where the cursor is none."""
    try:
        found = mapping(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        return {}
    return {host: place for host, place in found.items() if isinstance(place, str) and place}


def places_text(found: Mapping[str, str]) -> str:
    """A cursor that holds every server's own place."""
    return json.dumps(dict(sorted(found.items())), separators=(",", ":"))
