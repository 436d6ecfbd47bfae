"""What a model is judged by, it never learnt from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.held_back import LEAST, LEAST_OF_A_CLASS, SHARE, held_back_of, is_held_back, split
from enrichment.label_schemes import LABELS
from enrichment.labelled import Labelled
from lake.errors import InvalidError


def _texts(count: int, label: str = "") -> list[Labelled]:
    return [Labelled(f"text {n}", label or LABELS[n % 3]) for n in range(count)]  # type: ignore[arg-type]


def test_every_text_is_in_one_part_and_a_fifth_is_held_back() -> None:
    texts = _texts(5_000)

    parts = split(texts)

    assert sorted((*parts.learnt, *parts.held_back), key=texts.index) == texts
    assert len(parts.held_back) / len(texts) == pytest.approx(SHARE, abs=0.03)


def test_a_text_stays_in_its_part_when_others_come() -> None:
    few, many = split(_texts(300)), split(_texts(3_000))

    assert set(few.held_back) <= set(many.held_back)
    assert set(few.learnt) <= set(many.learnt)


@given(st.text())
def test_blanks_and_case_do_not_move_a_text(text: str) -> None:
    ascii_text = "".join(sign for sign in text if sign.isascii())

    assert is_held_back(ascii_text) == is_held_back(f"  {ascii_text.upper()}\n")


def test_too_few_labels_are_refused_with_the_number_needed() -> None:
    with pytest.raises(InvalidError, match=f"199 labelled texts are too few .* {LEAST} are needed"):
        split(_texts(LEAST - 1))


def test_a_class_with_too_few_held_back_texts_is_named() -> None:
    texts = [*_texts(400, "positive"), *_texts(400, "neutral"), Labelled("text 1", "negative")]

    with pytest.raises(InvalidError, match=rf"\d negative are among them; {LEAST_OF_A_CLASS} of"):
        split(texts)


def test_what_is_held_back_is_what_the_split_holds_back() -> None:
    texts = _texts(300)

    assert held_back_of(texts) == list(split(texts).held_back)
    with pytest.raises(InvalidError, match="none of the 0 labelled texts"):
        held_back_of([])
