"""A label as it is kept, files of labels, what is offered, and a session at a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lake.errors import InvalidError
from lake.label import (
    MOST_HISTORY,
    LabelSpec,
    agreed,
    checked_label,
    label_id,
    label_source,
    majority,
    without_text,
)
from lake.to_label import ranked, step_body, vader_differs
from taglake.label_file import read_labels
from taglake.label_session import Session, printable

AT = datetime(2026, 11, 21, tzinfo=UTC)
TONE = {"model": "m-1", "label": "neutral", "score": 0.1, "text_hash": "h1"}
POST: dict[str, Any] = {
    "@timestamp": "2026-03-01T00:00:00.000Z",
    "platform": "x",
    "kind": "post",
    "native_id": "1",
    "hashtags": ["spring"],
    "text": "so good",
    "text_hash": "h1",
    "lang": {"platform": "en", "detected": "de"},
    "sentiment": TONE | {"vader": {"label": "positive", "score": 0.4}},
}


def _put(label: str, before: Any = None, **changes: Any) -> dict[str, Any] | None:
    spec = checked_label({"post": "x:1", "label": label, "by": "ann"})
    days = 0 if before is None else before["changes"] + 1
    return label_source(spec, POST | changes, before, AT + timedelta(days=days))


def test_a_label_is_read_from_a_body() -> None:
    found = checked_label({"post": "x:1", "label": "positive", "by": " ann\x00 ", "note": " why "})

    assert found == LabelSpec("x:1", "positive", "ann\ufffd", "why")
    assert checked_label({"post": "x:1", "label": "neutral"}).by == "anonymous"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], set()),
        ({}, {"post", "label"}),
        ({"post": "x:1", "label": "happy"}, {"label"}),
        ({"post": "x:1", "label": "Positive"}, {"label"}),
        ({"post": "x:1", "label": 2}, {"label"}),
        ({"post": "1", "label": "neutral"}, {"post"}),
        ({"post": "x:", "label": "neutral"}, {"post"}),
        ({"post": "x:1", "label": "neutral", "by": " "}, {"by"}),
        ({"post": "x:1", "label": "neutral", "note": "n" * 1_001}, {"note"}),
        ({"post": "x:1", "label": "neutral", "more": 1}, {"more"}),
    ],
)
def test_a_body_that_breaks_rules_names_each(body: object, fields: set[str]) -> None:
    with pytest.raises(InvalidError) as caught:
        checked_label(body)

    assert {error["field"] for error in caught.value.errors} == fields


def test_a_bad_label_is_told_the_three() -> None:
    with pytest.raises(InvalidError, match="negative, neutral or positive, not 'happy'"):
        checked_label({"post": "x:1", "label": "happy"})


def test_a_label_keeps_what_was_labelled_and_what_the_models_said_of_it() -> None:
    found = _put("positive")

    assert found is not None
    assert found["id"] == label_id("x:1", "ann") != label_id("x:1", "bob")
    assert (found["text"], found["text_hash"], found["language"]) == ("so good", "h1", "de")
    assert found["model"] == {"name": "m-1", "label": "neutral", "score": 0.1}
    assert found["vader"] == {"label": "positive", "score": 0.4}
    assert (found["changes"], found["history"], "note" in found) == (0, [], False)


def test_a_score_of_another_text_is_not_what_the_model_said_of_this() -> None:
    found = _put("positive", text="edited", text_hash="h2")

    assert found is not None
    assert {"model", "vader"} & found.keys() == set()


def test_saying_the_same_again_changes_nothing_and_a_correction_keeps_its_past() -> None:
    first = _put("positive")
    again = _put("positive", first)
    other = _put("negative", first)
    edited = _put("positive", first, text="edited", text_hash="h2")

    assert first is not None
    assert again is None
    assert other is not None
    assert (other["label"], other["changes"]) == ("negative", 1)
    assert other["history"] == [{"label": "positive", "at": first["at"]}]
    assert (other["first_at"], other["at"] > first["at"]) == (first["at"], True)
    assert edited is not None
    assert edited["text"] == "edited"


def test_the_past_is_bounded() -> None:
    found = _put("positive")
    for number in range(MOST_HISTORY + 5):
        found = _put("negative" if number % 2 == 0 else "positive", found)

    assert found is not None
    assert len(found["history"]) == MOST_HISTORY
    assert found["changes"] == MOST_HISTORY + 5


def test_most_people_decide_and_ties_do_not() -> None:
    assert majority([]) is None
    assert majority(["positive"]) == "positive"
    assert majority(["positive", "negative"]) is None
    assert majority(["positive", "negative", "negative"]) == "negative"
    assert majority(["positive", "negative", "neutral"]) is None


def test_a_row_is_what_most_say_of_the_newest_text() -> None:
    old = {"post": "x:1", "text": "old", "text_hash": "h0", "at": "2026-01-01", "label": "negative"}
    new = {"post": "x:1", "text": "new", "text_hash": "h1", "at": "2026-02-01", "label": "positive"}

    found = agreed([new, old, old])

    assert found is not None
    assert (found.text, found.label, found.people) == ("new", "positive", 1)
    assert agreed([]) is None
    assert agreed([new, new | {"label": "neutral"}]) is None
    assert agreed([old, without_text(new)]) is None


def test_a_text_that_goes_takes_the_note_with_it() -> None:
    label = _put("positive")
    assert label is not None

    gone = without_text(label | {"note": "she says 'so good'"})

    assert "so good" not in str(gone)
    assert (gone["label"], gone["text_removed"], gone["model"]) == (
        *("positive", True),
        label["model"],
    )


@pytest.mark.parametrize(
    "text",
    [
        "post,label,by,note\r\nx:1,Positive,ann,\r\nx:2,negative,,\r\n",
        "\ufeffpost\tlabel\tby\nx:1\tpositive\tann\nx:2\tnegative\t\n",
        "platform;id;label;by;text\nx;1;positive;ann;hi\nx;2;negative;;ho\n",
        '{"post": "x:1", "label": "positive", "by": "ann"}\n\n{"platform": "x", "id": 2, '
        '"label": "negative", "text": "ho"}\n',
    ],
)
def test_labels_are_read_from_tables_and_json_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "labels"
    path.write_text(text, encoding="utf-8", newline="")

    found = [entry for _, entry in read_labels(path)]

    assert found == [
        {"post": "x:1", "label": "positive", "by": "ann"},
        {"post": "x:2", "label": "negative"},
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "must name the columns"),
        (b"id,label\n1,positive\n", "must name the columns"),
        (b'{"post": "x:1"\n', ":1: is no JSON"),
        (b"post,label\n\xff\xfe,positive\n", "no UTF-8"),
        (b"post,label\nx:1," + b"a" * 1_000_001, ":2: field larger"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(data)

    with pytest.raises(InvalidError, match=message):
        list(read_labels(path))


def _scored(number: int, *shares: float, vader: str = "neutral") -> dict[str, Any]:
    tone = dict(zip(("p_neg", "p_neu", "p_pos"), shares, strict=True))
    said = {"model": "m-1", "label": "neutral", "vader": {"label": vader}}
    return POST | {"native_id": str(number), "sentiment": tone | said}


def test_what_teaches_most_comes_first() -> None:
    sure = _scored(1, 0.01, 0.98, 0.01)
    unsure = _scored(2, 0.33, 0.34, 0.33)
    middling = _scored(3, 0.2, 0.62, 0.18)
    disputed = _scored(4, 0.2, 0.68, 0.12, vader="positive")

    found = [post["native_id"] for post in ranked([sure, middling, disputed, unsure])]

    assert found == ["2", "4", "3", "1"]
    assert vader_differs(disputed)
    assert not vader_differs(POST | {"sentiment": TONE})


def test_steps_share_no_post() -> None:
    first, second = (step_body(None, *step)["query"]["bool"] for step in ((-1, 0.4), (0.4, 0.5)))

    assert "should" not in first
    assert {"range": {"sentiment.p_pos": {"gte": 0.4}}} in second["should"]
    assert {"range": {"sentiment.p_pos": {"lt": 0.5}}} in second["filter"]


def _session(posts: list[dict[str, Any]], keys: str) -> tuple[list[Any], str]:
    shown = io.StringIO()
    left = iter(keys)
    session = Session(posts, lambda: next(left), Console(file=shown, width=100))
    found = []
    while (label := session.next_label()) is not None:
        found.append((label[0]["native_id"], label[1]))
    return found, shown.getvalue()


def test_a_session_takes_keys_and_shows_the_models_word_afterwards() -> None:
    posts = [_scored(number, 0.3, 0.4, 0.3) for number in range(5)]

    found, shown = _session(posts, "xNsuq")

    assert found == [("0", "negative"), ("2", "neutral")]
    assert "so good" in shown
    assert shown.index("1 of 5") < shown.index("m-1 says neutral")
    assert _session(posts[:1], "p")[0] == [("0", "positive")]
    assert _session(posts, "\x04")[0] == []


def test_a_post_cannot_command_the_terminal() -> None:
    hostile = _scored(1, 0.3, 0.4, 0.3) | {"text": "[red]a[/red]\x1b[2Jb\u202ec\r\nd\x9b"}

    _, shown = _session([hostile], "s")

    assert "\x1b" not in shown
    assert "[red]a[/red]" in shown
    assert printable("a\x1bb\u202e\r\nc\td") == "a\ufffdb\ufffd\nc d"
