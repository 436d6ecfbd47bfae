"""Cursors: what is given out is understood, anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.answers.cursor import Cursor
from lake.errors import InvalidError


@given(st.text(max_size=50))
def test_rubbish_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(InvalidError):
        Cursor.decode(text)


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=9), max_size=5))
def test_a_cursor_comes_back_as_it_went(after: list[str | int | None]) -> None:
    cursor = Cursor("acme", 3, "likes", "view=", after, 12, "2026-03-01T00:00:00.000Z")

    assert Cursor.decode(cursor.encode()) == cursor
