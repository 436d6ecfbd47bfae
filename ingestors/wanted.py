"""What the registered campaigns want polled: hashtags, accounts, and the time before they began.

Pure: the schedule asks again every few seconds and does what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestors.about import About
from ingestors.platform import Target
from lake.campaign import Campaign


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of the past that a campaign wants and a platform does not offer.

    Args:
        target: The hashtag with its window.
        reason: Why, in one line.
    """

    target: Target
    reason: str


def wanted_targets(
    campaigns: Iterable[Campaign],
    platforms: Iterable[str],
    now: datetime,
    abouts: Mapping[str, About] | None = None,
) -> list[Target]:
    """The hashtags and accounts that running campaigns want polled, each once, in order.

    Args:
        campaigns: All that are registered.
        platforms: Those that are connected.
        now: A campaign whose end lies before it is over.
        abouts: What the platforms are about; accounts are polled where one is known to give them.
    """
    connected = list(platforms)
    wanted: dict[str, Target] = {}
    for campaign in campaigns:
        if campaign.end <= now:
            continue
        for name in connected:
            if campaign.platforms and name not in campaign.platforms:
                continue
            targets = _hashtags(campaign, name)
            if (about := (abouts or {}).get(name)) and about.can("profiles"):
                targets += _accounts(campaign, name)
            for target in targets:
                wanted.setdefault(target.key.lower(), target)  # people write handles in any case
    return list(wanted.values())


def _hashtags(campaign: Campaign, platform: str) -> list[Target]:
    return [Target(platform, "hashtag", tag) for tags in campaign.panel().values() for tag in tags]


def _accounts(campaign: Campaign, platform: str) -> list[Target]:
    own = [one.handle for one in campaign.accounts() if one.platform == platform]
    return [Target(platform, "profile", handle) for handle in own]


def wanted_past(
    campaigns: Iterable[Campaign],
    platforms: Mapping[str, About],
    now: datetime,
    history: timedelta,
) -> tuple[list[Target], list[Missing]]:
    """What lies before a campaign's registration: where it can be had, and where it cannot.

    A campaign wants its ``baseline``; one without, that was registered after its start, wants what
    it missed, as far back as ``history``. Polls take over at the registration.

    Args:
        campaigns: All that are registered.
        platforms: What the connected ones are about.
        now: A campaign whose end lies before it is over; its past is still collected.
        history: The furthest that a late registration reaches back by itself.
    """
    wanted: dict[Target, None] = {}
    missing: dict[Target, Missing] = {}
    for campaign in campaigns:
        start = campaign.baseline or max(campaign.start, campaign.created_at - history)
        end = min(campaign.created_at, campaign.end)
        if start >= end or (campaign.baseline is None and campaign.end <= now):
            continue
        for name, about in platforms.items():
            if campaign.platforms and name not in campaign.platforms:
                continue
            for tags in campaign.panel().values():
                for tag in tags:
                    offered, lacked = _split(Target(name, "hashtag", tag), about, start, end)
                    wanted.update((target, None) for target in offered)
                    if campaign.baseline is not None:
                        missing.update((entry.target, entry) for entry in lacked)
    return list(wanted), list(missing.values())


def _split(
    target: Target, about: About, start: datetime, end: datetime
) -> tuple[list[Target], list[Missing]]:
    """The part of [start, end) that a platform offered at ``end``, and the part that it did not."""
    platform, tag = target.platform, target.value
    if not about.can("history"):
        whole = Target(platform, "hashtag", tag, (start, end))
        return [], [Missing(whole, f"{about.label} offers no posts of the past here")]
    # Measured from the registration, so that the window stays the same at each look.
    oldest = start if about.history is None else max(start, end - about.history)
    offered = [Target(platform, "hashtag", tag, (oldest, end))]
    if oldest == start:
        return offered, []
    lacked = Target(platform, "hashtag", tag, (start, oldest))
    days = about.history.days if about.history else 0
    return offered, [Missing(lacked, f"{about.label} offers posts of the last {days} days only")]
