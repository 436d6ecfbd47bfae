"""The sample campaign as plain data: an invented brand, its rivals, and when things happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAYS = 30
HOURS = DAYS * 24
POLL_DAYS = (10, 20, 30)


@dataclass(frozen=True, slots=True)
class Brand:
    """One invented brand.

    Args:
        name: As people write it.
        tags: Its hashtags in normal form.
        typed: The same hashtags as people type them.
        shoes: What it sells.
        share: Part of the everyday posts that are about it, 0 to 1.
        moods: Part of its everyday posts that are meant to be positive, neutral and negative.
    """

    name: str
    tags: tuple[str, ...]
    typed: tuple[str, ...]
    shoes: tuple[str, ...]
    share: float
    moods: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """The campaign that a user would register for the sample.

    Args:
        name: The campaign's name.
        brand: Whose campaign it is.
        hashtags: The brand's hashtags in normal form.
        competitors: The rivals' hashtags by their names.
    """

    name: str
    brand: str
    hashtags: tuple[str, ...]
    competitors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the planted events happen, aware UTC; every time is on the hour.

    Args:
        start: First hour of the sample.
        end: End of the sample, exclusive.
        viral: Hour of the post that goes viral, on X.
        launch: Hour in which the launch burst begins and is highest.
        giveaway: Hour in which the second, smaller burst begins and is highest.
        spam: Start and end of the author ring's copies, on X.
        gap: Start and end of the collection gap, on Mastodon.
        controversy: Start and end of the 36 hours in which the brand is under fire.
    """

    start: datetime
    end: datetime
    viral: datetime
    launch: datetime
    giveaway: datetime
    spam: tuple[datetime, datetime]
    gap: tuple[datetime, datetime]
    controversy: tuple[datetime, datetime]

    @property
    def polls(self) -> tuple[datetime, ...]:
        """When the sample is polled, in order; the last poll is at its end."""
        return tuple(self.start + timedelta(days=day) for day in POLL_DAYS)


GAP_PLATFORM = "mastodon"
BRANDS = (
    Brand(
        "Wyndhollow",
        ("wyndhollow", "trailwynd"),
        ("Wyndhollow", "TrailWynd"),
        ("Wynd Ridge 2", "Wynd Ridge", "Hollow Mid"),
        0.44,
        (0.42, 0.40, 0.18),
    ),
    Brand(
        "Kestrivo",
        ("kestrivo", "runkestrivo"),
        ("Kestrivo", "RunKestrivo"),
        ("Arc 9", "Arc 9 Mid", "Kestrivo Volt"),
        0.33,
        (0.34, 0.42, 0.24),
    ),
    Brand(
        "Ospreth",
        ("ospreth",),
        ("Ospreth",),
        ("Moss 4", "Ospreth Tor"),
        0.23,
        (0.38, 0.44, 0.18),
    ),
)
SAMPLE = Sample(
    name="Wynd Ridge 2 launch",
    brand=BRANDS[0].name,
    hashtags=BRANDS[0].tags,
    competitors={brand.name: brand.tags for brand in BRANDS[1:]},
)


def window(end: datetime) -> tuple[datetime, datetime]:
    """The sample's 30 days: start and end (exclusive), UTC, on the hour at or before ``end``.

    Raises:
        ValueError: ``end`` is naive.
    """
    if end.tzinfo is None:
        raise ValueError(f"{end.isoformat()} has no time zone")
    last = end.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return last - timedelta(days=DAYS), last


def calendar(end: datetime) -> Calendar:
    """When the events of the sample that ends at ``end`` happen."""
    start, last = window(end)
    midnight = start.replace(hour=0) + timedelta(days=1)

    def at(day: int, hour: int) -> datetime:
        return midnight + timedelta(days=day, hours=hour)

    return Calendar(
        start=start,
        end=last,
        launch=at(4, 16),
        viral=at(8, 12),
        giveaway=at(12, 18),
        spam=(at(14, 13), at(15, 17)),
        gap=(at(16, 9), at(16, 14)),
        controversy=(at(20, 8), at(21, 20)),
    )
