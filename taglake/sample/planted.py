"""The few posts that are written by hand: announcements, the viral one, hostile ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from taglake.sample.campaign import BRANDS, Calendar, calendar
from taglake.sample.compose import TAG, Mood
from taglake.sample.drafts import Draft
from taglake.sample.english_events import ANNOUNCEMENTS, HOSTILE, VIRAL
from taglake.sample.people import INFLUENCER, PLATFORMS, People
from taglake.sample.reach import Reach
from taglake.sample.rhythm import Topic

PLANTED = 1 << 40  # their numbers start here, far above every other post's
_VIRAL_AUTHOR = 57
_HOSTILE_AUTHOR = 90
_VIRAL_REACH = Reach(48_200, 11_900, 2_340, 1_870, 5_200, 2_950_000)
_QUIET = Reach(1, 0, 0, 0, 0, 60)
_HUNDREDS = Reach(1_240, 420, 260, 48, 90, 96_000)
COUNT = len(PLATFORMS) + 3 + len(HOSTILE)


class Planted:
    """One platform's hand-written posts.

    Args:
        end: The sample's end.
        people: The platform's accounts.
        platform: One of ``PLATFORMS``.
    """

    def __init__(self, end: datetime, people: People, platform: str) -> None:
        self._people, self._platform = people, platform
        self._calendar = calendar(end)
        self.drafts = self._all(self._calendar)
        self._hours: dict[int, list[Draft]] = {}
        for draft in self.drafts:
            hour = (draft.created - self._calendar.start) // timedelta(hours=1)
            self._hours.setdefault(hour, []).append(draft)

    def hour(self, hour: int) -> list[Draft]:
        """The posts of one hour of the sample."""
        return self._hours.get(hour, [])

    def _all(self, dates: Calendar) -> tuple[Draft, ...]:
        found = [self._draft(0, dates.launch, 0, "launch", "neutral", ANNOUNCEMENTS["launch"])]
        found[0] = found[0]._replace(reach=_HUNDREDS)
        if self._platform == "x":
            found += self._on_x(dates)
        for number, text in enumerate(HOSTILE):
            if PLATFORMS[number % len(PLATFORMS)] == self._platform:
                moment = dates.start + timedelta(hours=50 + 83 * number)
                author = _HOSTILE_AUTHOR + number
                found.append(self._draft(10 + number, moment, author, "daily", "neutral", text))
        return tuple(found)

    def _on_x(self, dates: Calendar) -> list[Draft]:
        viral = self._draft(1, dates.viral, _VIRAL_AUTHOR, "daily", "positive", VIRAL)
        viral = viral._replace(reach=_VIRAL_REACH, media="photo")
        text = ANNOUNCEMENTS["giveaway"]
        gift = self._draft(2, dates.giveaway, INFLUENCER, "giveaway", "positive", text)
        text, start = ANNOUNCEMENTS["controversy"], dates.controversy[0]
        fall = self._draft(3, start, _VIRAL_AUTHOR + 1, "controversy", "negative", text)
        return [viral, gift._replace(reach=_HUNDREDS), fall._replace(reach=_HUNDREDS)]

    def _draft(
        self, number: int, hour: datetime, author: int, topic: Topic, mood: Mood, text: str
    ) -> Draft:
        tags = tuple(dict.fromkeys(TAG.findall(text)))
        names = {tag.lower() for tag in tags}
        return Draft(
            platform=self._platform,
            serial=PLANTED + number,
            created=hour + timedelta(seconds=61 * (number + 1), milliseconds=137),
            author=self._people.get(author),
            kind="post",
            topic=topic,
            brands=tuple(n for n, brand in enumerate(BRANDS) if names.intersection(brand.tags)),
            mood=mood,
            language="en",
            text=text,
            tags=tags,
            media=None,
            reach=_QUIET,
            lot=999 - number,
            parent=None,
        )
