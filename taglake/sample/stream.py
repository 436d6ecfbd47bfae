"""The sample as a stream of payload pages, in the order in which three polls would see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from ingestors.platform import Payload
from lake.errors import InvalidError
from taglake.sample import shape_bluesky, shape_mastodon, shape_x
from taglake.sample.campaign import POLL_DAYS, calendar
from taglake.sample.dice import chance
from taglake.sample.drafts import Draft, Drafts
from taglake.sample.people import PLATFORMS
from taglake.sample.planted import COUNT, PLANTED, Planted

PAGE_SIZE = 100
LEAST_POSTS = 500
# Of the posts of one poll's stretch, the part that the next poll and the one after it see again.
# Two of three stretches have a next poll, so 15 % of all posts are seen more than once.
_SEEN_AGAIN = (0.22, 0.06)


class Shape(Protocol):
    """What a shape's module offers."""

    def native_id(self, draft: Draft) -> str:
        """The id that the platform's normaliser gives the post."""
        ...

    def payload(self, draft: Draft, observed_at: datetime) -> Payload:
        """The post as the platform shows it at that time."""
        ...


_SHAPES: Mapping[str, Shape] = {
    "mastodon": shape_mastodon,
    "x": shape_x,
    "bluesky": shape_bluesky,
}


@dataclass(frozen=True, slots=True)
class SamplePage:
    """One page of one platform.

    Args:
        platform: Whose payloads they are.
        observed_at: When they were received, aware UTC.
        payloads: In order of posting, as the platform's normaliser takes them.
    """

    platform: str
    observed_at: datetime
    payloads: tuple[Payload, ...]


class Sighting(NamedTuple):
    """A post that a poll sees.

    Args:
        draft: The post.
        observed_at: When the poll sees it, aware UTC.
        poll: Which poll it is, from 0.
        again: Whether an earlier poll saw it.
    """

    draft: Draft
    observed_at: datetime
    poll: int
    again: bool


def payload_pages(seed: int, end: datetime, posts: int = 6000) -> Iterator[SamplePage]:
    """Every page of the sample, in order of observation; the same bytes for the same arguments.

    Args:
        seed: Any whole number from 0 on.
        end: The sample's end; it is cut to the hour, in UTC.
        posts: How many posts there are before the collection gap, over all platforms.

    Raises:
        InvalidError: ``posts`` is less than ``LEAST_POSTS``, or ``seed`` less than 0.
        ValueError: ``end`` is naive.
    """
    sources = {name: sightings(seed, end, name, posts) for name in PLATFORMS}
    for poll in range(len(POLL_DAYS)):
        for name, per_poll in sources.items():
            yield from pages_of(name, per_poll(poll))


class Sightings:
    """What each poll of one platform sees; see ``sightings``."""

    def __init__(self, seed: int, end: datetime, platform: str, posts: int) -> None:
        self.drafts = Drafts(seed, end, platform, posts - COUNT)
        self.planted = Planted(end, self.drafts.people, platform)
        self._polls = calendar(end).polls
        self._seed = seed

    def __call__(self, poll: int) -> Iterator[Sighting]:
        """The posts that a poll sees: older ones again first, each poll in order of posting."""
        observed_at = self._polls[poll]
        for hour in range(POLL_DAYS[poll] * 24):
            polls_ago = poll - next(n for n, day in enumerate(POLL_DAYS) if hour < day * 24)
            for draft in self._hour(hour, polls_ago):
                yield Sighting(draft, observed_at, poll, polls_ago > 0)

    def _hour(self, hour: int, polls_ago: int) -> Iterator[Draft]:
        if polls_ago == 0:
            yield from self.drafts.hour(hour)
            yield from self.planted.hour(hour)
            return
        part = _SEEN_AGAIN[polls_ago - 1]
        yield from self.drafts.hour(hour, wanted=lambda n: chance(self._seed, n, 7) < part)
        # Whatever is announced or goes viral stays in sight.
        yield from (draft for draft in self.planted.hour(hour) if draft.reach.likes > 100)


def sightings(seed: int, end: datetime, platform: str, posts: int) -> Sightings:
    """What each poll of one platform sees.

    Raises:
        InvalidError: ``posts`` is less than ``LEAST_POSTS``, or ``seed`` less than 0.
    """
    if posts < LEAST_POSTS:
        raise InvalidError(f"the sample needs at least {LEAST_POSTS} posts, not {posts}")
    if seed < 0:
        raise InvalidError(f"the sample's seed must be 0 or more, not {seed}")
    if posts >= PLANTED:
        raise InvalidError(f"the sample takes fewer than {PLANTED} posts, not {posts}")
    return Sightings(seed, end, platform, posts)


def pages_of(platform: str, seen: Iterator[Sighting]) -> Iterator[SamplePage]:
    """Sightings of one platform as pages of ``PAGE_SIZE``; a page never holds two polls."""
    shape = _SHAPES[platform]
    held: list[Payload] = []
    observed_at: datetime | None = None
    for sighting in seen:
        if observed_at and (len(held) == PAGE_SIZE or sighting.observed_at != observed_at):
            yield SamplePage(platform, observed_at, tuple(held))
            held = []
        observed_at = sighting.observed_at
        held.append(shape.payload(sighting.draft, observed_at))
    if observed_at:
        yield SamplePage(platform, observed_at, tuple(held))


def native_id(draft: Draft) -> str:
    """The id that the platform's normaliser gives the post."""
    return _SHAPES[draft.platform].native_id(draft)
