"""The sample's posts before they take a platform's shape, each made again from its number alone.

Nothing is remembered from one post to the next, so a million of them need no more memory than
one, and a later poll makes the same post again to tell how its numbers have grown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from taglake.sample.campaign import BRANDS
from taglake.sample.compose import Mood, compose, pick_mood
from taglake.sample.dice import Dice, mixed
from taglake.sample.people import PLATFORMS, People, Person
from taglake.sample.reach import Reach, reach
from taglake.sample.rhythm import Timetable, Topic

DraftKind = Literal["post", "reply", "quote", "reshare"]
# Part of the posts up to which each kind reaches, by platform. Hashtag searches of Mastodon and
# Bluesky never show reshares.
_KINDS: dict[str, tuple[tuple[float, DraftKind], ...]] = {
    "mastodon": ((0.74, "post"), (0.95, "reply"), (1.0, "quote")),
    "x": ((0.66, "post"), (0.84, "reply"), (0.90, "quote"), (1.0, "reshare")),
    "bluesky": ((0.70, "post"), (0.90, "reply"), (1.0, "quote")),
}
_BACK = 40  # how many posts back an answered post may lie


class Draft(NamedTuple):
    """One post.

    Args:
        platform: Where it is posted.
        serial: Its number among the platform's posts.
        created: When it is posted, aware UTC, to the millisecond.
        author: Who posts it.
        kind: An original post, or what it does with ``parent``.
        topic: What it is about.
        brands: Numbers of the brands it names, in ``BRANDS``.
        mood: What it is meant to feel like.
        language: ISO 639-1.
        text: What it says, with its hashtags; plain text.
        tags: Its hashtags as typed, each once.
        media: ``photo``, ``video`` or None.
        reach: The numbers that it will have in the end.
        lot: 0 to 999; decides what its payloads hide, the same at every observation.
        parent: What it answers, quotes or reshares; None for an original post.
    """

    platform: str
    serial: int
    created: datetime
    author: Person
    kind: DraftKind
    topic: Topic
    brands: tuple[int, ...]
    mood: Mood
    language: str
    text: str
    tags: tuple[str, ...]
    media: str | None
    reach: Reach
    lot: int
    parent: Draft | None


class Drafts:
    """One platform's everyday and event posts; those that are written by hand are in ``planted``.

    Args:
        seed: The sample's seed.
        end: The sample's end.
        platform: One of ``PLATFORMS``.
        posts: Posts of the whole sample, over all platforms.
    """

    def __init__(self, seed: int, end: datetime, platform: str, posts: int) -> None:
        self.platform = platform
        self.people = People(seed, platform, posts)
        self.timetable = Timetable(seed, end, platform, posts)
        self._key = mixed(seed, PLATFORMS.index(platform), 2)
        self._dice = Dice(0)
        self._parent_dice = Dice(0)

    def hour(self, hour: int, *, wanted: Callable[[int], bool] | None = None) -> Iterator[Draft]:
        """The posts of one hour of the sample, in order of time; none from a collection gap.

        Args:
            hour: Which hour, from 0.
            wanted: Whether to give the post with that number; without it every post is given.
        """
        if not self.timetable.seen(self.timetable.start(hour)):
            return
        for serial in self.timetable.serials(hour):
            if wanted is None or wanted(serial):
                yield self._draft(hour, serial)

    def _draft(self, hour: int, serial: int) -> Draft:
        dice = self._dice
        dice.restart(mixed(self._key, serial))
        kind, parent = self._kind(dice.random()), None
        if kind != "post":
            parent = self._parent(serial - 1 - int(dice.random() * _BACK))
        if parent is None:
            return self._written(dice, hour, serial)
        if kind != "reshare":
            return self._written(dice, hour, serial)._replace(kind=kind, parent=parent)
        return self._reshared(dice, hour, serial, parent)

    def _parent(self, serial: int) -> Draft | None:
        """The post with that number if it is an original one."""
        if serial < 0:
            return None
        self._parent_dice.restart(mixed(self._key, serial))
        if self._kind(self._parent_dice.random()) != "post":
            return None
        return self._written(self._parent_dice, self.timetable.hour(serial), serial)

    def _kind(self, luck: float) -> DraftKind:
        return next(kind for limit, kind in _KINDS[self.platform] if luck < limit)

    def _created(self, dice: Dice, hour: int, serial: int) -> datetime:
        numbers = self.timetable.serials(hour)
        # Within an hour posts are spread evenly, each moved at random inside its own stretch; the
        # last ten seconds stay free so that no server's clock carries one over the hour.
        part = (serial - numbers.start + dice.random()) / len(numbers)
        return self.timetable.start(hour) + timedelta(milliseconds=int(part * 3_590_000))

    def _reshared(self, dice: Dice, hour: int, serial: int, parent: Draft) -> Draft:
        """A reshare says what its original says, and its only number is the original's shares."""
        return parent._replace(
            serial=serial,
            created=self._created(dice, hour, serial),
            author=self.people.active(dice.random()),
            kind="reshare",
            text=f"RT @{parent.author.handle}: {parent.text}",
            media=None,
            reach=Reach(0, parent.reach.shares, 0, 0, 0, 0),
            lot=int(dice.random() * 1000),
            parent=parent,
        )

    def _written(self, dice: Dice, hour: int, serial: int) -> Draft:
        created = self._created(dice, hour, serial)
        topic = self.timetable.topic(hour, dice.random())
        luck = dice.random()
        author = self.people.ring(luck) if topic == "spam" else self.people.active(luck)
        brands = _brands(dice, topic)
        mood = pick_mood(topic, BRANDS[brands[0]], dice.random())
        language = author.language if dice.random() < 0.75 else "en"
        brands = brands if language == "en" else brands[:1]
        text, tags = compose(dice, topic, mood, language, brands)
        luck = dice.random()
        media = "photo" if luck < 0.22 else "video" if luck < 0.26 else None
        numbers_then = reach(dice, author.followers, topic)
        return Draft(
            self.platform,
            serial,
            created,
            author,
            "post",
            topic,
            brands,
            mood,
            language,
            text,
            tags,
            media,
            numbers_then,
            int(dice.random() * 1000),
            None,
        )


def _brands(dice: Dice, topic: Topic) -> tuple[int, ...]:
    if topic == "spam":
        return (2,)
    if topic != "daily":
        return (0,)
    luck, first = dice.random(), 0
    while first < len(BRANDS) - 1 and luck >= BRANDS[first].share:
        luck -= BRANDS[first].share
        first += 1
    if dice.random() >= 0.055:
        return (first,)
    return (first, (first + 1 + int(dice.random() * 2)) % len(BRANDS))
