"""Items that the browser extension Zeeschuimer kept, as each site's own pages received them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ingestors.fields import string
from ingestors.files.cells import time_of
from ingestors.files.x_graphql import is_result, result_status
from ingestors.files.x_status import post_of
from ingestors.instagram_media import is_advertisement, media_post
from ingestors.tiktok_people import comment_records
from ingestors.tiktok_records import item_records
from lake.errors import PayloadError
from lake.records import Json, Record

Reader = Callable[[Json, datetime], Sequence[Record]]


def collected_records(meta: Json, item: Json, observed_at: datetime) -> tuple[Record, ...]:
    """The records of one item, observed when the extension saw it.

    Args:
        meta: What the extension says of it: ``source_platform``, ``timestamp_collected`` in
            milliseconds after 1970.
        item: What the site's page received.
        observed_at: When the file says that was, for an item that does not tell.

    Raises:
        PayloadError: It is of a site that is not read, or lacks what no record can do without.
    """
    site = string(meta.get("source_platform")) or "an unnamed site"
    reader = _READERS.get(site.lower().removeprefix("www."))
    if reader is None:
        known = ", ".join(sorted(_READERS))
        raise PayloadError(f"items of {site[:60]} are not read; those of {known} are")
    collected = meta.get("timestamp_collected")
    return tuple(reader(item, observed_at if collected is None else time_of(collected)))


def _x_records(item: Json, observed_at: datetime) -> Sequence[Record]:
    if not is_result(item) and "tombstone" not in item:
        raise PayloadError("the item is no post of X")
    return (post_of(result_status(item), observed_at),)


def _instagram_records(item: Json, observed_at: datetime) -> Sequence[Record]:
    """One post; none for an advertisement, which the page only shows among posts."""
    return () if is_advertisement(item) else (media_post(item, observed_at),)


_READERS: Mapping[str, Reader] = {
    "twitter.com": _x_records,
    "twitter-comments": _x_records,
    "x.com": _x_records,
    "instagram.com": _instagram_records,
    "tiktok.com": item_records,
    "tiktok-comments": comment_records,
}
