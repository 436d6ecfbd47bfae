"""What was planted in a sample: what a correct analysis of it must find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from taglake.sample.campaign import BRANDS, GAP_PLATFORM, POLL_DAYS, Calendar, calendar
from taglake.sample.compose import MOODS
from taglake.sample.drafts import Draft
from taglake.sample.people import PLATFORMS
from taglake.sample.planted import PLANTED
from taglake.sample.stream import Sightings, native_id, sightings


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in a sample. Ids are those that the platforms' normalisers give.

    Args:
        posts: Distinct posts, over all platforms.
        observations: Payloads, over all polls: each post once for each poll that sees it.
        seen_again: Distinct posts that more than one poll sees.
        authors: Distinct accounts.
        platforms: Distinct posts by platform.
        brands: Distinct posts that carry a hashtag of the brand, by brand; a post about two counts
            for both.
        overlap: Posts that carry hashtags of two brands.
        moods: Posts meant to be positive, neutral and negative, by brand.
        languages: Posts by the language that they are written in.
        kinds: Posts by kind.
        calendar: When the events happen; the gap is on ``gap_platform``.
        peaks: The hours with the most posts of the campaign's own brand: of the launch and of the
            give-away.
        gap_platform: The platform whose posts of the gap are absent.
        viral: Platform and id of the post that went viral.
        spam: Ids of the author ring's posts, on X.
        spam_authors: The ring's handles.
        hostile: Platform and id of each hostile post.
    """

    posts: int
    observations: int
    seen_again: int
    authors: int
    platforms: Mapping[str, int]
    brands: Mapping[str, int]
    overlap: int
    moods: Mapping[str, Mapping[str, int]]
    languages: Mapping[str, int]
    kinds: Mapping[str, int]
    calendar: Calendar
    peaks: tuple[datetime, datetime]
    gap_platform: str
    viral: tuple[str, str]
    spam: frozenset[str]
    spam_authors: frozenset[str]
    hostile: tuple[tuple[str, str], ...]


def truth(seed: int, end: datetime, posts: int = 6000) -> Truth:
    """What the sample with the same arguments holds; it is counted, so it takes as long.

    Raises:
        InvalidError: ``posts`` or ``seed`` is out of range.
    """
    tally = _Tally()
    sources = [sightings(seed, end, platform, posts) for platform in PLATFORMS]
    for source in sources:
        for poll in range(len(POLL_DAYS)):
            for sighting in source(poll):
                tally.observations += 1
                if not sighting.again:
                    tally.add(sighting.draft)
                else:
                    tally.again.add((sighting.draft.platform, sighting.draft.serial))
    return _truth(tally, sources, calendar(end))


class _Tally:
    """Counts of distinct posts, and the few ids that tests ask for."""

    def __init__(self) -> None:
        self.observations = 0
        self.again: set[tuple[str, int]] = set()
        self.authors: set[tuple[str, int]] = set()
        self.of: dict[str, Counter[str]] = {
            name: Counter() for name in ("platform", "brand", "language", "kind", "spam_author")
        }
        self.moods = {brand.name: Counter[str]() for brand in BRANDS}
        self.hours: Counter[datetime] = Counter()
        self.overlap = 0
        self.spam: list[str] = []

    def add(self, draft: Draft) -> None:
        self.authors.add((draft.platform, draft.author.number))
        self.of["platform"][draft.platform] += 1
        self.of["language"][draft.language] += 1
        self.of["kind"][draft.kind] += 1
        self.overlap += len(draft.brands) > 1
        for number in draft.brands:
            self.of["brand"][BRANDS[number].name] += 1
            self.moods[BRANDS[number].name][draft.mood] += 1
        if 0 in draft.brands:
            self.hours[draft.created.replace(minute=0, second=0, microsecond=0)] += 1
        if draft.topic == "spam" and draft.kind != "reshare":
            self.spam.append(native_id(draft))
            self.of["spam_author"][draft.author.handle] += 1


def _truth(tally: _Tally, sources: list[Sightings], dates: Calendar) -> Truth:
    planted = [draft for source in sources for draft in source.planted.drafts]
    viral = max(planted, key=lambda draft: draft.reach.likes)
    hostile = [draft for draft in planted if draft.serial >= PLANTED + 10]
    # The give-away's peak is looked for where the launch has died away.
    later = {hour: count for hour, count in tally.hours.items() if hour > dates.viral}
    return Truth(
        posts=tally.of["platform"].total(),
        observations=tally.observations,
        seen_again=len(tally.again),
        authors=len(tally.authors),
        platforms=dict(tally.of["platform"]),
        brands=dict(tally.of["brand"]),
        overlap=tally.overlap,
        moods={
            name: {mood: counts[mood] for mood in MOODS} for name, counts in tally.moods.items()
        },
        languages=dict(tally.of["language"]),
        kinds=dict(tally.of["kind"]),
        calendar=dates,
        peaks=(_busiest(tally.hours), _busiest(later)),
        gap_platform=GAP_PLATFORM,
        viral=(viral.platform, native_id(viral)),
        spam=frozenset(tally.spam),
        spam_authors=frozenset(tally.of["spam_author"]),
        hostile=tuple((draft.platform, native_id(draft)) for draft in hostile),
    )


def _busiest(hours: Mapping[datetime, int]) -> datetime:
    """The hour with the most posts; of equal ones the first."""
    return min(hours, key=lambda hour: (-hours[hour], hour))
