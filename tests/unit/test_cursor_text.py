"""Cursors: what is given out is understood, anything else is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.answers.cursor import Cursor
from lake.errors import InvalidError

SECRET = "shared"


def _cursor(after: Sequence[Any] = ()) -> Cursor:
    at = "2026-03-01T00:00:00.000Z"
    return Cursor("acme", 3, "0123", "likes", "view=", None, after, 12, at)


@given(st.text(max_size=50))
def test_rubbish_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(InvalidError):
        Cursor.decode(text, SECRET)


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=9), max_size=5))
def test_a_cursor_comes_back_as_it_went(after: list[str | int | None]) -> None:
    cursor = _cursor(after)

    assert Cursor.decode(cursor.encode(SECRET), SECRET) == cursor


def test_a_cursor_that_was_changed_or_signed_by_another_is_refused() -> None:
    good = _cursor()
    text, other = good.encode(SECRET), replace(good, order="created_at").encode(SECRET)
    payload, signature = text.split(".")[0], other.split(".")[-1]

    for forged in (good.encode("another"), f"{payload}.{signature}", text[:-1], text[1:]):
        with pytest.raises(InvalidError):
            Cursor.decode(forged, SECRET)
