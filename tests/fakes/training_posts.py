"""A small folder of labelled posts, made up, as ``enrichment/training/corpus.py`` describes it."""

from __future__ import annotations

import random
from pathlib import Path

WORDS = {
    0: ("awful", "terrible", "broken", "hate", "worst", "sad"),
    1: ("today", "report", "meeting", "monday", "city", "table"),
    2: ("lovely", "great", "love", "best", "happy", "wonderful"),
}
FILLERS = (
    "the match",
    "this phone",
    "my train",
    "our town",
    "her song",
    "that film",
    "a book",
    "his idea",
)


def post(draw: random.Random, label: int) -> str:
    """A post whose words tell its label; no two are likely to be equal."""
    fillers = " and ".join(draw.sample(FILLERS, 2))
    words = " ".join(draw.choices(WORDS[label], k=2))
    return f"@user {fillers} {words} number{draw.randint(0, 9999)}"


def write_corpus(folder: Path, *, texts: int = 240, seed: int = 1) -> Path:
    """Write the folder: TweetEval, one language of UMSAB, one auxiliary task."""
    draw = random.Random(seed)
    for part, count in (("train", texts), ("val", 60)):
        rows = [(place % 3, post(draw, place % 3)) for place in range(count)]
        lines = "".join(f"{label}\t{text}\n" for label, text in rows)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"tweeteval_{part}.tsv").write_text(lines, encoding="utf-8")
        write_pair(folder / "umsab" / "french", part, [(a, f"le {b}") for a, b in rows[:30]])
        write_pair(folder / "aux" / "irony", part, [(a % 2, f"so {b}") for a, b in rows[:40]])
    return folder


def write_pair(folder: Path, part: str, rows: list[tuple[int, str]]) -> None:
    """Write a text and a label file."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = "".join(f"{text}\n" for _, text in rows)
    labels = "".join(f"{label}\n" for label, _ in rows)
    (folder / f"{part}_text.txt").write_text(texts, encoding="utf-8")
    (folder / f"{part}_labels.txt").write_text(labels, encoding="utf-8")
