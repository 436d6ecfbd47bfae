"""Which columns of a labelled file hold the text, its label, its language and its id."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from enrichment.labelled_rows import Row
from lake.errors import InvalidError

# Names are compared in lower case without signs; the first that a file has is taken.
TEXT_NAMES = (
    "text", "tweet", "tweettext", "fulltext", "content", "tweetcontent", "sentence", "body",
    "message", "comment", "post", "posttext", "review", "reviewtext", "sentimenttext",
    "originaltweet", "cleantext", "cleanedtext", "caption", "headline", "phrase", "utterance",
    "selectedtext", "title",
)  # fmt: skip
# Words are clearer than numbers: `label_text` goes before `label`.
LABEL_NAMES = (
    "labeltext", "labelname", "label", "labels", "sentiment", "sentimentlabel", "airlinesentiment",
    "class", "target", "polarity", "category", "goldlabel", "gold", "annotation", "rating", "stars",
    "star", "score", "overall",
)  # fmt: skip
LANGUAGE_NAMES = ("lang", "language", "languagecode", "langcode")
ID_NAMES = ("id", "idstr", "tweetid", "statusid", "postid", "textid")

Key = int | str
_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns that the user names, by name or by number from 1; None is found by itself."""

    text: str | None = None
    label: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the parts of a row are.

    Args:
        header: Whether the first row holds names.
        text: Position in a table, name in JSON lines; so are the others.
        label: See ``text``.
        language: None where the file has none.
        id: None where the file has none.
    """

    header: bool
    text: Key
    label: Key
    language: Key | None = None
    id: Key | None = None


def columns_of(head: Sequence[Row], wanted: Wanted, is_label: Callable[[str], bool]) -> Columns:
    """Which column is which, from the first rows.

    JSON lines and tables with a header go by the names of their columns. A table has a header if
    the user's names stand in its first row, or if names that are known stand there and no label
    does. In a table without one, the labels are the one column that holds nothing but labels, and
    the text is that of the others that is longest on average, numbers apart.

    Args:
        head: The first rows, at least one.
        wanted: What the user says.
        is_label: Whether a cell may be a label.

    Raises:
        InvalidError: A column is not found, or more than one may be it.
    """
    if isinstance(head[0].cells, dict):
        names = list(dict.fromkeys(name for row in head for name in row.cells))
        return _by_name(names, names, wanted)
    first = [cell.strip() for cell in head[0].cells]
    if _is_header(first, wanted, is_label):
        return _by_name(first, range(len(first)), wanted)
    return _by_content(head, wanted, is_label)


def _is_header(first: Sequence[str], wanted: Wanted, is_label: Callable[[str], bool]) -> bool:
    said = [name for name in (wanted.text, wanted.label, wanted.language) if name is not None]
    if any(_place(name, first) is not None for name in said if not name.isdecimal()):
        return True
    known = {*TEXT_NAMES, *LABEL_NAMES}
    return any(_plain(cell) in known for cell in first) and not any(map(is_label, first))


def _by_name(names: Sequence[str], keys: Sequence[Any], wanted: Wanted) -> Columns:
    def place(said: str | None, known: Sequence[str], what: str) -> Any:
        if said is not None:
            return keys[_said(said, names, what)]
        plain = [_plain(name) for name in names]
        for name in known:
            if name in plain:
                if plain.count(name) > 1 and what in {"text", "label"}:
                    raise InvalidError(_which(what, f"two columns are called {name!r}", names))
                return keys[plain.index(name)]
        if what in {"text", "label"}:
            raise InvalidError(_which(what, "no column has a name that is known", names))
        return None

    return Columns(
        True,
        place(wanted.text, TEXT_NAMES, "text"),
        place(wanted.label, LABEL_NAMES, "label"),
        place(wanted.language, LANGUAGE_NAMES, "language"),
        place(None, ID_NAMES, "id"),
    )


def _by_content(head: Sequence[Row], wanted: Wanted, is_label: Callable[[str], bool]) -> Columns:
    shown = [str(cell) for cell in head[0].cells]
    tables = [row.cells for row in head if not isinstance(row.cells, dict)]
    places = range(len(shown))
    said_text = None if wanted.text is None else _said(wanted.text, shown, "text", named=False)
    language = (
        None if wanted.language is None else _said(wanted.language, shown, "language", named=False)
    )
    if wanted.label is not None:
        label = _said(wanted.label, shown, "label", named=False)
    else:
        taken = {said_text, language}
        fit = [i for i in places if i not in taken and all(is_label(row[i]) for row in tables)]
        if len(fit) != 1:
            why = "holds nothing but labels" if not fit else "alone holds labels"
            raise InvalidError(_which("label", f"no column {why}", shown))
        label = fit[0]
    rest = [i for i in places if i not in {label, language}]
    if said_text is None and not rest:
        raise InvalidError(_which("text", "there is one column only", shown))
    text = max(rest, key=lambda i: _letters(tables, i)) if said_text is None else said_text
    return Columns(False, text, label, language)


def _letters(tables: Sequence[Sequence[str]], place: int) -> int:
    """How much a column has to read; numbers (ids, say) have nothing."""
    return sum(len(row[place]) for row in tables if not row[place].isdecimal())


def _said(said: str, names: Sequence[str], what: str, *, named: bool = True) -> int:
    """The place of the column that the user means; without names a number is a place."""
    found = _place(said, names) if named else None
    if found is None and said.isdecimal() and 1 <= int(said) <= len(names):
        found = int(said) - 1
    if found is None:
        raise InvalidError(_which(what, f"there is no column {said[:60]!r}", names))
    return found


def _place(said: str, names: Sequence[str]) -> int | None:
    if said in names:
        return list(names).index(said)
    plain = [_plain(name) for name in names]
    return plain.index(_plain(said)) if _plain(said) and _plain(said) in plain else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _which(what: str, why: str, names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:30]) for name in names[:_MOST_SHOWN])
    return (
        f"which column holds the {what}? {why}; the first row has {shown}: name it with "
        f"--{what}-column NAME, or by its number from 1"
    )
