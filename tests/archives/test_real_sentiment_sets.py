"""Labelled sets that others published: read whole, and VADER's known figure on one of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from enrichment.evaluation import evaluate
from enrichment.labelled import LABELS, read_labelled
from enrichment.vader import Vader
from lake.errors import InvalidError

SETS = Path(__file__).resolve().parents[2] / "../shared/datasets/sentiment"


def lines_of(path: Path) -> list[str]:
    return path.read_bytes().decode().removesuffix("\n").split("\n")


@pytest.mark.parametrize(
    ("name", "rows"), [("tweeteval_train.tsv", 45_575), ("tweeteval_val.tsv", 2_000)]
)
def test_tweeteval_is_read_line_by_line(name: str, rows: int):
    found = read_labelled(SETS / name)

    written = [line.split("\t") for line in lines_of(SETS / name)]
    assert len(found) == rows
    assert [[str(LABELS.index(each.label)), each.text] for each in found] == written


@pytest.mark.parametrize("language", ["all", "arabic", "german", "hindi", "portuguese"])
@pytest.mark.parametrize("part", ["train", "val"])
def test_umsabs_texts_are_read_with_the_labels_beside_them(language: str, part: str):
    folder = SETS / "umsab" / language

    found = read_labelled(folder / f"{part}_text.txt")

    assert [each.text for each in found] == lines_of(folder / f"{part}_text.txt")
    assert len({*Counter(each.label for each in found).values()}) == 1  # UMSAB is balanced


def test_a_set_of_two_classes_is_not_guessed_at():
    path = SETS / "aux/hate/val_text.txt"

    with pytest.raises(InvalidError, match="'0', '1' may mean different things"):
        read_labelled(path)
    assert len(read_labelled(path, labels={"0": "neutral", "1": "negative"})) == 1_000


def test_vader_gets_its_known_macro_recall_on_tweeteval():
    found = evaluate(Vader(), read_labelled(SETS / "tweeteval_val.tsv"))

    assert found.macro_recall == pytest.approx(0.598, abs=0.0005)
    assert [one.support for one in found.figures.classes.values()] == [312, 869, 819]
    low, high = found.intervals.macro_recall
    assert low < 0.598 < high
