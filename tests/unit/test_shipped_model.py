"""The model that is shipped: small enough, whole, and right about what anybody can tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from enrichment.model_places import SHIPPED_DIR, SHIPPED_MODEL
from enrichment.onnx import OnnxModel
from enrichment.sentiment import Sentiment

FOLDER = SHIPPED_DIR / SHIPPED_MODEL
MOST_BYTES = 8_000_000


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel(FOLDER, device="cpu", remembered=0)


def _likeliest(found: Sentiment) -> str:
    shares = (found.p_neg, found.p_neu, found.p_pos)
    return max(zip(shares, ("negative", "neutral", "positive"), strict=True))[1]


def test_the_folder_is_whole_and_small() -> None:
    names = {path.name for path in FOLDER.iterdir()}

    assert names == {
        "README.md",
        "config.json",
        "model.onnx",
        "taglake.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= MOST_BYTES


def test_the_card_shows_the_manifests_figures() -> None:
    manifest = json.loads((FOLDER / "taglake.json").read_text(encoding="utf-8"))
    card = (FOLDER / "README.md").read_text(encoding="utf-8")

    for source, row in manifest["figures"].items():
        figures = [row["texts"], row["macro_recall"], row["macro_f1"], row["accuracy"]]
        cells = [f"{figures[0]:,}", *(f"{100 * share:.1f}" for share in figures[1:])]
        assert f"| {source} | {' | '.join(cells)} |" in card
    assert len(manifest["figures"]) == 9
    assert "shared" not in card


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I love this so much, best day ever!", "positive"),
        ("Thank you @NASA for these wonderful pictures 😍", "positive"),
        ("Happy birthday! Have a great day", "positive"),
        ("this is the worst service I have ever had, never again", "negative"),
        ("I hate Mondays, everything is awful 😡", "negative"),
        ("@anna your flight was cancelled again?? disgusting, I am so angry", "negative"),
        ("The meeting is on Tuesday at 5pm in Berlin https://t.co/abc", "neutral"),
        ("Apple to open a new store in Milan on Friday", "neutral"),
        ("J'adore ce film, il est magnifique", "positive"),
        ("Che schifo, che vergogna", "negative"),
    ],
)
def test_plain_cases_are_told_right(model: OnnxModel, text: str, label: str) -> None:
    assert _likeliest(model.score([text])[0]) == label


@pytest.mark.parametrize("text", ["", "   ", "@anna https://t.co/x", "12 345", "…"])
def test_a_text_without_words_is_neutral(model: OnnxModel, text: str) -> None:
    assert model.score([text])[0].label == "neutral"


def test_masked_texts_are_read_as_raw_ones(model: OnnxModel) -> None:
    raw, masked = model.score(
        [
            "@anna_b great stuff https://t.co/abc #SoHappy",
            "@user great stuff http #SoHappy",
        ]
    )

    assert raw.score == pytest.approx(masked.score, abs=0.1)


def test_what_else_is_scored_changes_no_score(model: OnnxModel) -> None:
    words = ("love", "hate", "tuesday", "schön", "never again", "😍", "meh", "not bad")
    texts = [
        " ".join(words[(n * (step + 3)) % len(words)] for step in range(1 + n * 5 % 23)) + f" {n}"
        for n in range(120)
    ]

    together = model.score(texts)
    in_parts = [found for at in range(0, 120, 7) for found in model.score(texts[at : at + 7])]

    for text, *found in zip(texts, together, in_parts, strict=True):
        (alone,) = model.score([text])
        for other in found:
            assert other.label == alone.label
            assert (other.p_neg, other.p_neu, other.p_pos) == pytest.approx(
                (alone.p_neg, alone.p_neu, alone.p_pos), abs=1e-5
            )


def test_any_text_can_be_scored(model: OnnxModel) -> None:
    texts = ["漢字", "\x00\ud800", "a" * 100_000, "😂" * 300, "שלום עולם", "x\n" * 9_999]

    for found in model.score(texts):
        assert isinstance(found, Sentiment)
        assert found.p_neg + found.p_neu + found.p_pos == pytest.approx(1, abs=1e-3)


def test_transformers_reads_the_tokenizer() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)

    assert tokenizer.convert_ids_to_tokens(tokenizer("i love it")["input_ids"]) == [
        "<s>",
        "i",
        "love",
        "it",
    ]
    assert Path(FOLDER / "tokenizer.json").stat().st_size < 500_000
