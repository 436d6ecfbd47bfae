"""The labelled posts that the shipped model learns from: what is read, kept apart, left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from enrichment.training.corpus import SENTIMENT, Item, key_of, read_corpus
from lake.errors import ConfigError
from tests.fakes.training_posts import write_corpus, write_pair


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "posts")


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line)


def test_every_text_is_train_dev_or_val(folder: Path) -> None:
    corpus = read_corpus(folder)
    train, dev = ({key_of(item.text) for item in items} for items in (corpus.train, corpus.dev))

    assert set(corpus.val) == {"tweeteval", "french"}
    assert len(corpus.val["tweeteval"]) == 60
    assert corpus.tasks == {SENTIMENT: 3, "irony": 2}
    assert {item.source for item in corpus.train} == {"tweeteval", "french", "irony"}
    assert len(corpus.train) + len(corpus.dev) == 240 + 30 + 80
    assert 2 <= len(dev) <= 60
    assert not train & dev
    assert corpus.dropped == 0


def test_dev_is_the_same_in_each_run(folder: Path) -> None:
    assert read_corpus(folder).dev == read_corpus(folder).dev


def test_a_text_of_a_val_set_is_not_learned_from(folder: Path) -> None:
    label, _, text = (folder / "tweeteval_val.tsv").read_text().splitlines()[0].partition("\t")
    _append(folder / "tweeteval_train.tsv", f"{label}\t{text}\n")
    _append(folder / "tweeteval_train.tsv", f"2\tRT {text.upper()}!!! https://t.co/x\n")
    _append(folder / "tweeteval_train.tsv", f"{label}\t{text.upper()}!!! https://t.co/x\n")

    corpus = read_corpus(folder)

    assert corpus.dropped == 3
    assert key_of(text) not in {key_of(item.text) for item in [*corpus.train, *corpus.dev]}


def test_a_text_is_learned_once(folder: Path) -> None:
    _append(folder / "tweeteval_train.tsv", "2\tA new one\n0\ta NEW one!\n")

    corpus = read_corpus(folder)

    same = [item for item in [*corpus.train, *corpus.dev] if key_of(item.text) == "anewone"]
    assert same == [Item("A new one", 2, SENTIMENT, "tweeteval")]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('2\t"Said ""hello"" to all"', 'Said "hello" to all'),
        ('2\t"One" and "two"', '"One" and "two"'),
        ("2\ta\ttab inside", "a\ttab inside"),
        ("2\ta line\u2028separator\x0cinside", "a line\u2028separator\x0cinside"),
    ],
)
def test_texts_are_read_as_written(folder: Path, written: str, read: str) -> None:
    (folder / "tweeteval_val.tsv").write_text(f"{written}\n", encoding="utf-8")

    assert [item.text for item in read_corpus(folder).val["tweeteval"]] == [read]


@pytest.mark.parametrize(
    ("name", "content", "finding"),
    [
        ("tweeteval_train.tsv", "", r"tweeteval_train\.tsv:1: the file is empty"),
        (
            "tweeteval_train.tsv",
            "1\tfine\nno tab here\n",
            r"tweeteval_train\.tsv:2: a label, a tab",
        ),
        ("tweeteval_val.tsv", "1\tfine\n7\tx\n", r"tweeteval_val\.tsv:2: the label '7'"),
        ("tweeteval_val.tsv", "-1\tx\n", r"tweeteval_val\.tsv:1: the label '-1'"),
        ("tweeteval_val.tsv", "²\tx\n", r"tweeteval_val\.tsv:1: the label '²'"),
        ("umsab/french/train_labels.txt", "1\n2\n", r"train_labels\.txt:2: 30 texts but 2 labels"),
        ("aux/irony/val_labels.txt", "x\n" * 40, r"val_labels\.txt:1: the label 'x' .* 0 to 1"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    folder: Path, name: str, content: str, finding: str
) -> None:
    (folder / name).write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=finding):
        read_corpus(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "tweeteval_val.tsv").unlink()

    with pytest.raises(ConfigError, match=r"tweeteval_val\.tsv.*FileNotFoundError"):
        read_corpus(folder)


def test_a_file_in_another_encoding_is_named(folder: Path) -> None:
    (folder / "tweeteval_val.tsv").write_bytes("1\tcafé\n".encode("latin-1"))

    with pytest.raises(ConfigError, match=r"tweeteval_val\.tsv.*UTF-8"):
        read_corpus(folder)


def test_auxiliary_tasks_may_be_missing(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path)
    for path in sorted((folder / "aux").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()

    assert read_corpus(folder).tasks == {SENTIMENT: 3}


def test_a_pair_of_files_is_read_line_by_line(folder: Path) -> None:
    write_pair(folder / "umsab" / "german", "train", [(0, "schlecht ist das"), (2, "gut ist das")])
    write_pair(folder / "umsab" / "german", "val", [(1, "es ist Montag")])

    corpus = read_corpus(folder)

    assert [(item.label, item.text) for item in corpus.val["german"]] == [(1, "es ist Montag")]
    assert {item.text for item in [*corpus.train, *corpus.dev] if item.source == "german"} == {
        "schlecht ist das",
        "gut ist das",
    }
