"""Where a listing goes on: opaque to callers, and good for a few minutes.

Its text is not signed yet; whoever changes it reads no other posts than the campaign's, because the
campaign's query is asked anew with each page.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from lake import times
from lake.errors import InvalidError, PayloadError


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    campaign: str
    revision: int
    order: str
    view: str
    after: list[str | int | float | None]
    total: int
    as_of: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a listing.

    Args:
        campaign: Id of the campaign whose posts are listed.
        revision: The campaign's when the listing began.
        order: What the posts are sorted by.
        view: The point in time that is read.
        after: Sort values of the last post given.
        total: Posts in the whole listing.
        as_of: When the listing began, as text.
    """

    campaign: str
    revision: int
    order: str
    view: str
    after: Sequence[Any]
    total: int
    as_of: str

    def encode(self) -> str:
        """The cursor as text that is safe in a URL."""
        return base64.urlsafe_b64encode(orjson.dumps(self)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """The cursor that ``encode`` made this text of.

        Raises:
            InvalidError: Nobody made it so.
        """
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            fields = _Fields.model_validate_json(data)
            times.from_text(fields.as_of)
        except (ValueError, binascii.Error, ValidationError, PayloadError) as exc:
            raise garbled() from exc
        return cls(**fields.model_dump())


def garbled() -> InvalidError:
    """The error for a cursor that nobody gave out."""
    message = "is none that this listing gave out; start again without a cursor"
    return InvalidError(f"cursor: {message}", errors=({"field": "cursor", "message": message},))
