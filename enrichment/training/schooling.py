"""From a corpus to fitted students: teachers, assistants, students, each told of with its figures.

An assistant is a student that then teaches, with the teachers.
"""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from enrichment.training.corpus import ENGLISH, SENTIMENT, Corpus, Item
from enrichment.training.distil import figures, shares, student_examples, taught
from enrichment.training.examples import Examples, Floats, Integers, examples_of
from enrichment.training.lessons import fit, log_shares
from enrichment.training.lexicon import lexicon_examples
from enrichment.training.linear import LinearTeacher
from enrichment.training.network import VALENCE, Ensemble, Network, Shape
from enrichment.training.pieces import learn_pieces
from enrichment.training.settings import Plan, Settings
from enrichment.training.splicing import spliced

Say = Callable[[str], None]
_SPLICED_WEIGHT = 0.6
_POLISH_LABEL_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Teacher:
    """A fitted network that teaches.

    Args:
        network: As fitted.
        tokenizer: Of its pieces.
        weight: Beside the others.
        evenly: Whether it was fitted as if all labels were alike in number.
    """

    network: Network
    tokenizer: Tokenizer
    weight: float
    evenly: bool

    def says(self, examples: Examples, habits: Floats) -> tuple[float, Floats]:
        """Its weight and its logarithms of shares; ``habits`` are those of each text's source."""
        found = log_shares(self.network, self.tokenizer, examples.texts, examples.vader)
        return self.weight, found + np.log(habits) if self.evenly else found


@dataclass(slots=True)
class Schooling:
    """A run: what is known from its start on, and what was said.

    Args:
        corpus: What to learn from and to choose by.
        settings: What is fitted.
        work: A folder for checkpoints.
        seed: Added to each network's own.
        say: Told of each step.
    """

    corpus: Corpus
    settings: Settings
    work: Path
    seed: int
    say: Say
    train: Examples = field(init=False)
    dev: Examples = field(init=False)
    habits: dict[str, Floats] = field(init=False)
    _teaching: Floats = field(init=False)
    told: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        lexicon = lexicon_examples(self.settings.lexicon_words)
        self.train = examples_of(self.corpus.train).joined(lexicon)
        self.dev = examples_of(self.corpus.dev)
        self.habits = habits_of(self.corpus.train)

    def tell(self, line: str) -> None:
        """Say something that the card repeats, with the minutes that the run has taken."""
        self.told.append(f"{(time.monotonic() - self.begun) / 60:.0f} min: {line}")
        self.say(line)

    def students(self) -> tuple[Ensemble, Tokenizer]:
        """The students, fitted, and the tokenizer that they share."""
        settings, train = self.settings, self.train
        habits = self.habits_by(self.corpus.train, len(train))
        said = [self._linear()]
        teachers = []
        for plan in settings.teachers:
            tokenizer = self._pieces(plan.vocabulary)
            teachers.append(
                Teacher(self._fitted(plan, train, tokenizer), tokenizer, plan.weight, False)
            )
            said.append(teachers[-1].says(train, habits))
        tokenizer = self._pieces(settings.vocabulary)
        for plan in settings.assistants:
            lesson = student_examples(train, taught(said), habits)
            teachers.append(
                Teacher(self._fitted(plan, lesson, tokenizer), tokenizer, plan.weight, True)
            )
            said.append(teachers[-1].says(train, habits))
        lesson = student_examples(train, taught(said), habits)
        if settings.splices and teachers:
            lesson = lesson.joined(self._spliced(teachers))
        found = [self._fitted(plan, lesson, tokenizer) for plan in settings.students]
        self._teaching = taught(said)
        return Ensemble(found), tokenizer

    def polished(self, students: Ensemble, tokenizer: Tokenizer) -> Ensemble:
        """The students, fitted on to the labelled texts; nothing is chosen by dev any more.

        Half of the way is taken back: the mean of the weights before and after does better than
        either.
        """
        lessons = self.settings.polish
        if lessons is None:
            return students
        lesson = self._labelled(students, tokenizer)
        found = []
        for place, student in enumerate(students.networks()):
            after = fit(
                copy.deepcopy(student).requires_grad_(True),
                lesson,
                tokenizer,
                replace(lessons, seed=lessons.seed + self.seed + place),
                say=lambda line: self.say(f"polish: {line}"),
                checkpoint=self.work / f"polish-{place}.checkpoint",
            )
            with torch.no_grad():
                for weight, other in zip(after.parameters(), student.parameters(), strict=True):
                    weight.lerp_(other, 0.5)
            found.append(after)
        return Ensemble(found)

    def _labelled(self, students: Ensemble, tokenizer: Tokenizer) -> Examples:
        """The labelled texts of train and dev; their targets are mostly their labels."""
        items, dev = self.corpus.train, self.corpus.dev
        own = np.flatnonzero(self.train.weights > 0)
        habits = self.habits_by([items[place] for place in own], len(own))
        on_train = student_examples(
            self.train.at(own), self._teaching[own], habits, label_share=_POLISH_LABEL_SHARE
        )
        habits = self.habits_by(dev, len(dev))
        answers = log_shares(students, tokenizer, self.dev.texts, self.dev.vader)
        on_dev = student_examples(
            self.dev, shares(answers + np.log(habits)), habits, label_share=_POLISH_LABEL_SHARE
        )
        return on_train.joined(on_dev)

    def on_dev(self, logits: Floats) -> str:
        """Figures on the TweetEval part of dev and on the rest."""
        labels = labels_of(self.corpus.dev)
        english = np.array([item.source == ENGLISH for item in self.corpus.dev])
        parts = [("TweetEval", english), ("UMSAB", ~english)]
        return "; ".join(
            f"{name} {figures(logits[rows].argmax(axis=1), labels[rows])}"
            for name, rows in parts
            if rows.any()
        )

    def habits_by(self, items: Sequence[Item], rows: int) -> Floats:
        """[rows, 3] how often each text's source has each label.

        The auxiliary tasks' texts are tweets in English as TweetEval's are, and the words of the
        lexicon behind the items are English too.
        """
        usual = self.habits[ENGLISH]
        found = [self.habits.get(item.source, usual) for item in items]
        return np.stack(found + [usual] * (rows - len(items))).astype(np.float32)

    def _linear(self) -> tuple[float, Floats]:
        """What the linear teacher says of the training texts."""
        linear = LinearTeacher().fit(self.train)
        self.tell(
            f"linear teacher: {self.on_dev(linear.log_shares(self.dev.texts, self.dev.vader))}"
        )
        return self.settings.linear_weight, linear.log_shares(self.train.texts, self.train.vader)

    def _spliced(self, teachers: Sequence[Teacher]) -> Examples:
        """Made-up texts and what the networks say of them."""
        draw = random.Random(self.seed)  # noqa: S311 (parts of texts are no secret)
        items = spliced(self.corpus.train, self.settings.splices, draw)
        habits = self.habits_by(items, len(items))
        examples = examples_of(items)
        targets = taught([teacher.says(examples, habits) for teacher in teachers])
        weights = np.full(len(items), _SPLICED_WEIGHT, dtype=np.float32)
        return examples.with_targets(targets, weights, np.log(habits))

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
        self.tell(f"{plan.name}: {self.on_dev(answers)}")
        return network

    def _pieces(self, size: int) -> Tokenizer:
        """A tokenizer for the training texts; those not in English count three times.

        It is kept, for pieces that are learned again may be in another order.
        """
        kept = self.work / f"pieces-{size}.json"
        if kept.exists():
            return Tokenizer.from_file(str(kept))
        texts = self.train.texts[: len(self.corpus.train)]
        foreign = [
            text
            for text, item in zip(texts, self.corpus.train, strict=True)
            if item.task == SENTIMENT and item.source not in (ENGLISH, "english")
        ]
        tokenizer = learn_pieces(texts + 2 * foreign, size)
        tokenizer.save(str(kept))
        return tokenizer


def habits_of(items: Sequence[Item]) -> dict[str, Floats]:
    """[3] how often each source of sentiment has each label."""
    counts: dict[str, Floats] = {ENGLISH: np.ones(3, dtype=np.float32)}
    for item in items:
        if item.task == SENTIMENT:
            counts.setdefault(item.source, np.ones(3, dtype=np.float32))[item.label] += 1.0
    return {source: row / row.sum() for source, row in counts.items()}


def labels_of(items: Sequence[Item]) -> Integers:
    """The classes of items."""
    return np.array([item.label for item in items], dtype=np.int64)
