"""What will not be there of a campaign, platform by platform, and why: told before anything runs.

Pure: facts that the platforms state against what the campaign asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lake import times
from lake.boolean_query import parsed, terms
from lake.campaign import Campaign
from lake.platform_facts import PlatformFacts


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a platform will not give.

    Args:
        what: ``collection`` (nothing at all comes from it), ``posts``, ``history``, ``counts``,
            ``comments``, ``refresh``, ``profiles`` or ``keywords``.
        reason: Why, and how it is mended where that is possible, in one line.
    """

    what: str
    reason: str


def availability(
    campaign: Campaign, platforms: Mapping[str, PlatformFacts], now: datetime
) -> list[dict[str, Any]]:
    """For each platform that the campaign is about: whether it is collected, and what lacks.

    Args:
        campaign: Whose posts are wanted.
        platforms: Every platform that there is.
        now: When it was registered; what lies before is its past.
    """
    wanted = campaign.named_platforms() if campaign.platforms else ()
    names = wanted or [
        name
        for name, facts in platforms.items()
        if facts.configured or name in campaign.named_platforms()
    ]
    return [
        _row(name, platforms[name], campaign, now) for name in sorted(names) if name in platforms
    ]


def _row(name: str, facts: PlatformFacts, campaign: Campaign, now: datetime) -> dict[str, Any]:
    dead = _dead(name, facts)
    lacks = [Lack("collection", dead)] if dead else list(_lacks(name, facts, campaign, now))
    return {
        "platform": name,
        "label": facts.label,
        "collected": dead is None,
        "unavailable": [{"what": lack.what, "reason": lack.reason} for lack in lacks],
    }


def _dead(name: str, facts: PlatformFacts) -> str | None:
    """Why nothing at all comes from a platform; None where something does."""
    if not facts.configured:
        needs = f"; it needs {', '.join(facts.needs)}" if facts.needs else ""
        return f"config.yaml has no platforms.{name}{needs}"
    return facts.off_because


def _lacks(name: str, facts: PlatformFacts, campaign: Campaign, now: datetime) -> Iterator[Lack]:
    label = facts.label
    if "posts" not in facts.offers:
        yield Lack("posts", f"{label} gives no posts of a hashtag with these settings")
    yield from _history(facts, campaign, now)
    if "counts" not in facts.offers:
        yield Lack("counts", f"{label} does not tell how often a hashtag is used")
    if "comments" not in facts.offers:
        yield Lack("comments", f"{label} gives no comments below posts")
    if "refresh" not in facts.offers:
        yield Lack("refresh", f"{label} is not asked again for the numbers of known posts")
    if any(who.platform == name for who in campaign.accounts()):
        yield _profiles(facts)
    if _looks_for_words(campaign):
        reason = f"{label} is searched by hashtag only: words pick among the posts that come in"
        yield Lack("keywords", f"{reason} for hashtags{_and_tags(campaign)}")


def _profiles(facts: PlatformFacts) -> Lack:
    told = facts.offers.get("profiles")
    if told is None:
        reason = f"{facts.label} gives no accounts"
    else:
        reason = f"{facts.label} is asked for the account ({told})"
    return Lack("profiles", f"{reason}; posts by it come in as far as other polls bring them")


def _looks_for_words(campaign: Campaign) -> bool:
    if campaign.query is not None:
        wanted = terms(parsed(campaign.query), wanted=True)
        return any(term.kind in ("words", "mention") for term in wanted)
    return bool(campaign.keywords)


def _and_tags(campaign: Campaign) -> str:
    return "" if campaign.tags() else ", of which this campaign names none"


def _history(facts: PlatformFacts, campaign: Campaign, now: datetime) -> Iterator[Lack]:
    begin, end = campaign.baseline or campaign.start, min(campaign.end, now)
    if begin >= now or not campaign.tags():
        return
    if "history" not in facts.offers:
        yield Lack("history", f"{facts.label} offers no posts of the past: {_span(begin, end)}")
        return
    if campaign.baseline is None and campaign.end <= now:
        reason = "the campaign is over and has no baseline, so its past is not collected"
        yield Lack("history", f"{reason}: {_span(begin, end)}")
        return
    oldest = begin
    if facts.history is not None and begin < now - facts.history:
        oldest = min(now - facts.history, end)
        reason = f"{facts.label} offers posts of the last {_days(facts.history)} only"
        yield Lack("history", f"{reason}: {_span(begin, oldest)}")
    reached = now - facts.reach_back
    if campaign.baseline is None and oldest < reached:
        reason = f"without a baseline the last {_days(facts.reach_back)} before now are collected"
        mend = "a baseline before the start has all of it collected"
        yield Lack("history", f"{reason}: {_span(oldest, reached)}; {mend}")


def _span(start: datetime, end: datetime) -> str:
    return f"{times.to_text(start)} to {times.to_text(end)} is missing"


def _days(length: timedelta) -> str:
    return f"{length.days} days" if length.days != 1 else "day"
