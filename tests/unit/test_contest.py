"""Champion against challenger, with real models in real folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from enrichment.contest import Contest, hold
from enrichment.labelled import Labelled
from lake.config import EnrichmentConfig
from lake.errors import ConfigError, InvalidError
from tests.fakes.bag_models import GOOD, bag_model

TEXTS = [Labelled(f"{word} {n}", label) for word, label in GOOD.items() for n in range(40)]
WORSE = GOOD | {"lovely": "neutral"}


@pytest.fixture
def settings(tmp_path: Path) -> EnrichmentConfig:
    bag_model(tmp_path / "good", GOOD)
    bag_model(tmp_path / "worse", WORSE)
    bag_model(tmp_path / "two", {"bad": "negative", "lovely": "positive"}, ("negative", "positive"))
    return EnrichmentConfig(models_dir=tmp_path, threads=1)


def _held(
    settings: EnrichmentConfig, challenger: str, champion: str, texts: list[Labelled] = TEXTS
) -> Contest:
    return hold(challenger, champion, texts, "a.csv", settings)


def test_a_better_challenger_wins(settings: EnrichmentConfig) -> None:
    done: list[int] = []

    contest = hold("good", "worse", TEXTS, "a.csv", settings, done.append)

    assert contest.verdict.moves
    assert contest.verdict.warnings == ()
    (name, mine), (other, its) = contest.measured
    assert (name, mine.macro_f1, mine.n, mine.data_name) == ("good", 1.0, 120, "a.csv")
    assert (other, its.data_digest) == ("worse", mine.data_digest)
    assert its.macro_f1 == pytest.approx(5 / 9)
    assert contest.comparison.p < 0.001
    assert done[-1] == 240


@pytest.mark.parametrize(
    ("challenger", "champion", "word"),
    [("worse", "good", "not better:"), ("good", "again", "equal:")],
)
def test_a_worse_or_equal_challenger_loses(
    settings: EnrichmentConfig, challenger: str, champion: str, word: str
) -> None:
    bag_model(settings.models_dir / "again", GOOD, sure=5.0)

    verdict = _held(settings, challenger, champion).verdict

    assert not verdict.moves
    assert verdict.why.startswith(word)


def test_texts_without_a_class_decide_nothing(settings: EnrichmentConfig) -> None:
    texts = [one for one in TEXTS if one.label != "neutral"]

    verdict = _held(settings, "good", "worse", texts).verdict

    assert not verdict.moves
    assert "holds no text that is neutral" in verdict.why


def test_a_model_with_other_labels_loses_to_one_that_knows_more(
    settings: EnrichmentConfig,
) -> None:
    verdict = _held(settings, "two", "worse").verdict

    assert not verdict.moves
    assert "it never says neutral" in verdict.why


def test_vader_may_take_part(settings: EnrichmentConfig) -> None:
    contest = _held(settings, "good", "vader")

    assert contest.verdict.why.startswith("equal: macro-F1 1.0000 of good")
    assert contest.champion.calibration is None


def test_a_broken_challenger_is_told(settings: EnrichmentConfig) -> None:
    (settings.models_dir / "good/model.onnx").write_bytes(b"garbage")

    with pytest.raises(ConfigError, match=r"model\.onnx"):
        _held(settings, "good", "worse")


def test_a_broken_champion_cannot_be_compared_with(settings: EnrichmentConfig) -> None:
    (settings.models_dir / "worse/model.onnx").write_bytes(b"garbage")

    with pytest.raises(InvalidError, match="the champion worse cannot be measured"):
        _held(settings, "good", "worse")
