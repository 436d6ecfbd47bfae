"""The people who post in the sample: each is a pure function of platform and number."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from taglake.sample.campaign import BRANDS
from taglake.sample.dice import Dice, mixed

PLATFORMS = ("mastodon", "x", "bluesky")
# Of the posts and of the authors; X has the most, as in most exports of such campaigns.
POST_SHARES = {"mastodon": 0.25, "x": 0.45, "bluesky": 0.30}
_AUTHORS = {"mastodon": 245, "x": 445, "bluesky": 285}
_AUTHORS_AT_POSTS = 6000
# How fast activity falls with an author's rank: P(rank) ~ 1 / (rank + _FLATNESS), Zipf's law with
# a flattened head (Mandelbrot).
_FLATNESS = 25.0
RING = 12
OFFICIAL = len(BRANDS)
INFLUENCER = OFFICIAL
_FIRST_RING = INFLUENCER + 1
_FIRST_PERSON = _FIRST_RING + RING
_HOSTS = ("", "", "", "hills.example", "runners.example", "toots.example", "alpen.example")
_LAST_JOINED = datetime(2022, 1, 1, tzinfo=UTC)

# fmt: off
_WORDS = (
    "moss", "fern", "ridge", "tarn", "beck", "gale", "pine", "rook", "wren", "otter", "marl",
    "flint", "heath", "brook", "cairn", "dale", "elder", "gorse", "hazel", "larch", "birch",
    "heron", "finch", "lynx", "stoat", "badger", "pebble", "slate", "amber", "rowan", "sedge",
    "thorn",
)
# fmt: on
# fmt: off
_NOUNS = (
    "boots", "hiker", "runs", "trails", "steps", "walks", "miles", "feet", "path", "laps",
    "hills", "peak", "loop", "sole", "pace", "camp",
)
# fmt: on
_NAMES = {
    "en": (
        (
            "Amelia",
            "Jonas",
            "Priya",
            "Callum",
            "Ruth",
            "Theo",
            "Maeve",
            "Oscar",
            "Wanjiru",
            "Eli",
            "Freya",
            "Declan",
            "Ines",
            "Marcus",
            "Tilda",
            "Kofi",
            "Sanna",
            "Bram",
            "Nadia",
            "Hugo",
            "Isla",
            "Piet",
            "Zadie",
            "Rowan",
            "Anya",
            "Felix",
            "Greta",
            "Idris",
            "Lotte",
            "Owen",
        ),
        (
            "Barrow",
            "Okafor",
            "Lindqvist",
            "Penhale",
            "Stride",
            "Marlowe",
            "Quill",
            "Tran",
            "Ashdown",
            "Bellweather",
            "Castellan",
            "Dunmore",
            "Eastwick",
            "Farrow",
            "Greaves",
            "Holloway",
            "Iversen",
            "Jessop",
            "Kimani",
            "Larkspur",
            "Moorcroft",
            "Nakagawa",
            "Oakes",
            "Pryce",
            "Rainier",
            "Sorensen",
            "Tamsin",
            "Underhill",
            "Vickery",
            "Westlake",
        ),
    ),
    "es": (("Lucía", "Mateo", "Ximena", "Íñigo", "Sofía"), ("Ibáñez", "Quiroga", "Peña", "Solís")),
    "de": (("Jürgen", "Käthe", "Mareike", "Götz", "Anneliese"), ("Groß", "Müller", "Vögele")),
    "fr": (("Éloïse", "Rémi", "Noémie", "François", "Maëlys"), ("Lefèvre", "Gauthier", "Benoît")),
    "pt": (("João", "Inês", "Conceição", "Caetano", "Luana"), ("Araújo", "Simões", "Brandão")),
    "hi": (("प्रिया", "आरव", "दीपिका", "रोहन", "मीरा"), ("शर्मा", "वर्मा", "जोशी", "नायर")),
    "ar": (("ليلى", "يوسف", "مريم", "كريم", "هدى"), ("الحداد", "منصور", "الزهراني")),
    "ja": (("健太", "さくら", "陽子", "大輔", "美咲"), ("田中", "小林", "山本", "森")),
}
_EXTRAS = ("🏔️", "🏃‍♀️", "🥾", "✨", "(she/her)", "| trail dad", "🇵🇹", "🐐", "🌲🌲", "👟", "☕")
_BIOS = (
    "Runs far, naps often.",
    "Weekend walker. Maps & tea.",
    "Mud, mostly.",
    "Physio by day, fells by night <3",
    "Opinions are my dog's.",
    "",
)
_LANGUAGES = ("es", "de", "fr", "pt", "hi", "ar", "ja")


class Person(NamedTuple):
    """One account.

    Args:
        number: Which of its platform's accounts it is, from 0.
        handle: Without ``@`` and without a server.
        host: The account's server on Mastodon; "" where it is the one that is polled.
        name: The display name.
        language: What it writes in: ``en`` or the key of another language.
        followers: Accounts that follow it.
        verified: Whether the platform shows it as verified.
        bio: What it says about itself.
        joined: When the account was opened, as payloads write it: ``2021-02-03T04:05:06.000Z``.
        following: Accounts that it follows.
        posts: Posts it has ever made.
    """

    number: int
    handle: str
    host: str
    name: str
    language: str
    followers: int
    verified: bool
    bio: str
    joined: str
    following: int
    posts: int


class People:
    """The accounts of one platform.

    Args:
        seed: The sample's seed.
        platform: One of ``PLATFORMS``.
        posts: How many posts the whole sample has; more posts have more authors, but each of
            them posts more as well.
    """

    def __init__(self, seed: int, platform: str, posts: int) -> None:
        self._key = mixed(seed, PLATFORMS.index(platform), 1)
        self._platform = platform
        grown = (max(posts, 600) / _AUTHORS_AT_POSTS) ** 0.7
        self._count = max(30, round(_AUTHORS[platform] * grown))
        self._span = math.log1p(self._count / _FLATNESS)
        self._dice = Dice(0)
        # Bounded: at a million posts the population has tens of thousands of accounts.
        self.get = lru_cache(maxsize=8192)(self._make)

    def active(self, luck: float) -> Person:
        """Whom a number from 0 to 1 chooses, the active ones more often."""
        rank = int(_FLATNESS * math.expm1(luck * self._span))
        return self.get(_FIRST_PERSON + min(rank, self._count - 1))

    def ring(self, luck: float) -> Person:
        """One of the accounts that post the same text again and again."""
        return self.get(_FIRST_RING + int(luck * RING))

    def _make(self, number: int) -> Person:
        if number < OFFICIAL:
            return self._official(number)
        dice = self._dice
        dice.restart(mixed(self._key, number))
        language = "en" if dice.random() < 0.76 else dice.pick(_LANGUAGES)
        given, family = _NAMES[language]
        name = f"{dice.pick(given)} {dice.pick(family)}"
        if dice.random() < 0.25:
            name = f"{name} {dice.pick(_EXTRAS)}"
        handle = f"{dice.pick(_WORDS)}{dice.pick(_NOUNS)}{number}"
        followers = min(int(dice.lognormvariate(5.9, 1.5)), 250_000)
        bio = dice.pick(_BIOS)
        if number == INFLUENCER:
            language, name, handle, followers = "en", "Juniper Vane 🏔️", "junipervane", 412_000
        elif number < _FIRST_PERSON:
            language, name, followers, bio = "en", "Step Deals", int(dice.random() * 30) + 3, ""
        return Person(
            number=number,
            handle=handle,
            host=dice.pick(_HOSTS) if self._platform == "mastodon" else "",
            name=name,
            language=language,
            followers=followers,
            verified=number == INFLUENCER or dice.random() < 0.03,
            bio=bio,
            joined=_joined(int(dice.random() * 3000), number),
            following=int(dice.lognormvariate(5.5, 1.0)),
            posts=int(dice.lognormvariate(6.5, 1.3)) + 1,
        )

    def _official(self, number: int) -> Person:
        brand = BRANDS[number]
        return Person(
            number=number,
            handle=brand.name.lower(),
            host="",
            name=brand.name,
            language="en",
            followers=(48_000, 61_000, 19_500)[number],
            verified=True,
            bio=f"The official account of {brand.name}. Invented for a demonstration.",
            joined=_joined(2500 + number, 0),
            following=120 + number,
            posts=5200 - 700 * number,
        )


def _joined(days: int, seconds: int) -> str:
    opened = _LAST_JOINED - timedelta(days=days, seconds=seconds)
    return opened.strftime("%Y-%m-%dT%H:%M:%S.000Z")
