"""Posts as CSV and JSON: nothing runs, nothing is lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.posts import public_post
from api.export import cell, csv_lines, harmless, json_chunks

SOURCE: dict[str, Any] = {
    "@timestamp": "2026-03-01T00:00:00.000Z",
    "platform": "x",
    "kind": "post",
    "native_id": "1",
    "text": "plain",
    "observed_at": "2026-03-02T00:00:00.000Z",
    "first_seen": "2026-03-02T00:00:00.000Z",
    "hashtags": ["a", "b"],
    "metrics": {"likes": 0, "score": -4},
    "sentiment": {"label": "negative", "score": -0.5, "model": "m-1"},
}


async def rows(*texts: str) -> AsyncIterator[dict[str, Any]]:
    for text in texts:
        yield public_post({**SOURCE, "text": text})


async def read_csv(texts: Sequence[str]) -> list[dict[str, str]]:
    lines = [line async for line in csv_lines(rows(*texts))]
    return list(csv.DictReader(io.StringIO("".join(lines), newline="")))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@x", "\t=1", "\tx", "\rx", "  =1", "\n=1", "\ufeff=1", "＝1", "\u00a0@x"],
)
def test_a_formula_becomes_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain", "1-1", "a=b", "#tag", "'quoted", " x"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("label", ["positive", None])
def test_vaders_verdict_is_shown_beside_the_models(label: str | None) -> None:
    vader = None if label is None else {"label": label, "score": 0.4}
    stored = None if vader is None else {**vader, "p_pos": 0.5, "p_neu": 0.5, "p_neg": 0.0}

    shown = public_post({**SOURCE, "sentiment": {**SOURCE["sentiment"], "vader": stored}})

    assert (shown["sentiment"]["label"], shown["sentiment"]["vader"]) == ("negative", vader)


async def test_a_negative_number_stays_a_number_and_an_unknown_one_is_empty() -> None:
    (row,) = await read_csv(["hello"])

    assert (row["score"], row["sentiment_score"], row["likes"]) == ("-4", "-0.5", "0")
    assert (row["shares"], row["author_handle"], row["reply_to"]) == ("", "", "")
    assert row["hashtags"] == "a b"
    assert cell(False) == "false"


@given(st.lists(st.text(), max_size=5))
async def test_any_text_survives_a_csv_file(texts: list[str]) -> None:
    found = await read_csv(texts)

    assert [row["text"] for row in found] == [harmless(text) for text in texts]
    assert not any("\x00" in row["text"] for row in found)


async def test_json_is_one_array_however_many_posts_there_are() -> None:
    for texts in ([], ["one"], ["one", "tw\u2028o", "three"]):
        chunks = [chunk async for chunk in json_chunks(rows(*texts))]

        assert [post["text"] for post in json.loads(b"".join(chunks))] == texts
