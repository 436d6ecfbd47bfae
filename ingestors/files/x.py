"""What every archive of X has in common, whichever program wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ingestors.files.cells import count
from ingestors.files.numbers import Numbers, sorted_out
from lake.errors import PayloadError
from lake.records import Json, Kind
from lake.times import from_epoch_s

# Ids carry their time since 2010-11-04: (id >> 22) + 1288834974657 ms (Twitter's Snowflake).
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_FIRST_SNOWFLAKE = 29_700_000_000
_NO_LANGUAGE = {"und", "zxx", "art"}
_OLD_LANGUAGES = {"in": "id", "iw": "he", "ji": "yi"}


def numbers(source: Json, names: Mapping[str, str], kind: Kind) -> Numbers:
    """The numbers of a post by our names; what is named and not there is missing.

    A retweet has none of its own: X repeats the original's, which would count them twice.

    Args:
        source: Where the numbers stand.
        names: Key in ``source`` by our name.
        kind: What the post is.
    """
    if kind == "reshare":
        return Numbers(metrics={}, metrics_missing=())
    return sorted_out({ours: count(source.get(theirs)) for ours, theirs in names.items()})


def is_snowflake(native_id: str) -> bool:
    """Whether a post's id tells when it was posted."""
    return (
        native_id.isascii()
        and native_id.isdecimal()
        and len(native_id) <= 19
        and _FIRST_SNOWFLAKE <= int(native_id) < 2**63
    )


def snowflake_time(native_id: str) -> datetime:
    """When the post with that id was posted, to the millisecond, aware UTC.

    Raises:
        PayloadError: The id is from before November 2010 or is none of X's.
    """
    if not is_snowflake(native_id):
        raise PayloadError(f"the id {native_id[:40]!r} does not tell its time")
    return from_epoch_s(((int(native_id) >> 22) + _SNOWFLAKE_EPOCH_MS) / 1000)


def post_url(handle: str | None, native_id: str) -> str:
    """Where people read a post; X finds it by the id alone where the handle is unknown."""
    return f"https://x.com/{handle or 'i/web'}/status/{native_id}"


def language(code: str | None) -> str | None:
    """X's language code; None for its codes that name no language (``und``, ``zxx``, ``qme``…)."""
    if code is None or code in _NO_LANGUAGE or (len(code) == 3 and code.startswith("q")):
        return None
    return _OLD_LANGUAGES.get(code, code)


def plain_text(text: str) -> str:
    """What people read: X's programs receive ``&``, ``<`` and ``>`` as HTML entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
