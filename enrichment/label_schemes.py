"""The ways in which files write the three labels, told from the whole set of a file's values.

======================  ===========================================================================
values                  meaning
======================  ===========================================================================
words                   negative, neg; neutral, neu; positive, pos; also with very, extremely …
-1 0 1, or -2 … 2       by the sign; at least one value must be below 0
0 1 2, all three        negative, neutral, positive: TweetEval's and UMSAB's order
0 4, or 0 2 4           negative, (neutral,) positive: Sentiment140's
0 … 4, with 1 or 3      0 and 1 negative, 2 neutral, 3 and 4 positive: Stanford's treebank
1 … 5, with 1 and 5     stars: 1 and 2 negative, 3 neutral, 4 and 5 positive
======================  ===========================================================================

Everything else (0 and 1 alone, say, where 1 may be neutral or positive) is refused: whoever knows
the file says what its values mean (``label_map``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

from lake.errors import InvalidError
from lake.label import PEOPLE_LABELS, PeopleLabel

TrueLabel = PeopleLabel
LABELS: tuple[TrueLabel, ...] = PEOPLE_LABELS
SKIP = "skip"
MEND = "say what they mean: --labels 0=negative,1=positive (or =skip)"

_STEMS: Mapping[str, TrueLabel] = {
    "negative": "negative",
    "neg": "negative",
    "neutral": "neutral",
    "neu": "neutral",
    "objective": "neutral",
    "objective or neutral": "neutral",
    "positive": "positive",
    "pos": "positive",
}
_DEGREE = re.compile(
    r"(?:very|extremely|strongly|highly|somewhat|slightly|moderately|weakly) (?=neg|pos)"
)
_NUMBER = re.compile(r"([+-]?)0*(\d{1,2})(?:\.0{1,20})?")
_STARS = re.compile(r"([1-5])(?:\.0+)? stars?")
_MOST_SHOWN = 8
_LONGEST_SHOWN = 30


def normal(value: str) -> str:
    """A label as it is compared: ``" Positive "`` is ``positive``, ``1.0`` and ``+1`` are ``1``."""
    text = unicodedata.normalize("NFKC", value).strip().lower()
    text = text.replace("\u2212", "-")  # the minus sign that typesetters use
    if number := _NUMBER.fullmatch(text):
        return f"-{number[2]}" if number[1] == "-" and number[2] != "0" else number[2]
    text = " ".join(re.split(r"[\s_-]+", text))
    return stars[1] if (stars := _STARS.fullmatch(text)) else text


def is_label(value: str) -> bool:
    """Whether a cell may be a label of one of the schemes."""
    text = normal(value)
    return _word(text) is not None or text in {"-2", "-1", "0", "1", "2", "3", "4", "5"}


def meaning(values: Collection[str], said: Mapping[str, str] | None = None) -> dict[str, str]:
    """What each of a file's values means: one of ``LABELS``, or ``skip``.

    Args:
        values: All values of the file, in normal form.
        said: What the user says of some, see ``label_map``; it goes before every rule, and the
            values that it does not name must then be words.

    Raises:
        InvalidError: The values fit no scheme, or more than one; the message says which they are.
    """
    said = said or {}
    words = {value: word for value in values if (word := _word(value)) is not None}
    rest = set(values) - set(words) - set(said)
    if not rest:
        return {value: said.get(value) or words[value] for value in values}
    if said or set(words) - set(said):
        raise InvalidError(f"these values are no labels: {_shown(rest)}; {MEND}")
    numbers = {int(value) for value in rest if _NUMBER.fullmatch(value)}
    if len(numbers) != len(rest):
        odd = {value for value in rest if not _NUMBER.fullmatch(value)}
        raise InvalidError(f"these values are no labels: {_shown(odd)}; {MEND}")
    middle = _middle(numbers)
    if middle is None:
        shown = _shown(rest)
        raise InvalidError(f"{shown} may mean different things; {MEND}")
    return {value: _by_side(int(value) - middle) for value in rest}


def label_map(text: str) -> dict[str, str]:
    """What ``--labels 0=negative,4=positive`` says, by value in normal form.

    Raises:
        InvalidError: It is not written like that, or names one value twice.
    """
    found: dict[str, str] = {}
    for pair in filter(str.strip, text.split(",")):
        value, sign, target = pair.rpartition("=")
        stem = normal(target)
        label = stem if stem == SKIP else _word(stem)
        if not sign or not value.strip() or label is None:
            raise InvalidError(
                f"--labels: {pair.strip()[:_LONGEST_SHOWN]!r}: write VALUE=negative, =neutral, "
                "=positive or =skip, with a comma between two"
            )
        if found.setdefault(normal(value), label) != label:
            raise InvalidError(f"--labels: {normal(value)!r} is said to be two things")
    return found


def _word(value: str) -> TrueLabel | None:
    return _STEMS.get(_DEGREE.sub("", value))


def _middle(numbers: Collection[int]) -> int | None:
    """The neutral value of a scheme of numbers; None where no scheme, or more than one, fits."""
    found, low, high = set(numbers), min(numbers), max(numbers)
    if low < 0:
        return 0 if low >= -2 and high <= 2 else None
    if found == {0, 1, 2}:
        return 1
    if low == 0 and high == 4:
        return 2
    return 3 if low == 1 and high == 5 else None


def _by_side(distance: int) -> TrueLabel:
    return "negative" if distance < 0 else "positive" if distance > 0 else "neutral"


def _shown(values: Collection[str]) -> str:
    """A few of the values, as a person finds them in the file."""
    first = sorted(values)[:_MOST_SHOWN]
    shown = ", ".join(repr(value[:_LONGEST_SHOWN]) for value in first)
    return shown if len(values) <= _MOST_SHOWN else f"{shown} and {len(values) - _MOST_SHOWN} more"
