"""Made-up texts from parts of posts: students learn what the teachers say of more than there is.

Three in five are the first part of one post and the last part of another of the same language,
the rest are the middle of one post.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from enrichment.training.corpus import ENGLISH, SENTIMENT, Item

_OF_TWO = 0.6
_FOREIGN_SHARE = 0.025


def spliced(items: Sequence[Item], count: int, draw: random.Random) -> list[Item]:
    """About ``count`` made-up texts; their label means nothing.

    Args:
        items: Posts to take parts of. Those of auxiliary tasks are in English.
        count: How many; a fortieth for each language but English, the rest English.
        draw: Of everything random.
    """
    pools: dict[str, list[str]] = {ENGLISH: []}
    for item in items:
        foreign = item.task == SENTIMENT and item.source not in (ENGLISH, "english")
        pools.setdefault(item.source if foreign else ENGLISH, []).append(item.text)
    each = int(count * _FOREIGN_SHARE)
    wanted = {source: each for source in pools if source != ENGLISH}
    wanted[ENGLISH] = max(0, count - sum(wanted.values()))
    return [
        Item(_made(pools[source], draw), 0, SENTIMENT, source)
        for source, number in wanted.items()
        for _ in range(number)
    ]


def _made(pool: Sequence[str], draw: random.Random) -> str:
    """A text from parts of one or two."""
    one, two = draw.choice(pool).split(), draw.choice(pool).split()
    if draw.random() < _OF_TWO:
        parts = _part(one, 0.0, draw.uniform(0.35, 0.65)) + _part(
            two, draw.uniform(0.35, 0.65), 1.0
        )
        return " ".join(parts)
    start = draw.uniform(0.0, 0.5)
    return " ".join(_part(one, start, start + draw.uniform(0.4, 0.5)))


def _part(words: list[str], start: float, end: float) -> list[str]:
    """The words from one share of a text to another; at least one where there is one."""
    first = int(len(words) * start)
    return words[first : max(first + 1, int(len(words) * end))]
