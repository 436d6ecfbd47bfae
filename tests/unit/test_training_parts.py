"""The parts of the recipe: targets, calibration, made-up texts, figures."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from enrichment.training.corpus import ENGLISH, SENTIMENT, Item
from enrichment.training.distil import (
    LABEL_SHARE,
    Calibration,
    calibrated,
    figures,
    set_right,
    shares,
    student_examples,
    taught,
)
from enrichment.training.examples import examples_of, smoothed, vader_features
from enrichment.training.lexicon import lexicon_examples
from enrichment.training.network import Ensemble, Network, Shape
from enrichment.training.pieces import MAX_TOKENS, encoded, learn_pieces
from enrichment.training.schooling import habits_of
from enrichment.training.splicing import spliced

EVEN = np.array([1.0, 1.0, 1.0], dtype=np.float32) / 3
SMALL = Shape(vocabulary=50, width=8, filters=8, spans=(1, 2, 3), hidden=8, blocks=1, attention=1)


def test_figures_are_those_of_the_definitions() -> None:
    told = figures(np.array([0, 1, 1, 2, 2, 2]), np.array([0, 0, 1, 1, 2, 2]))

    assert told.accuracy == pytest.approx(4 / 6)
    assert told.macro_recall == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    assert told.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 4 / 5) / 3)
    assert str(told) == "macro-recall 66.7, macro-F1 65.6, accuracy 66.7"


def test_a_class_that_no_text_has_counts_nowhere() -> None:
    told = figures(np.array([0, 2]), np.array([0, 2]))

    assert told.macro_recall == 1.0
    assert told.macro_f1 == 1.0


def test_teachers_count_by_their_weight() -> None:
    sure = np.log(np.array([[0.8, 0.1, 0.1]], dtype=np.float32))
    other = np.log(np.array([[0.1, 0.1, 0.8]], dtype=np.float32))

    assert taught([(1.0, sure), (1.0, other)])[0] == pytest.approx([0.425, 0.15, 0.425], abs=1e-3)
    assert taught([(3.0, sure), (1.0, other)])[0].argmax() == 0


def test_a_student_learns_labels_and_teachers() -> None:
    items = [
        Item("lovely", 2, SENTIMENT, ENGLISH),
        Item("so they say", 1, "irony", "irony"),
    ]
    examples = examples_of(items).joined(lexicon_examples(most=1))
    teaching = np.array([[0.6, 0.2, 0.2], [0.1, 0.8, 0.1], EVEN], dtype=np.float32)
    habits = np.array([[0.2, 0.3, 0.5], EVEN, EVEN], dtype=np.float32)

    lesson = student_examples(examples, teaching, habits)

    own = LABEL_SHARE * smoothed([2])[0] + (1 - LABEL_SHARE) * teaching[0]
    assert lesson.targets[0] == pytest.approx(own)
    assert lesson.targets[1] == pytest.approx(teaching[1])
    assert lesson.weights.tolist() == pytest.approx([1.0, 0.7, 0.0])
    assert lesson.offsets[0] == pytest.approx(np.log([0.2, 0.3, 0.5]))


def test_calibration_helps_a_class_that_training_slighted() -> None:
    draw = np.random.default_rng(1)
    labels = draw.choice(3, 3000, p=[0.1, 0.5, 0.4])
    prior = np.array([0.1, 0.5, 0.4], dtype=np.float32)
    logits = np.eye(3)[labels] * 1.5 + draw.normal(size=(3000, 3)) + 0.8 * np.log(prior)
    found = (2.5 * logits).astype(np.float32)

    calibration = calibrated(found, labels, prior)

    before, after = (
        figures(one.argmax(axis=1), labels) for one in (found, calibration.applied(found))
    )
    assert calibration.tau > 0
    assert after.macro_recall > before.macro_recall
    assert calibration.temperature > 1
    told = shares(calibration.applied(found)).max(axis=1).mean()
    assert told == pytest.approx(after.accuracy, abs=0.08)


def test_a_calibration_can_be_put_into_a_network() -> None:
    torch.manual_seed(1)
    network = Network(SMALL, {SENTIMENT: 3}).eval()
    ids = torch.randint(0, 50, (4, 6))
    inputs = (ids, torch.ones_like(ids), torch.zeros(4, 4))
    calibration = Calibration(0.5, 1.6, (0.2, 0.3, 0.5))
    with torch.inference_mode():
        wanted = calibration.applied(network(*inputs).numpy())

    set_right(network, calibration)

    with torch.inference_mode():
        assert network(*inputs).numpy() == pytest.approx(wanted, abs=1e-5)


def test_padding_changes_nothing() -> None:
    torch.manual_seed(1)
    whole = Ensemble([Network(SMALL, {SENTIMENT: 3}), Network(SMALL, {SENTIMENT: 3})]).eval()
    ids = torch.randint(0, 50, (3, 5))
    mask = torch.ones_like(ids)
    vader = torch.rand(3, 4)
    wide = torch.nn.functional.pad(ids, (0, 4)), torch.nn.functional.pad(mask, (0, 4))

    with torch.inference_mode():
        assert whole(ids, mask, vader).numpy() == pytest.approx(
            whole(*wide, vader).numpy(), abs=1e-5
        )


def test_training_and_answering_compute_the_same() -> None:
    torch.manual_seed(1)
    still = Shape(
        vocabulary=50, width=8, filters=8, dropout=0.0, embedding_dropout=0.0, final_dropout=0.0
    )
    network = Network(still, {SENTIMENT: 3})
    ids = torch.randint(0, 50, (3, 5))
    inputs = (ids, torch.ones_like(ids), torch.rand(3, 4))

    taught_one = network.train()(*inputs).detach().numpy()

    assert taught_one == pytest.approx(network.eval()(*inputs).detach().numpy(), abs=1e-5)


def test_pieces_start_every_text_and_end_long_ones() -> None:
    tokenizer = learn_pieces(["a lovely day", "a lovely song", "what a day"] * 5, 60)

    empty, short, long = encoded(tokenizer, ["", "a lovely day", "day " * 500])

    assert len(empty) == 1
    assert short[0] == empty[0]
    assert len(short) == 4
    assert len(long) == MAX_TOKENS


def test_merges_are_left_out_only_when_asked() -> None:
    tokenizer = learn_pieces(["a lovely day"] * 9, 60)

    in_bits = encoded(tokenizer, ["a lovely day"], dropout=0.99)[0]

    assert len(in_bits) > len(encoded(tokenizer, ["a lovely day"])[0]) == 4


def test_vaders_features_are_the_librarys() -> None:
    found = vader_features(["I love it", ""])

    assert found.shape == (2, 4)
    assert found[0] == pytest.approx([0.677, 0.323, 0.0, 0.6369])
    assert not found[1].any()


def test_made_up_texts_are_of_one_language() -> None:
    items = [
        *(Item(f"one two three {n}", 0, SENTIMENT, ENGLISH) for n in range(9)),
        *(Item(f"irony is {n}", 0, "irony", "irony") for n in range(9)),
        *(Item(f"un deux trois {n}", 0, SENTIMENT, "french") for n in range(9)),
    ]

    made = spliced(items, 200, random.Random(1))

    assert len(made) == 200
    french = [item.text for item in made if item.source == "french"]
    assert len(french) == 5
    known = {word for item in items if item.source == "french" for word in item.text.split()}
    assert {word for text in french for word in text.split()} <= known
    assert not {"un", "deux", "trois"} & {
        word for item in made if item.source == ENGLISH for word in item.text.split()
    }


def test_habits_are_shares_of_each_source() -> None:
    items = [Item("x", 2, SENTIMENT, ENGLISH)] * 7 + [Item("x", 1, "irony", "irony")] * 50

    assert habits_of(items) == {ENGLISH: pytest.approx([0.1, 0.1, 0.8])}
