"""The labelled posts that the shipped model learns from, read from their documented folder.

The folder holds ``tweeteval_train.tsv`` and ``tweeteval_val.tsv`` (lines of ``label<TAB>text``, 0
negative, 1 neutral, 2 positive), ``umsab/LANGUAGE/{train,val}_{text,labels}.txt`` and, optional,
``aux/TASK/{train,val}_{text,labels}.txt``. A val set of sentiment is never learned from, nor is
any text that occurs in one: texts are compared without case, masks, links, signs and blanks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from enrichment.text_care import SHOUT, TextCare, for_model
from lake.errors import ConfigError

SENTIMENT = "sentiment"
# The source that most texts come from, and that the model is mostly meant for.
ENGLISH = "tweeteval"
LANGUAGES = (
    "arabic",
    "english",
    "french",
    "german",
    "hindi",
    "italian",
    "portuguese",
    "spanish",
)
# How many classes each auxiliary task has.
AUX_CLASSES = {"emoji": 20, "emotion": 4, "hate": 2, "irony": 2, "offensive": 2}
SENTIMENT_CLASSES = 3
_DEV_SHARE = 0.08
_MASKS_OUT = TextCare(users=" ", links=" ", lower=True)


@dataclass(frozen=True, slots=True)
class Item:
    """A labelled text.

    Args:
        text: As published.
        label: A class of the task; for sentiment 0 negative, 1 neutral, 2 positive.
        task: ``sentiment`` or the name of an auxiliary task.
        source: ``tweeteval``, a language of UMSAB, or the task.
    """

    text: str
    label: int
    task: str
    source: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What there is to learn from, to choose by and to report on.

    Args:
        train: Sentiment and the auxiliary tasks.
        dev: The part of the sentiment texts kept apart for every choice, told by its hash.
        val: The published val sets, by source; only for reports.
        dropped: How many texts were not learned from as they occur in a val set.
        tasks: The number of classes of each task that is there, sentiment first.
    """

    train: list[Item]
    dev: list[Item]
    val: dict[str, list[Item]]
    dropped: int
    tasks: dict[str, int] = field(default_factory=dict)


def read_corpus(folder: Path) -> Corpus:
    """Read the documented folder.

    Raises:
        ConfigError: A file is missing, empty or broken; the message names file and line.
    """
    val = {ENGLISH: list(_read_tsv(folder / "tweeteval_val.tsv"))}
    sentiment = list(_read_tsv(folder / "tweeteval_train.tsv"))
    for language in LANGUAGES:
        part = folder / "umsab" / language
        if part.is_dir():
            sentiment += _read_pair(part, "train", SENTIMENT, language, SENTIMENT_CLASSES)
            val[language] = list(_read_pair(part, "val", SENTIMENT, language, SENTIMENT_CLASSES))
    aux: list[Item] = []
    for task, classes in AUX_CLASSES.items():
        part = folder / "aux" / task
        if part.is_dir():
            for name in ("train", "val"):
                aux += _read_pair(part, name, task, task, classes)
    return _divided(sentiment, aux, val)


def key_of(text: str) -> str:
    """What texts have in common that differ in case, masks, links, signs and a leading RT only."""
    read = for_model(text, _MASKS_OUT).replace(SHOUT, "").strip().removeprefix("rt ")
    return "".join(filter(str.isalnum, read))


def _divided(sentiment: list[Item], aux: list[Item], val: dict[str, list[Item]]) -> Corpus:
    """Train without what is in a val set or in dev, and dev; each text once per task."""
    held = {key_of(item.text) for item in chain.from_iterable(val.values())}
    kept: dict[tuple[str, str], Item] = {}
    dropped = 0
    for item in chain(sentiment, aux):
        key = key_of(item.text)
        if not key:
            continue
        if key in held:
            dropped += 1
        else:
            kept.setdefault((item.task, key), item)
    dev_keys = {key for task, key in kept if task == SENTIMENT and _in_dev(key)}
    tasks = {SENTIMENT: SENTIMENT_CLASSES} | {
        task: classes for task, classes in AUX_CLASSES.items() if any(i.task == task for i in aux)
    }
    return Corpus(
        train=[item for (_, key), item in kept.items() if key not in dev_keys],
        dev=[kept[SENTIMENT, key] for key in dev_keys_in_order(kept, dev_keys)],
        val=val,
        dropped=dropped,
        tasks=tasks,
    )


def dev_keys_in_order(kept: Iterable[tuple[str, str]], dev_keys: set[str]) -> Iterator[str]:
    """The dev keys in the order of the files, so that a run can be repeated."""
    return (key for task, key in kept if task == SENTIMENT and key in dev_keys)


def _in_dev(key: str) -> bool:
    """Whether a text is kept apart, told by its hash: the same in every run and on each machine."""
    return hashlib.blake2b(key.encode(), digest_size=4).digest()[0] < 256 * _DEV_SHARE


def _read_tsv(path: Path) -> Iterator[Item]:
    """The items of a file of ``label<TAB>text`` lines."""
    for number, line in enumerate(_lines(path), start=1):
        label, tab, text = line.partition("\t")
        if not tab:
            message = f"{path}:{number}: a label, a tab and a text are expected"
            raise ConfigError(message)
        item = Item(text, _label(label, SENTIMENT_CLASSES, path, number), SENTIMENT, ENGLISH)
        yield replace(item, text=_unquoted(text))


def _read_pair(folder: Path, part: str, task: str, source: str, classes: int) -> Iterator[Item]:
    """The items of a text file and of its label file, line by line."""
    texts = _lines(folder / f"{part}_text.txt")
    labels_path = folder / f"{part}_labels.txt"
    labels = _lines(labels_path)
    if len(texts) != len(labels):
        message = f"{labels_path}:{len(labels)}: {len(texts)} texts but {len(labels)} labels"
        raise ConfigError(message)
    for number, (text, label) in enumerate(zip(texts, labels, strict=True), start=1):
        yield Item(_unquoted(text), _label(label, classes, labels_path, number), task, source)


def _lines(path: Path) -> list[str]:
    r"""The lines of a file; only ``\n`` ends one (posts hold other line separators)."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read as UTF-8: {type(error).__name__}"
        raise ConfigError(message) from error
    lines = text.removesuffix("\n").split("\n")
    if lines == [""]:
        message = f"{path}:1: the file is empty"
        raise ConfigError(message)
    return lines


def _label(value: str, classes: int, path: Path, number: int) -> int:
    """A label as a class."""
    label = value.strip()
    if not (label.isascii() and label.isdigit() and int(label) < classes):
        message = f"{path}:{number}: the label {label[:20]!r} is not one of 0 to {classes - 1}"
        raise ConfigError(message)
    return int(label)


def _unquoted(text: str) -> str:
    """A text without the quotes that a CSV export once put around it."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1].replace('""', ""):
        text = text[1:-1].replace('""', '"')
    return text
