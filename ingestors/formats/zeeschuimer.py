"""What the browser extension Zeeschuimer collected, one item a line (NDJSON).

An item holds what a site's page received, and when. https://github.com/digitalmethodsinitiative/zeeschuimer
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestors.fields import mapping
from ingestors.files.collected import collected_records
from ingestors.files.format import Format
from ingestors.platform import Payload
from lake.errors import PayloadError
from lake.records import Json, Record


def detect(document: Json) -> bool:
    """Whether a document is an item with what the extension says of it."""
    return {"source_platform", "data"} <= document.keys() and bool(
        {"nav_index", "item_id", "timestamp_collected"} & document.keys()
    )


def split(document: Json, place: str) -> Iterator[Payload]:
    """One document is one item."""
    yield Payload("item", document, place)


def normalise(payload: Payload, observed_at: datetime) -> tuple[Record, ...]:
    """The item's post, observed when the extension saw it; see ``Platform.normalise``.

    Raises:
        PayloadError: It is of a site that is not read, or has no id or no time.
    """
    if payload.kind != "item":
        raise PayloadError(f"Zeeschuimer has no payloads of kind {payload.kind!r}")
    return collected_records(payload.body, mapping(payload.body.get("data")), observed_at)


FORMAT = Format("zeeschuimer", None, "json", detect, split, normalise)
