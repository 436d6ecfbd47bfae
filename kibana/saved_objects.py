"""Saved objects, as Kibana imports and exports them: a file is NDJSON, one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from lake.errors import InvalidError
from lake.records import Json

Key = tuple[str, str]
"""Type and id: what a reference says, and what is unique in a space."""

# What says the same in every Kibana; the rest is who saved it, when, and in which space.
_KEPT = ("id", "type", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion")
# A line of Kibana's own export that is no object.
_SUMMARY = "exportedCount"
_NAMES = {"index-pattern": "data view", "lens": "visualization"}


@dataclass(frozen=True, slots=True)
class SavedObject:
    """One object.

    Args:
        body: As in the file: ``id``, ``type``, ``attributes``, ``references`` and versions.
    """

    body: Json

    @property
    def key(self) -> Key:
        """Its type and id."""
        return self.body["type"], self.body["id"]

    @property
    def title(self) -> str:
        """What people call it; its id where it has no title."""
        return str(self.attributes.get("title") or self.body["id"])

    @property
    def attributes(self) -> Json:
        """What it consists of."""
        return dict(self.body.get("attributes") or {})

    @property
    def references(self) -> frozenset[Key]:
        """The objects that it needs."""
        return frozenset((one["type"], one["id"]) for one in self.body.get("references") or [])

    @property
    def shown(self) -> str:
        """How messages name it."""
        return f"{shown_type(self.body['type'])} {self.title!r}"


def shown_type(name: str) -> str:
    """A type as people say it."""
    return _NAMES.get(name, name)


def shipped() -> dict[str, Traversable]:
    """The compiled files that come with Taglake, by their name without the ending."""
    folder = files("kibana") / "dashboards"
    if not folder.is_dir():
        return {}
    found = sorted(folder.iterdir(), key=lambda one: one.name)
    return {one.name.removesuffix(".ndjson"): one for one in found if one.name.endswith(".ndjson")}


def merged(texts: Mapping[str, str]) -> list[SavedObject]:
    """The objects of several files, each once: dashboards share their data views.

    Args:
        texts: Each file's text by the name that messages give it.

    Raises:
        InvalidError: A file is no NDJSON of saved objects, two files disagree about an object, or
            there is none at all.
    """
    found: dict[Key, SavedObject] = {}
    for where, text in texts.items():
        for one in parsed(text, where):
            if found.setdefault(one.key, one).body != one.body:
                raise InvalidError(
                    f"{where}: {one.shown} ({one.key[1]}) is another one than in an earlier file; "
                    "import the files one by one, or compile them again"
                )
    if not found:
        raise InvalidError("there is no object to import: the files are empty")
    return list(found.values())


def parsed(text: str, where: str) -> list[SavedObject]:
    """The objects of an NDJSON file.

    Args:
        text: The file's.
        where: The file's name, for messages.

    Raises:
        InvalidError: A line is no saved object, or says no ``typeMigrationVersion``: Kibana would
            take it, run every old migration on it and empty its panels.
    """
    found = []
    # Not splitlines(): a text may hold other ends of lines than NDJSON's.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        body = _decoded(line)
        if isinstance(body, dict) and _SUMMARY in body:
            continue
        if not _is_object(body):
            raise InvalidError(f"{where}, line {number}: is no saved object of Kibana's")
        if not body.get("typeMigrationVersion"):
            raise InvalidError(
                f"{where}, line {number}: {body['type']} {body['id']} has no typeMigrationVersion; "
                "Kibana would import it and empty its panels"
            )
        found.append(SavedObject(body))
    return found


def _decoded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_object(body: Any) -> bool:
    return (
        isinstance(body, dict)
        and all(isinstance(body.get(name), str) and body[name] for name in ("type", "id"))
        and isinstance(body.get("attributes"), dict)
        and isinstance(body.get("references", []), list)
    )


def as_ndjson(objects: Iterable[SavedObject]) -> str:
    """Objects as a file: sorted, so that the same objects are the same bytes.

    What Kibana adds (who saved it, when, in which space) is left out, and JSON within strings, as
    in ``panelsJSON``, is sorted too.
    """
    kept = [
        {name: one.body[name] for name in _KEPT if name in one.body}
        | {"references": _sorted_references(one.body.get("references") or [])}
        for one in objects
    ]
    kept.sort(key=lambda body: (body["type"] == "dashboard", body["type"], body["id"]))
    return "".join(f"{_dumps(_stable(body))}\n" for body in kept)


def _sorted_references(references: list[Json]) -> list[Json]:
    return sorted(references, key=lambda one: (str(one.get("name")), one["type"], one["id"]))


def _stable(value: Any, name: str = "") -> Any:
    """``value`` with the JSON in its strings, under keys that end in ``JSON``, written anew."""
    if isinstance(value, dict):
        return {key: _stable(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_stable(item) for item in value]
    if isinstance(value, str) and name.endswith("JSON"):
        inner = _decoded(value)
        return value if inner is None else _dumps(_stable(inner))
    return value


def _dumps(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
