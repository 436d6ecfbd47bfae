"""What a question asks about: a campaign, or a part of it as it was known at some moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lake import times
from lake.campaign import Campaign
from lake.errors import InvalidError, PayloadError
from lake.text import digest


class Scoped(Campaign):
    """A campaign as one question sees it; nobody registered it so.

    Args:
        as_of: Only what was known then counts; None: what is known now.
    """

    as_of: datetime | None = None


def scoped(
    campaign: Campaign,
    *,
    start: str | None = None,
    end: str | None = None,
    platforms: Sequence[str] = (),
    as_of: str | None = None,
) -> Campaign:
    """A campaign's part that a question is about; the campaign itself where nothing is given.

    Args:
        campaign: As it is registered.
        start: Posts from this time on, as text; it may lie outside the campaign's window.
        end: Posts before this time.
        platforms: Only these.
        as_of: Only what was known at this time, which has passed.

    Raises:
        InvalidError: A value is no time or no platform of the campaign, or they contradict.
    """
    asked: dict[str, Any] = {}
    if start is not None:
        asked["start"] = _moment("from", start)
    if end is not None:
        asked["end"] = _moment("to", end)
    if platforms:
        asked["platforms"] = _platforms(campaign, platforms)
    if as_of is not None:
        asked["as_of"] = _past("as_of", as_of)
    if not asked:
        return campaign
    part = Scoped.model_construct(None, **{**dict(campaign), **asked})
    if part.start >= part.end:
        raise invalid(
            "from" if start is not None else "to",
            f"{times.to_text(part.start)} is not before {times.to_text(part.end)}; "
            "the end is exclusive",
        )
    return part


def moment_of(campaign: Campaign) -> datetime | None:
    """The past moment that is asked about; None where it is now."""
    return campaign.as_of if isinstance(campaign, Scoped) else None


def scope_digest(campaign: Campaign) -> str:
    """Tells parts of one campaign apart: a digest of the window, the platforms and the moment.

    A campaign that was removed and one that was made later under its id differ, too.
    """
    moment = moment_of(campaign)
    return digest(
        times.to_text(campaign.start),
        times.to_text(campaign.end),
        ",".join(campaign.platforms),
        times.to_text(moment) if moment else "",
        times.to_text(campaign.created_at),
    )[:16]


def invalid(field: str, message: str) -> InvalidError:
    """The error for a value of a question."""
    return InvalidError(f"{field}: {message}", errors=({"field": field, "message": message},))


def _moment(field: str, text: str) -> datetime:
    try:
        return times.from_text(text)
    except PayloadError as exc:
        message = f"{text[:40]!r} is no time; write 2026-03-01 or 2026-03-01T12:00:00Z"
        raise invalid(field, message) from exc


def _past(field: str, text: str) -> datetime:
    moment = _moment(field, text)
    if moment > times.now():
        raise invalid(field, f"{times.to_text(moment)} has not come yet")
    return moment


def _platforms(campaign: Campaign, wanted: Sequence[str]) -> tuple[str, ...]:
    known = campaign.platforms
    for name in wanted:
        if known and name not in known:
            message = f"{name[:40]!r} is none of the campaign's: {', '.join(known)}"
            raise invalid("platform", message)
    return tuple(dict.fromkeys(wanted))
