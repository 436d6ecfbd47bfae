"""Times as Taglake keeps them: aware, UTC, to the millisecond, in one text form.

The text form sorts as the times do, so two of them compare without being parsed.
"""

from __future__ import annotations

from datetime import UTC, datetime

from dateutil import parser as _parser

from lake.errors import PayloadError


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """``2026-11-21T03:04:05.678Z``: always UTC, always three decimals.

    Raises:
        ValueError: ``moment`` is naive; which time it names is unknown.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    # isoformat() leaves years before 1000 short of four digits only on some platforms.
    return text.removesuffix("+00:00").rjust(23, "0") + "Z"


def from_text(text: str) -> datetime:
    """The time that ISO 8601 text names; text without an offset is UTC.

    Raises:
        PayloadError: The text is no time, or one outside the years 1 to 9999.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = _parser.isoparse(text)
        except (ValueError, OverflowError) as exc:
            raise PayloadError(f"not an ISO 8601 time: {text[:40]!r}") from exc
    return as_utc(moment)


def as_utc(moment: datetime) -> datetime:
    """``moment`` in UTC; a naive one is taken to be UTC already.

    Raises:
        PayloadError: The shift to UTC leaves the years 1 to 9999.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as exc:
        raise PayloadError(f"time out of range: {moment.isoformat()}") from exc


def from_epoch_s(seconds: float) -> datetime:
    """The time that many seconds after 1970-01-01T00:00:00Z.

    Raises:
        PayloadError: The number names no time in the years 1 to 9999.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise PayloadError(f"time out of range: {seconds!r} s after 1970") from exc
