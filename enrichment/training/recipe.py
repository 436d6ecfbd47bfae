"""How the shipped model was made, from the folder of labelled posts to the model folder.

1. Read the corpus; learn the pieces of words; compute VADER's features (``corpus``, ``pieces``,
   ``examples``).
2. Fit the teachers: a linear model and networks of several shapes, each on all tasks at once
   (``linear``, ``lessons``).
3. Fit students to what the teachers say together of every text there is, labelled or not, and of
   made-up ones (``schooling``, ``distil``, ``splicing``).
4. Find out on dev how to set their answers right; fit them on to the labelled texts, dev now among
   them (``schooling``); pack them as one int8 model and measure what was packed (``packing``,
   ``measuring``, ``card``).

A run that was stopped goes on after the last epoch that it finished. Two runs differ in the last
figures: the tokenizer draws the merges that it leaves out, and nobody can give it a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

from enrichment.training.card import card_of
from enrichment.training.corpus import ENGLISH, SENTIMENT, read_corpus
from enrichment.training.distil import calibrated, set_right
from enrichment.training.examples import CARE
from enrichment.training.lessons import log_shares
from enrichment.training.measuring import as_json, measured
from enrichment.training.packing import About, pack
from enrichment.training.schooling import Schooling, labels_of
from enrichment.training.settings import SHIPPED, Settings
from lake.errors import ConfigError
from lake.text import digest

Say = Callable[[str], None]
NAME = "taglake-small-1"


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
        out: The model folder to write, which must not be there; the unfinished work lies beside it
            until it is complete.
        say: Told of each step, with its figures on dev.
        settings: How much is done; the shipped model's take hours on two cores.
        seed: Added to each network's own.
        name: What the model calls itself.

    Raises:
        ConfigError: The data cannot be read, the folder exists, or the unfinished work is of other
            texts, settings or another seed.
    """
    if out.exists():
        raise ConfigError(f"{out} exists: choose another folder, or remove it")
    corpus = read_corpus(data)
    work = out.with_name(f".{out.name}-work")
    work.mkdir(parents=True, exist_ok=True)
    _check_work(work, digest(repr(settings), str(seed), *map(repr, corpus.train + corpus.dev)))
    school = Schooling(corpus, settings, work, seed, say)
    school.tell(
        f"{len(corpus.train):,} texts to learn from, {len(corpus.dev):,} to choose by, "
        f"{corpus.dropped:,} left out as they are in a val set"
    )
    students, tokenizer = school.students()
    answers = log_shares(students, tokenizer, school.dev.texts, school.dev.vader)
    english = [place for place, item in enumerate(corpus.dev) if item.source == ENGLISH]
    calibration = calibrated(
        answers[english], labels_of(corpus.dev)[english], school.habits[ENGLISH]
    )
    school.tell(f"students together, set right: {school.on_dev(calibration.applied(answers))}")
    students = school.polished(students, tokenizer)
    for student in students.networks():
        student.keep_only(SENTIMENT)
        set_right(student, calibration)
    about = About(name=name, care=CARE, figures={}, card="")
    made = pack(students, tokenizer, work / out.name, about)
    rows = measured(made, corpus.val)
    card = card_of(name, corpus, calibration, rows, school.told)
    pack(students, tokenizer, made, replace(about, figures=as_json(rows), card=card)).rename(out)
    rmtree(work)
    return out


def _check_work(work: Path, run: str) -> None:
    """Goes on with no run but this one: what others left learnt from other texts, or otherwise."""
    kept = work / "run"
    if not kept.exists():
        kept.write_text(run, encoding="utf-8")
    elif kept.read_text(encoding="utf-8") != run:
        message = (
            f"{work} holds the unfinished work of other texts, settings or another seed: go on "
            "with those, choose another name with --out, or delete it to start anew"
        )
        raise ConfigError(message)
