"""Datasets of 4CAT: its NDJSON, which holds items as the sites sent them, and its CSV tables.

NDJSON: what Zeeschuimer collected, with ``__import_meta``, and what 4CAT itself collected of
Bluesky, with ``4CAT_metadata``. CSV: a table of the same for each platform, with fewer fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ingestors.fields import mapping
from ingestors.files.cells import time_of
from ingestors.files.collected import collected_records
from ingestors.files.format import Format
from ingestors.files.fourcat_rows import is_known, row_post
from ingestors.formats import bluesky
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Json, Record

_META = "__import_meta"
_OWN_META = "4CAT_metadata"
_COLUMNS = {"id", "thread_id", "body", "author", "timestamp"}
_UNDERSCORE = re.compile(r"(?<=[a-z])_([a-z])")
_MOST_LEVELS = 40


def detect(document: Json) -> bool:
    """Whether a document or row has what 4CAT adds to every item, or a known table's columns."""
    if _META in document or _OWN_META in document:
        return True
    return document.keys() >= _COLUMNS and is_known(document)


def split(document: Json, place: str) -> Iterator[Payload]:
    """One document is one ``item`` or ``bluesky`` item, one row a ``row``."""
    if _META in document:
        yield Payload("item", document, place)
    else:
        yield Payload("bluesky" if _OWN_META in document else "row", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Record, ...]:
    """The item's post, observed when it was collected; see ``Platform.normalise``.

    Raises:
        PayloadError: It is of a platform that is not read, or has no id or no time.
    """
    body = payload.body
    match payload.kind:
        case "item":
            item = {name: value for name, value in body.items() if name != _META}
            return collected_records(mapping(body.get(_META)), item, observed_at)
        case "bluesky":
            collected = mapping(body.get(_OWN_META)).get("collected_at")
            when = observed_at if collected is None else time_of(collected)
            return bluesky.normalise(Payload("post", _camel(body, _MOST_LEVELS)), when)
        case "row":
            return (row_post(body, observed_at),)
    raise PayloadError(f"4CAT has no payloads of kind {payload.kind!r}")


def _camel(value: Any, levels: int) -> Any:
    """Bluesky's own names for what the Python client, which 4CAT uses, calls ``like_count``."""
    if levels == 0:
        return None
    if isinstance(value, list):
        return [_camel(one, levels - 1) for one in value]
    if isinstance(value, dict):
        return {_name(name): _camel(one, levels - 1) for name, one in value.items()}
    return value


def _name(name: str) -> str:
    if name == "py_type":
        return "$type"
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name)


FORMAT = Format("fourcat", None, "either", detect, split, normalise)
