"""How many posts fall into which hour, and what they are about: the sample's timetable."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from math import exp
from typing import Literal

from taglake.sample.campaign import GAP_PLATFORM, HOURS, Calendar, calendar
from taglake.sample.dice import chance
from taglake.sample.people import PLATFORMS, POST_SHARES

Topic = Literal["daily", "launch", "giveaway", "controversy", "spam"]
TOPICS: tuple[Topic, ...] = ("daily", "launch", "giveaway", "controversy", "spam")
# Part of the sample's posts by topic. The bursts' first hours then stand well above the busiest
# everyday hour, and the month's shape stays mostly everyday posts.
_PARTS: Mapping[Topic, float] = {
    "daily": 0.715,
    "launch": 0.12,
    "giveaway": 0.06,
    "controversy": 0.095,
    "spam": 0.01,
}
# Everyday activity by hour of the day, UTC: a European and American evening, a quiet small hour.
_HOURS = (
    22,
    15,
    10,
    7,
    6,
    9,
    18,
    32,
    41,
    44,
    46,
    50,
    57,
    55,
    53,
    55,
    61,
    70,
    78,
    83,
    80,
    69,
    51,
    34,
)
_WEEKDAYS = (0.92, 0.90, 0.94, 0.97, 1.0, 1.22, 1.30)


class Timetable:
    """The number of one platform's posts in every hour, and the share of each topic in them.

    Args:
        seed: The sample's seed.
        end: The sample's end.
        platform: One of ``PLATFORMS``.
        posts: Posts of the whole sample, over all platforms, before the collection gap.
    """

    def __init__(self, seed: int, end: datetime, platform: str, posts: int) -> None:
        self.calendar = calendar(end)
        self._starts = [self.calendar.start + timedelta(hours=hour) for hour in range(HOURS)]
        number = PLATFORMS.index(platform)
        columns = [self._column(topic, seed, number) for topic in TOPICS]
        if platform != "x":
            columns[TOPICS.index("spam")] = [0.0] * HOURS
        scale = [posts * POST_SHARES[platform] * _PARTS[topic] for topic in TOPICS]
        if platform == "x":
            scale[TOPICS.index("spam")] = posts * _PARTS["spam"]
        rows = [
            [weight * size for weight, size in zip(row, scale, strict=True)]
            for row in zip(*columns, strict=True)
        ]
        self.shares = [list(accumulate(row)) for row in rows]
        ends = [round(total) for total in accumulate(sum(row) for row in rows)]
        self._ends = [0, *ends]
        self._gap = self.calendar.gap if platform == GAP_PLATFORM else None

    def serials(self, hour: int) -> range:
        """The numbers of the hour's posts; they go on from one hour to the next."""
        return range(self._ends[hour], self._ends[hour + 1])

    def hour(self, serial: int) -> int:
        """The hour that a post with that number falls into."""
        return bisect_right(self._ends, serial) - 1

    def start(self, hour: int) -> datetime:
        """When an hour of the sample begins, aware UTC."""
        return self._starts[hour]

    def seen(self, moment: datetime) -> bool:
        """Whether the collector was up when something was posted at that time."""
        return self._gap is None or not self._gap[0] <= moment < self._gap[1]

    def topic(self, hour: int, luck: float) -> Topic:
        """What a post of the hour is about, chosen by a number from 0 to 1."""
        shares = self.shares[hour]
        wanted = luck * shares[-1]
        return TOPICS[bisect_right(shares, wanted)] if wanted < shares[-1] else "daily"

    def _column(self, topic: Topic, seed: int, number: int) -> list[float]:
        """The topic's share in every hour; they add up to 1."""
        raw = [_weight(topic, self.calendar, moment) for moment in self._starts]
        noisy = [w * (0.85 + 0.3 * chance(seed, number, n)) for n, w in enumerate(raw)]
        # A burst's first hour stays its highest whatever the noise says.
        peak = max(range(HOURS), key=raw.__getitem__)
        if topic in ("launch", "giveaway"):
            noisy[peak] = raw[peak] * 1.15
        total = sum(noisy)
        return [weight / total for weight in noisy]


def _weight(topic: Topic, dates: Calendar, moment: datetime) -> float:
    daily = _HOURS[moment.hour] * _WEEKDAYS[moment.weekday()]
    if topic == "daily":
        return daily
    if topic == "launch":
        return _burst(moment, dates.launch, 7.0)
    if topic == "giveaway":
        return _burst(moment, dates.giveaway, 5.0)
    start, end = dates.controversy if topic == "controversy" else dates.spam
    if not start <= moment < end:
        return 0.0
    return daily if topic == "controversy" else 1.0


def _burst(moment: datetime, start: datetime, decay_h: float) -> float:
    age_h = (moment - start) / timedelta(hours=1)
    return exp(-age_h / decay_h) if 0 <= age_h < 60 else 0.0
