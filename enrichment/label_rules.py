"""A classifier's own labels → negative, neutral, positive: the rules, and nothing else.

In any case, ``_`` and ``-`` as blanks; a model's labels must follow one of these wholly:

* **Words**: ``negative``, ``neg``, ``neutral``, ``pos`` … and their degrees (``very negative``);
  degrees of one side are summed.
* **Stars**: ``1 star`` … ``5 stars``, or 1 to 5 alone. 1 and 2 are negative, 3 is neutral, 4 and 5
  are positive, by the sums of their probabilities: a model that is torn between four stars and five
  is sure of a positive text.
* **Signs**: ``-1``, ``0``, ``1``.
* **Numbers alone**: ``LABEL_0``, ``LABEL_1``, ``LABEL_2`` of a model of exactly three labels, in
  the order of TweetEval (negative, neutral, positive). Of two or five such labels nobody can tell
  what they mean.

A model of two labels knows no neutral text: ``p_neu`` is 0, so its larger share is never below a
half, and its label is never ``neutral`` or ``unsure``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from enrichment.sentiment import Label, Sentiment

Side = Literal["negative", "neutral", "positive"]
SIDES: tuple[Side, Side, Side] = ("negative", "neutral", "positive")

# METRICS 18: below this the largest share says nothing.
SURE_FROM = 0.5

_WORDS: dict[str, Side] = {
    **dict.fromkeys(("negative", "neg", "negativ", "negativo", "negatif", "négatif"), "negative"),
    **dict.fromkeys(("neutral", "neu", "neutro", "neutre"), "neutral"),
    **dict.fromkeys(("positive", "pos", "positiv", "positivo", "positif"), "positive"),
}
_DEGREE = re.compile(
    r"(?:very|extremely|strongly|highly|somewhat|slightly|mildly|weakly|rather)\s+"
)
_STARS: dict[str, Side] = {
    "1": "negative",
    "2": "negative",
    "3": "neutral",
    "4": "positive",
    "5": "positive",
}
_STAR_WORD = re.compile(r"([1-5])(?:\s*stars?)?")
_SIGNS: dict[str, Side] = {"-1": "negative", "0": "neutral", "1": "positive"}
_TWEETEVAL: dict[str, Side] = {"label 0": "negative", "label 1": "neutral", "label 2": "positive"}


class UnknownLabelsError(ValueError):
    """Labels that no rule knows.

    Args:
        labels: The labels in question, as the model writes them.
        why: What is wrong with them, in a few words.
    """

    def __init__(self, labels: Sequence[str], why: str) -> None:
        super().__init__(why)
        self.labels = tuple(labels)
        self.why = why


def sides(labels: Sequence[str], given: Mapping[str, str] | None = None) -> tuple[Side, ...]:
    """The side that each label of a model is on.

    Args:
        labels: As the model writes them, in the order of its outputs.
        given: Somebody's own mapping, of each label to a side; it comes before every rule.

    Raises:
        UnknownLabelsError: No rule knows all of them, or one of the two ends is missing.
    """
    found = _given(labels, given) if given else _by_rule(labels)
    missing = [side for side in ("negative", "positive") if side not in found]
    if missing:
        raise UnknownLabelsError(labels, f"none of them is {' or '.join(missing)}")
    return found


def _given(labels: Sequence[str], given: Mapping[str, str]) -> tuple[Side, ...]:
    lost = [label for label in labels if given.get(label) not in SIDES]
    if lost:
        raise UnknownLabelsError(lost, "the mapping gives them no side")
    by_name = {side: side for side in SIDES}
    return tuple(by_name[given[label]] for label in labels)  # type: ignore[index]


def _by_rule(labels: Sequence[str]) -> tuple[Side, ...]:
    plain = [_plain(label) for label in labels]
    signs = [re.sub(r"\s+", "", label) for label in labels]
    stars = [_STAR_WORD.fullmatch(label) for label in plain]
    numbers = [star[1] for star in stars if star]
    if len(labels) == len(_STARS) and set(numbers) == set(_STARS):
        return tuple(_STARS[number] for number in numbers)
    for keys, table in ((signs, _SIGNS), (plain, _TWEETEVAL)):
        if len(keys) == len(table) and set(keys) == set(table):
            return tuple(table[key] for key in keys)
    if len(set(plain)) < len(plain):
        raise UnknownLabelsError(labels, "two of them are the same")
    lost = [label for label, key in zip(labels, plain, strict=True) if _word(key) is None]
    if lost:
        raise UnknownLabelsError(lost, "no rule knows them")
    return tuple(side for key in plain if (side := _word(key)) is not None)


def _plain(label: str) -> str:
    return " ".join(re.sub(r"[_\-\s]+", " ", label).split()).casefold()


def _word(plain: str) -> Side | None:
    return _WORDS.get(_DEGREE.sub("", plain, count=1))


def sentiment(p_neg: float, p_neu: float, p_pos: float) -> Sentiment:
    """A sentiment of three shares that sum to 1 (METRICS 18).

    Two equal largest shares are told apart in the order negative, neutral, positive; they are a
    half each at most.
    """
    shares: tuple[tuple[float, Label], ...] = (
        (p_neg, "negative"),
        (p_neu, "neutral"),
        (p_pos, "positive"),
    )
    largest, label = max(shares, key=lambda share: share[0])
    if largest < SURE_FROM:
        label = "unsure"
    return Sentiment(label, p_pos - p_neg, p_pos, p_neu, p_neg)
