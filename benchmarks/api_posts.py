"""A lake to ask: post documents of several campaigns, some large and some small.

The k-th campaign's hashtag is on 1/k as many posts as the first one's, authors are as uneven, and
each tenth post names a second brand. The same numbers always give the same documents.
"""

from __future__ import annotations

import math
import random
import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from lake.documents import Document, Origin, post_document, post_observation
from lake.layout import Layout
from lake.records import Author, Post

PREFIX = "bench-"
START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 6, 1, tzinfo=UTC)
PLATFORMS = ("x", "mastodon", "bluesky", "youtube", "tiktok")
_WORDS = re.findall(
    r"\w+",
    "trail run morning hill light shoe grip mud rain summit lace pair review honest comfy heavy "
    "worth price blister love hate return size fits perfect awful great sale launch team photo",
)
_KINDS = ("post", "reshare", "quote", "reply", "comment")
_KIND_WEIGHTS = (68, 12, 8, 10, 2)
_LABELS = ("positive", "neutral", "negative", "unsure")
_OBSERVED_SHARE = 0.05
_OBSERVED_AFTER_H = (1, 6, 24, 72)


@dataclass(frozen=True, slots=True)
class World:
    """How much there is.

    Args:
        posts: All posts.
        authors: Accounts that could have written them.
        campaigns: Campaigns, each with a hashtag of its own.
    """

    posts: int
    authors: int
    campaigns: int

    def tags(self) -> list[str]:
        """The campaigns' hashtags, the largest first."""
        return [f"brand{number}" for number in range(1, self.campaigns + 1)]

    def spec(self, number: int) -> dict[str, Any]:
        """A campaign as it is registered; the next two are its competitors."""
        tags = self.tags()
        rivals = [tags[(number + step) % len(tags)] for step in (1, 2)]
        return {
            "name": f"Brand {number + 1}",
            "hashtags": [tags[number]],
            "competitors": [
                {"name": f"Rival {tag}", "hashtags": [tag]}
                for tag in dict.fromkeys(rivals)
                if tag != tags[number]
            ],
            "from": START.isoformat(),
            "to": END.isoformat(),
        }


class _Dice:
    """Random numbers of the world's shapes."""

    def __init__(self, world: World, seed: int) -> None:
        self.rng = random.Random(seed)
        self.world = world
        self._tags = world.tags()
        self._tag_weights = list(accumulate(1 / rank for rank in range(1, len(self._tags) + 1)))

    def tag(self) -> str:
        return self._tags[bisect(self._tag_weights, self.rng.random() * self._tag_weights[-1])]

    def count(self, typical: float) -> int:
        """A number that is mostly small and seldom huge."""
        return int(self.rng.lognormvariate(math.log(typical), 1.3))

    def author(self) -> int:
        # Half of all posts come from a sixth of the accounts.
        return int(self.world.authors * self.rng.random() ** 2.5)


def documents(world: World, prefix: str, seed: int = 7) -> Iterator[Document]:
    """The posts, and the observations of some of them."""
    layout, dice = Layout(prefix), _Dice(world, seed)
    texts = [" ".join(dice.rng.choices(_WORDS, k=dice.rng.randint(8, 30))) for _ in range(5_000)]
    span_s = int((END - START).total_seconds())
    for number in range(world.posts):
        created_at = START + timedelta(seconds=dice.rng.randrange(span_s))
        post = _post(dice, number, created_at, dice.rng.choice(texts))
        document = post_document(layout, post, Origin("run", f"{post.platform}:hashtag:all"))
        _score(dice, document)
        yield document
        if dice.rng.random() < _OBSERVED_SHARE:
            yield from _observations(layout, document, created_at)


def _post(dice: _Dice, number: int, created_at: datetime, text: str) -> Post:
    rng, author = dice.rng, dice.author()
    platform = PLATFORMS[author % len(PLATFORMS)]
    tags = [dice.tag()]
    if rng.random() < 0.1 and (second := dice.tag()) not in tags:
        tags.append(second)
    tags.append(f"topic{rng.randrange(200)}")
    # The same account always has about as many followers; some a hundred, some a million.
    followers = int(50 * 1.9 ** (hash((author, 1)) % 16)) + number % 7
    metrics = {
        name: dice.count(typical)
        for name, typical in (("likes", 12), ("comments", 2), ("shares", 3), ("views", 400))
        if rng.random() < 0.9
    }
    return Post(
        platform=platform,
        kind=rng.choices(_KINDS, _KIND_WEIGHTS)[0],  # type: ignore[arg-type]
        native_id=f"18{number:016}",
        created_at=created_at,
        observed_at=created_at + timedelta(days=2, seconds=number % 1_000),
        text=f"{text} #{' #'.join(tags)}",
        author=Author(str(author), f"user{author}", f"User {author}", followers, False),
        url=f"https://example.org/{platform}/{number}",
        language="en",
        hashtags=tuple(tags),
        mentions=(f"user{rng.randrange(100)}",),
        media=("photo",),
        metrics=metrics,
    )


def _score(dice: _Dice, document: Document) -> None:
    if dice.rng.random() < 0.1:
        return
    score = round(dice.rng.uniform(-1, 1), 3)
    label = dice.rng.choices(_LABELS, (35, 40, 15, 10))[0]
    document.source |= {
        "lang": {"platform": "en", "detected": "en", "confidence": 0.98},
        "enrich": {"state": "done"},
        "sentiment": {"label": label, "score": score, "model": "bench-1"},
    }


def _observations(layout: Layout, document: Document, created_at: datetime) -> Iterator[Document]:
    final = document.source.get("metrics", {})
    for step, hours in enumerate(_OBSERVED_AFTER_H, start=1):
        part = step / len(_OBSERVED_AFTER_H)
        numbers = {name: int(value * part) for name, value in final.items()}
        engagement = document.source.get("engagement")
        seen = {
            "metrics_at": (created_at + timedelta(hours=hours)).isoformat(),
            "metrics": numbers,
        }
        if engagement:
            seen["engagement"] = engagement | {"value": int(engagement["value"] * part)}
        found = post_observation(
            layout, Document(document.index, document.id, document.source | seen)
        )
        if found is not None:
            yield found
