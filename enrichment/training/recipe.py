"""How the shipped model was made, from the folder of labelled posts to the model folder.

1. Read the corpus; learn the pieces of words; compute VADER's features (``corpus``, ``pieces``,
   ``examples``).
2. Fit the teachers: a linear model and networks of several shapes, each on all tasks at once
   (``linear``, ``lessons``).
3. Fit the students to the teachers' mean on every text there is, labelled or not (``distil``).
4. Set their answers right on dev, pack them as one int8 model, and measure what was packed
   (``packing``, ``measuring``, ``card``).

A run that was stopped goes on after the last epoch that it finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree

import numpy as np
import torch
from tokenizers import Tokenizer

from enrichment.training.card import card_of
from enrichment.training.corpus import SENTIMENT, Corpus, Item, read_corpus
from enrichment.training.distil import (
    calibrated,
    figures,
    set_right,
    student_examples,
    taught,
)
from enrichment.training.examples import CARE, Examples, Floats, Integers, examples_of
from enrichment.training.lessons import fit, log_shares
from enrichment.training.lexicon import lexicon_examples
from enrichment.training.linear import LinearTeacher
from enrichment.training.measuring import as_json, measured
from enrichment.training.network import VALENCE, Ensemble, Network, Shape
from enrichment.training.packing import About, pack
from enrichment.training.pieces import learn_pieces
from enrichment.training.settings import SHIPPED, Plan, Settings

Say = Callable[[str], None]
NAME = "taglake-small-1"
_ENGLISH = "tweeteval"


def train_small(
    data: Path,
    out: Path,
    *,
    say: Say,
    settings: Settings = SHIPPED,
    seed: int = 0,
    name: str = NAME,
) -> Path:
    """Train the small model from nothing and write its folder.

    Args:
        data: The folder of labelled posts, see ``corpus``.
        out: The model folder to write; the unfinished work lies beside it until it is complete.
        say: Told of each step, with its figures on dev.
        settings: How much is done; the shipped model's take hours on two cores.
        seed: Added to each network's own.
        name: What the model calls itself.

    Raises:
        ConfigError: The data cannot be read.
    """
    corpus = read_corpus(data)
    run = _Run(corpus, settings, out.with_name(f".{out.name}-work"), seed, say)
    run.work.mkdir(parents=True, exist_ok=True)
    run.tell(
        f"{len(corpus.train):,} texts to learn from, {len(corpus.dev):,} to choose by, "
        f"{corpus.dropped:,} left out as they are in a val set"
    )
    students, tokenizer = run.students()
    dev = run.dev
    answers = log_shares(students, tokenizer, dev.texts, dev.vader)
    calibration = calibrated(answers, _labels(corpus.dev), run.habits[_ENGLISH])
    for student in students.networks():
        student.keep_only(SENTIMENT)
        set_right(student, calibration)
    run.tell(f"students, set right: {_on_dev(calibration.applied(answers), corpus.dev)}")
    about = About(name=name, care=CARE, figures={}, card="")
    pack(students, tokenizer, out, about)
    rows = measured(out, corpus.val)
    card = card_of(name, corpus, calibration, rows, run.told)
    pack(students, tokenizer, out, replace(about, figures=as_json(rows), card=card))
    rmtree(run.work)
    return out


@dataclass(slots=True)
class _Run:
    """A run of the recipe: what is known from its start on, and what was said."""

    corpus: Corpus
    settings: Settings
    work: Path
    seed: int
    say: Say
    train: Examples = field(init=False)
    dev: Examples = field(init=False)
    habits: dict[str, Floats] = field(init=False)
    told: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.train = examples_of(self.corpus.train).joined(lexicon_examples())
        self.dev = examples_of(self.corpus.dev)
        self.habits = habits_of(self.corpus.train)

    def tell(self, line: str) -> None:
        """Say something that the card repeats, with the minutes that the run has taken."""
        self.told.append(f"{(time.monotonic() - self.begun) / 60:.0f} min: {line}")
        self.say(line)

    def students(self) -> tuple[Ensemble, Tokenizer]:
        """The students, fitted, and the tokenizer that they share."""
        items, train = self.corpus.train, self.train
        usual = self.habits[_ENGLISH]
        # The auxiliary tasks' texts are tweets in English as TweetEval's are, and the words of the
        # lexicon behind them are English too.
        rows = [self.habits.get(item.source, usual) for item in items]
        rows += [usual] * (len(train) - len(items))
        lesson = student_examples(train, self._teaching(), np.stack(rows).astype(np.float32))
        tokenizer = self._pieces(self.settings.vocabulary)
        found = [self._fitted(plan, lesson, tokenizer) for plan in self.settings.students]
        return Ensemble(found), tokenizer

    def _teaching(self) -> Floats:
        """[train, 3] shares: what the teachers say together."""
        train, dev, weight = self.train, self.dev, self.settings.linear_weight
        linear = LinearTeacher().fit(train)
        answers = linear.log_shares(dev.texts, dev.vader)
        self.tell(f"linear teacher: {_on_dev(answers, self.corpus.dev)}")
        on_dev = [(weight, answers)]
        on_train = [(weight, linear.log_shares(train.texts, train.vader))]
        for plan in self.settings.teachers:
            tokenizer = self._pieces(plan.vocabulary)
            network = self._fitted(plan, train, tokenizer)
            on_dev.append((1.0, log_shares(network, tokenizer, dev.texts, dev.vader)))
            on_train.append((1.0, log_shares(network, tokenizer, train.texts, train.vader)))
        self.tell(f"teachers together: {_on_dev(np.log(taught(on_dev)), self.corpus.dev)}")
        return taught(on_train)

    def _fitted(self, plan: Plan, examples: Examples, tokenizer: Tokenizer) -> Network:
        """A plan's network, fitted."""
        lessons = replace(plan.lessons, seed=plan.lessons.seed + self.seed)
        torch.manual_seed(lessons.seed)
        shape = Shape(vocabulary=tokenizer.get_vocab_size(), **plan.shape)
        network = fit(
            Network(shape, {**self.corpus.tasks, VALENCE: 1}),
            examples,
            tokenizer,
            lessons,
            say=lambda line: self.say(f"{plan.name}: {line}"),
            checkpoint=self.work / f"{plan.name}.checkpoint",
        )
        answers = log_shares(network, tokenizer, self.dev.texts, self.dev.vader)
        self.tell(f"{plan.name}: {_on_dev(answers, self.corpus.dev)}")
        return network

    def _pieces(self, size: int) -> Tokenizer:
        """A tokenizer for the training texts; those not in English count three times."""
        texts = self.train.texts[: len(self.corpus.train)]
        foreign = [
            text
            for text, item in zip(texts, self.corpus.train, strict=True)
            if item.task == SENTIMENT and item.source not in (_ENGLISH, "english")
        ]
        return learn_pieces(texts + 2 * foreign, size)


def habits_of(items: Sequence[Item]) -> dict[str, Floats]:
    """[3] how often each source of sentiment has each label."""
    counts: dict[str, Floats] = {_ENGLISH: np.ones(3, dtype=np.float32)}
    for item in items:
        if item.task == SENTIMENT:
            counts.setdefault(item.source, np.ones(3, dtype=np.float32))[item.label] += 1.0
    return {source: row / row.sum() for source, row in counts.items()}


def _labels(items: Sequence[Item]) -> Integers:
    """The classes of items."""
    return np.array([item.label for item in items], dtype=np.int64)


def _on_dev(logits: Floats, items: Sequence[Item]) -> str:
    """Figures on the TweetEval part of dev and on the rest."""
    labels = _labels(items)
    english = np.array([item.source == _ENGLISH for item in items])
    parts = [("TweetEval", english), ("UMSAB", ~english)]
    return "; ".join(
        f"{name} {figures(logits[rows].argmax(axis=1), labels[rows])}"
        for name, rows in parts
        if rows.any()
    )
