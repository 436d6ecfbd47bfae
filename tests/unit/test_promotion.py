"""The champion moves to a better model only, and every refusal says why."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from enrichment.evaluation_figures import Comparison
from enrichment.label_schemes import LABELS
from enrichment.promotion import Contender, Verdict, decide
from lake.model_record import Measured

AT = datetime(2026, 11, 21, tzinfo=UTC)
MEASURED = Measured("d1", "val.tsv", 2_000, 0.7, 0.7, 0.7, AT)
CHAMPION = Contender("old", frozenset(LABELS), MEASURED)
SUPPORT = {"negative": 300, "neutral": 900, "positive": 800}
CLEAR = Comparison(2_000, 90, 50, 0.001, 0.02, 0.01, 0.03)
ROUGH = Comparison(2_000, 90, 80, 0.3, 0.02, -0.01, 0.05)


def _challenger(macro_f1: float) -> Contender:
    return Contender("new", frozenset(LABELS), replace(MEASURED, macro_f1=macro_f1))


def _decided(
    challenger: Contender, support: dict[str, int] | None = None, paired: Comparison = CLEAR
) -> Verdict:
    return decide(challenger, CHAMPION, SUPPORT if support is None else support, paired)


def test_a_better_model_moves_and_both_figures_are_told() -> None:
    verdict = _decided(_challenger(0.72))

    assert (verdict.moves, verdict.warnings) == (True, ())
    for part in ("0.7200", "0.7000", "2,000 texts of val.tsv", "+0.0100 to +0.0300", "p 0.001"):
        assert part in verdict.why


@pytest.mark.parametrize(
    ("macro_f1", "word"), [(0.7, "equal:"), (0.6999, "not better:"), (math.nan, "not better:")]
)
def test_an_equal_or_worse_model_is_refused_but_may_be_forced(macro_f1: float, word: str) -> None:
    verdict = _decided(_challenger(macro_f1))

    assert (verdict.moves, verdict.forcible) == (False, True)
    assert verdict.why.startswith(word)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("support", [0, None])
def test_texts_that_lack_a_class_cannot_tell(label: str, support: int | None) -> None:
    counts = {name: n for name, n in SUPPORT.items() if name != label}
    if support is not None:
        counts[label] = support

    verdict = _decided(_challenger(0.9), counts)

    assert (verdict.moves, verdict.forcible) == (False, True)
    assert f"val.tsv holds no text that is {label}" in verdict.why


def test_a_model_that_never_says_a_class_of_the_champions_is_refused() -> None:
    two = replace(_challenger(0.9), classes=frozenset({"negative", "positive"}))

    verdict = _decided(two)
    other_way = decide(_challenger(0.9), replace(CHAMPION, classes=two.classes), SUPPORT, CLEAR)

    assert not verdict.moves
    assert "it never says neutral" in verdict.why
    assert other_way.moves


def test_figures_of_other_texts_are_no_comparison() -> None:
    other = replace(_challenger(0.9), figures=replace(MEASURED, data_digest="d2", macro_f1=0.9))

    verdict = _decided(other)

    assert (verdict.moves, verdict.forcible) == (False, False)
    assert "not measured on the same texts" in verdict.why


def test_the_champion_is_not_promoted_again() -> None:
    verdict = _decided(CHAMPION)

    assert (verdict.moves, verdict.forcible) == (False, False)


def test_chance_and_few_texts_are_said() -> None:
    verdict = _decided(_challenger(0.72), SUPPORT | {"negative": 29}, ROUGH)

    assert verdict.moves
    few, chance = verdict.warnings
    assert few == "only 29 texts are negative: the figures are rough"
    assert "may be chance" in chance
