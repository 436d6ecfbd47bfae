"""One post's words: a sentence pattern with its slots filled, and the hashtags behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from taglake.sample.campaign import BRANDS, Brand
from taglake.sample.dice import Dice
from taglake.sample.english import COMPARE, NEGATIVE, NEUTRAL, POSITIVE
from taglake.sample.english_events import CONTROVERSY, GIVEAWAY, LAUNCH, SPAM
from taglake.sample.languages import OTHER
from taglake.sample.rhythm import Topic

Mood = Literal["positive", "neutral", "negative"]
MOODS: tuple[Mood, ...] = ("positive", "neutral", "negative")
# What stands in a hashtag here: the sample's own tags, some of them with Hindi vowel signs.
TAG = re.compile(r"(?<![\w&])#([\w\u0900-\u097f]+)")

_DAILY: Mapping[str, tuple[str, ...]] = {
    "positive": POSITIVE,
    "neutral": NEUTRAL,
    "negative": NEGATIVE,
}
_ENGLISH: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "daily": _DAILY,
    "launch": LAUNCH,
    "giveaway": GIVEAWAY,
    "controversy": CONTROVERSY,
    "spam": {"positive": SPAM, "neutral": SPAM, "negative": SPAM},
}
# Part of an event's posts that are meant to be positive and not negative (the rest is neutral).
_EVENT_MOODS: Mapping[str, tuple[float, float]] = {
    "launch": (0.60, 0.34),
    "giveaway": (0.70, 0.28),
    "controversy": (0.05, 0.18),
    "spam": (0.0, 1.0),
}
_OUTINGS = (
    "a muddy ten miler",
    "the long run",
    "two days of walking",
    "a night hike",
    "hill repeats",
    "the school trail race",
    "a wet half marathon",
    "a slow lap with the dog",
    "the ridge traverse",
    "a slow five",
    "forty km of forest road",
    "my first ultra",
)
_PLACES = (
    "the quarry loop",
    "the coast path",
    "Tarn Hill",
    "the old railway",
    "the goat track",
    "Cinder Ridge",
    "the river bank",
    "the north face path",
    "the canal",
    "the pine forest",
    "the scree above the hut",
    "the pilgrim way",
    "our village fell",
)
_DAYS = ("today", "this morning", "tonight", "at lunch", "on Saturday", "yesterday", "at dawn")
_COLOURS = ("green", "orange", "slate", "yellow", "red", "violet", "sand")
_OPENINGS = ("Update: ", "Noted. ", "Note to self: ", "Day 3: ", "PSA: ", "So. ", "Field notes: ")
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "positive": (" 😍", "!", " 🙌", "!!", " ❤️", " 😊", " 👏", " 🥳"),
    "neutral": (" 👟", " 📷", " 🗺️", "…", ".", " 🌧️", " 🧦"),
    "negative": (" 😡", "!", " 👎", " 😤", "!!", " 🤦", " 😞"),
}
_GENERIC: Mapping[str, tuple[str, ...]] = {
    "en": (
        "running",
        "trailrunning",
        "hiking",
        "Outdoors",
        "RunChat",
        "mountains",
        "gear",
        "fells",
    ),
    "es": ("correr", "senderismo", "montaña", "running"),
    "de": ("laufen", "wandern", "Trailrunning", "Berge"),
    "fr": ("randonnée", "courseàpied", "trail", "running"),
    "pt": ("corrida", "trilha", "montanha", "running"),
    "hi": ("दौड़", "पहाड़", "running"),
    "ar": ("جري", "جبال", "running"),
    "ja": ("ランニング", "登山", "トレラン", "running"),
}


def pick_mood(topic: Topic, brand: Brand, luck: float) -> Mood:
    """What a post is meant to feel like, chosen by a number from 0 to 1."""
    positive, neutral = brand.moods[:2] if topic == "daily" else _EVENT_MOODS[topic]
    if luck < positive:
        return "positive"
    return "neutral" if luck < positive + neutral else "negative"


def compose(
    dice: Dice, topic: Topic, mood: Mood, language: str, brands: tuple[int, ...]
) -> tuple[str, tuple[str, ...]]:
    """A text and its hashtags as typed, each once.

    Args:
        dice: Where the choices come from.
        topic: What the post is about.
        mood: What it is meant to feel like.
        language: ``en`` or a key of ``OTHER``.
        brands: Numbers of the brand it is about and, for a comparison, of the other one.
    """
    brand = BRANDS[brands[0]]
    tags = [_typed(dice, brand)]
    if topic == "spam":
        return _spam(dice, brand)
    body = _english(dice, topic, mood, brands) if language == "en" else None
    body = body or _foreign(dice, mood, language, brand)
    if len(brands) > 1:
        tags.append(_typed(dice, BRANDS[brands[1]]))
    elif len(brand.typed) > 1 and dice.random() < 0.25:
        tags.append(brand.typed[1])
    for _ in range(int(dice.random() * 2.4)):
        tags.append(dice.pick(_GENERIC[language]))
    inline = TAG.findall(body) if "#" in body else []
    unique = {tag.lower(): tag for tag in (*tags, *inline)}
    behind = [f"#{tag}" for tag in unique.values() if tag not in inline]
    gap = "\n\n" if dice.random() < 0.1 else " "
    return f"{body}{gap}{' '.join(behind)}".rstrip(), tuple(unique.values())


def _english(dice: Dice, topic: Topic, mood: Mood, brands: tuple[int, ...]) -> str:
    brand = BRANDS[brands[0]]
    patterns = COMPARE[mood] if len(brands) > 1 else _ENGLISH[topic][mood]
    if topic == "launch" and len(brands) == 1 and dice.random() < 0.25:
        patterns = _DAILY[mood]
    shoe = brand.shoes[0] if topic != "daily" else dice.pick(brand.shoes)
    luck = dice.random()
    body = dice.pick(patterns).format(
        b=f"#{brand.typed[0]}" if luck < 0.2 else brand.name,
        o=BRANDS[brands[-1]].name,
        p=shoe,
        a=dice.pick(_OUTINGS),
        w=dice.pick(_PLACES),
        d=dice.pick(_DAYS),
        n=2 + int(dice.random() * 7),
        c=dice.pick(_COLOURS),
    )
    body = f"{body[0].upper()}{body[1:]}"
    if luck > 0.85:
        body = dice.pick(_OPENINGS) + body
    ending = dice.pick(_ENDINGS[mood]) if dice.random() < 0.4 else ""
    return body + ("" if ending == "." and body.endswith("?") else ending)


def _foreign(dice: Dice, mood: Mood, language: str, brand: Brand) -> str:
    pattern = dice.pick(OTHER[language][mood])
    body = pattern.format(b=brand.name, p=dice.pick(brand.shoes), n=2 + int(dice.random() * 7))
    return body + (dice.pick(_ENDINGS[mood]) if dice.random() < 0.3 else "")


def _spam(dice: Dice, brand: Brand) -> tuple[str, tuple[str, ...]]:
    body = SPAM[dice.random() < 0.3].format(b=brand.name, p=brand.shoes[0])
    return f"{body} #{brand.typed[0]} #running", (brand.typed[0], "running")


def _typed(dice: Dice, brand: Brand) -> str:
    tag = dice.pick(brand.typed)
    luck = dice.random()
    if luck < 0.2:
        return tag.lower()
    return tag.upper() if luck > 0.97 else tag
