"""Batches: every text once, none too large, little padding."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from enrichment.token_batches import token_batches

LENGTHS = st.lists(st.integers(1, 300), max_size=300)


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 600), st.integers(1, 40), st.integers(1, 8))
def test_every_position_once_and_no_batch_too_large(
    lengths: list[int], tokens: int, rows: int, parts: int
) -> None:
    found = token_batches(lengths, tokens=tokens, rows=rows, parts=parts)

    assert sorted(place for batch in found for place in batch) == list(range(len(lengths)))
    for batch in found:
        assert 0 < len(batch) <= rows
        width = max(lengths[place] for place in batch)
        assert len(batch) == 1 or len(batch) * width <= tokens


@settings(deadline=None)
@given(LENGTHS)
def test_the_longest_come_first(lengths: list[int]) -> None:
    found = token_batches(lengths, tokens=500, rows=16)

    in_order = [lengths[place] for batch in found for place in batch]
    assert in_order == sorted(lengths, reverse=True)


def test_a_small_call_keeps_every_core_busy() -> None:
    assert len(token_batches([30] * 20, parts=2)) == 2
    assert len(token_batches([50] * 30, tokens=512, parts=2)) % 2 == 0
    assert len(token_batches([200, 200, 200, 200], parts=4)) == 4


@settings(deadline=None)
@given(st.lists(st.integers(5, 120), min_size=40, max_size=120), st.integers(2, 4))
def test_cores_end_at_about_the_same_time(lengths: list[int], parts: int) -> None:
    free_at = [0] * parts
    for batch in token_batches(lengths, parts=parts):
        now = free_at.index(min(free_at))
        free_at[now] += len(batch) * max(lengths[place] for place in batch)

    assert max(free_at) < 1.7 * sum(lengths) / parts


def test_texts_of_mixed_lengths_are_little_padding() -> None:
    lengths = [n * 37 % 120 + 3 for n in range(2_000)]

    found = token_batches(lengths, tokens=2_048, rows=128)

    filled = sum(len(batch) * max(lengths[place] for place in batch) for batch in found)
    assert filled < 1.05 * sum(lengths)
