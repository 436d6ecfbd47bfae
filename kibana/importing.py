"""Brings dashboards into a Kibana, and does not believe its word: it looks what is there then.

::

    files -> one NDJSON -> wait until ready -> _import -> _bulk_get -> compare -> links
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kibana.client import Kibana, Say
from kibana.links import dashboard_link
from kibana.saved_objects import Key, SavedObject, as_ndjson, shown_type
from kibana.stored_panels import losses
from lake.errors import ConflictError, InvalidError, RequestError
from lake.records import Json


class Existing(Enum):
    """What is done about an object that is there already."""

    REFUSE = "refuse"
    REPLACE = "replace"
    KEEP = "keep"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Imported:
    """What is in Kibana now.

    Args:
        version: The Kibana's, where it tells it.
        objects: How many were brought there.
        kept: How many were there already and were left alone.
        links: The address of each dashboard by its title.
    """

    version: str | None
    objects: int
    kept: int
    links: Mapping[str, str]


async def import_objects(
    kibana: Kibana, objects: list[SavedObject], existing: Existing, *, wait_s: float, say: Say
) -> Imported:
    """Imports objects and makes sure that they are whole there.

    Args:
        kibana: Where to.
        objects: See ``saved_objects.merged``.
        existing: What is done about an object that is there already.
        wait_s: How long Kibana may take to start.
        say: Told how things go.

    Raises:
        UnavailableError: Kibana is not ready in time, or does not answer.
        ConfigError: It is no Kibana, is too old, or refuses us.
        ConflictError: Objects are there already, and ``existing`` refuses that.
        InvalidError: Kibana does not take an object; or it did, and lost what is in it.
    """
    version = await kibana.wait(wait_s, say)
    there = {}
    if existing is Existing.KEEP:
        there = await kibana.stored(one.key for one in objects)
    wanted = [one for one in objects if one.key not in there]
    places: dict[Key, Key] = {}
    if wanted:
        places = await _send(kibana, wanted, existing)
        await _check(kibana, wanted, places)
    return Imported(
        version, len(wanted), len(objects) - len(wanted), _links(kibana, objects, places)
    )


async def _send(kibana: Kibana, objects: list[SavedObject], existing: Existing) -> dict[Key, Key]:
    """Imports; gives where each object went."""
    answer = await kibana.send(
        as_ndjson(objects).encode(),
        overwrite=existing is Existing.REPLACE,
        copies=existing is Existing.COPY,
        # Once more after a lost answer would make copies of copies, or find its own objects.
        repeat=existing is Existing.REPLACE,
    )
    errors = [one for one in answer.get("errors") or [] if isinstance(one, dict)]
    if errors or not answer.get("success"):
        raise _failure(objects, errors)
    moved = {
        (one["type"], one["id"]): (one["type"], one["destinationId"])
        for one in answer.get("successResults") or []
        if one.get("destinationId")
    }
    return {one.key: moved.get(one.key, one.key) for one in objects}


def _failure(objects: list[SavedObject], errors: list[Json]) -> RequestError:
    names = {one.key: one.shown for one in objects}
    lines = [_told(one, names) for one in errors] or [
        "Kibana refuses the import and says no reason"
    ]
    kinds = {(one.get("error") or {}).get("type") for one in errors}
    only_conflicts = bool(kinds) and kinds <= {"conflict", "ambiguous_conflict"}
    text = "\n".join(lines)
    return ConflictError(text) if only_conflicts else InvalidError(text)


def _told(finding: Json, names: Mapping[Key, str]) -> str:
    """One of Kibana's errors as a line.

    Their kinds: https://www.elastic.co/guide/en/kibana/8.19/saved-objects-api-import.html
    """
    key = str(finding.get("type")), str(finding.get("id"))
    name = names.get(key, f"{shown_type(key[0])} {key[1]}")
    error: Json = finding.get("error") or {}
    match error.get("type"):
        case "conflict":
            return (
                f"{name} ({key[1]}) exists already; --overwrite replaces it, --keep leaves it, "
                "--copies makes a second one"
            )
        case "ambiguous_conflict":
            return f"{name} could replace several objects; remove all but one, or use --copies"
        case "missing_references":
            missing = ", ".join(
                f"{shown_type(one.get('type', 'object'))} {one.get('id')}"
                for one in error.get("references") or []
            )
            return f"{name} needs {missing}, which is neither in the file nor in this space"
        case "unsupported_type":
            return f"{name}: this Kibana knows no objects of type {key[0]}"
    return f"{name}: {_why(error)}"


def _why(error: Mapping[str, Any]) -> str:
    status, text = error.get("statusCode"), " ".join(str(error.get("message") or "").split())[:300]
    if status == 422 or "more recent version of Kibana" in text:
        return (
            f"is of a newer version than this Kibana (422: {text}); a Kibana takes nothing newer "
            "than itself"
        )
    return f"Kibana refuses it ({status or error.get('type')}: {text or 'no reason given'})"


async def _check(kibana: Kibana, objects: list[SavedObject], places: Mapping[Key, Key]) -> None:
    stored = await kibana.stored(places.values())
    lines: list[str] = []
    for one in objects:
        found = stored.get(places[one.key])
        if found is None:
            lines.append(f"{one.shown} was imported, and is not there")
        else:
            lines += losses(one, found, places)
    if lines:
        raise InvalidError("\n".join(["Kibana answered success, but not all is well:", *lines]))


def _links(kibana: Kibana, objects: list[SavedObject], places: Mapping[Key, Key]) -> dict[str, str]:
    return {
        one.title: dashboard_link(kibana.base, places.get(one.key, one.key)[1])
        for one in sorted(objects, key=lambda one: one.title)
        if one.key[0] == "dashboard"
    }
