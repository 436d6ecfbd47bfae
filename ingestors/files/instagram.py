"""What tables of Instagram's posts have in common, whichever program wrote them."""

from __future__ import annotations

import re
from datetime import datetime

from ingestors.fields import string
from ingestors.files.cells import time_of
from ingestors.instagram_media import created_at, media_id
from lake.errors import PayloadError

_CODE = re.compile(r"[A-Za-z0-9_-]{5,60}")
_ADDRESS = re.compile(r"instagram\.com/(?:[^/?#]+/)?(?:p|reel|reels|tv)/([A-Za-z0-9_-]{5,60})")


def native_id(code: str | None, number: object = None) -> str:
    """A post's id, from its short code or from its number as it is given.

    Raises:
        PayloadError: Neither is one.
    """
    shown = code if code and _CODE.fullmatch(code) else None
    found = media_id({"shortcode": shown, "id": number})
    if found is None or not (found.isascii() and found.isdecimal()):
        raise PayloadError("the post has no short code and no id")
    return found


def posted_at(told: object, code: str | None) -> datetime:
    """When a post was made, as told; else as its code holds it, good to some seconds.

    Raises:
        PayloadError: Neither tells it.
    """
    found = created_at({"shortcode": code}) if string(told) is None else None
    return time_of(told) if found is None else found


def code_in(url: object) -> str | None:
    """The short code in a post's address."""
    found = _ADDRESS.search(string(url) or "")
    return found[1] if found else None
