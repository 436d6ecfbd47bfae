"""Where a listing goes on: opaque to callers, signed, and good for a few minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from pydantic import BaseModel, ConfigDict, ValidationError

from lake import times
from lake.errors import InvalidError, PayloadError


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    campaign: str
    revision: int
    scope: str
    order: str
    view: str
    copies: str | None
    after: list[str | int | float | None]
    total: int
    as_of: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a listing.

    Args:
        campaign: Id of the campaign whose posts are listed.
        revision: The campaign's when the listing began.
        scope: Digest of what part of the campaign is listed.
        order: What the posts are sorted by.
        view: The point in time that is read.
        copies: The index with posts as they were at a past moment; None where it needs none.
        after: Sort values of the last post given.
        total: Posts in the whole listing.
        as_of: When the listing began, as text.
    """

    campaign: str
    revision: int
    scope: str
    order: str
    view: str
    copies: str | None
    after: Sequence[Any]
    total: int
    as_of: str

    def encode(self, secret: str) -> str:
        """The cursor as text that is safe in a URL, signed."""
        return str(_signer(secret).dumps(asdict(self)))

    @classmethod
    def decode(cls, text: str, secret: str) -> Cursor:
        """The cursor that ``encode`` made this text of.

        Raises:
            InvalidError: Nobody made it so.
        """
        try:
            fields = _Fields.model_validate(_signer(secret).loads(text))
            times.from_text(fields.as_of)
        except (BadData, ValidationError, PayloadError) as exc:
            raise garbled() from exc
        return cls(**fields.model_dump())


def _signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="cursor")


def garbled() -> InvalidError:
    """The error for a cursor that nobody gave out."""
    message = "is none that this listing gave out; start again without a cursor"
    return InvalidError(f"cursor: {message}", errors=({"field": "cursor", "message": message},))
