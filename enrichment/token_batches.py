"""Texts of many lengths → batches in which little is padding."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

# Processor time a text of an int8 model of roberta-base's architecture: 17.1 ms with 256 tokens,
# 18.0 with 512, 19.1 with 1,024, 22.0 with 2,048 (what a layer writes no longer fits the cache).
# Our own small model, whose batches cost more in Python: 0.36 ms with 256, 0.33 with 512, 0.32 with
# 1,024, on a machine that others used.
TOKENS = 512
ROWS = 64
# A GPU is fed by fewer, larger batches.
CUDA_TOKENS = 16_384
CUDA_ROWS = 512


# A batch costs about what so many more tokens would.
_COST_TOKENS = 12
_TRIES = 9
_STEP = 1.19
# With more batches for each core than this, how the last ones fall hardly matters.
_ENOUGH = 8


def token_batches(
    lengths: Sequence[int], *, tokens: int = TOKENS, rows: int = ROWS, parts: int = 1
) -> list[list[int]]:
    """Positions of texts, put together with others of their length.

    The longest come first: memory is at its largest at once, and what ends a call is short. Where
    several batches are worked on side by side, and there are few of them, they are made smaller if
    that ends the whole earlier: two cores with three equal batches would take as long as with four.

    Args:
        lengths: Tokens of each text, 1 or more.
        tokens: The most tokens a batch may hold, padding included; a text that is longer than that
            is a batch of its own.
        rows: The most texts a batch may hold.
        parts: How many batches are worked on side by side.

    Returns:
        Every position once.
    """
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    whole = _packed(order, lengths, tokens, rows)
    if parts == 1 or len(whole) > _ENOUGH * parts:
        return whole
    limits = {max(1, int(tokens / _STEP**number)) for number in range(1, _TRIES)}
    limits.add(max(1, min(tokens, -(-sum(lengths) // parts))))
    tried = [whole, *(_packed(order, lengths, limit, rows) for limit in sorted(limits))]
    return min(tried, key=lambda batches: _ends_at(batches, lengths, parts))


def _packed(
    order: Sequence[int], lengths: Sequence[int], tokens: int, rows: int
) -> list[list[int]]:
    """Batches of neighbours in ``order``, each as large as it may be."""
    batches: list[list[int]] = []
    batch: list[int] = []
    width = 0
    for place in order:
        if batch and (len(batch) >= rows or (len(batch) + 1) * width > tokens):
            batches.append(batch)
            batch = []
        if not batch:
            width = lengths[place]
        batch.append(place)
    if batch:
        batches.append(batch)
    return batches


def _ends_at(batches: Sequence[Sequence[int]], lengths: Sequence[int], parts: int) -> int:
    """When the last batch ends, in tokens, if whoever is free takes the next."""
    free_at = [0] * parts
    for batch in batches:
        took = len(batch) * lengths[batch[0]] + _COST_TOKENS
        heapq.heapreplace(free_at, free_at[0] + took)
    return max(free_at)
