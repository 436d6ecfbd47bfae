"""The digest of a post's comments."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.comment_digest import Digest, Tone, digest_row, digests_in, questions
from analysis.comments import Commented, copies_in, digest_body
from analysis.questions import is_question
from lake import times


def post(**changes: Any) -> Commented:
    source: dict[str, Any] = {
        "@timestamp": "2026-03-01T12:00:00.000Z",
        "platform": "youtube",
        "kind": "post",
        "native_id": "v1",
        "observed_at": "2026-03-02T12:00:00.000Z",
        "first_seen": "2026-03-02T12:00:00.000Z",
        "text": "a video",
        "metrics": {"comments": 8},
        "enrich": {"state": "done"},
        "sentiment": {"label": "positive", "score": 0.5},
    }
    return Commented(source | changes)


LATER = times.from_text("2026-03-05")
FIRST = Tone(3, {"positive": 2, "negative": 1, "neutral": 0, "unsure": 0}, 0.6, 3)
REST = Tone(3, {"positive": 0, "negative": 1, "neutral": 0, "unsure": 0}, -1.0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "why?",
        "really?! wow",
        'he asked "why?"',
        "لماذا؟",
        "看https://x.co/abc吗？",
        "have you seen https://t.co/abc?",
        "what?no",
        "and/or?",
        "Ինչու՞",
        "τι\u037e",
    ],
)
def test_a_text_with_a_question_mark_asks(text: str) -> None:
    assert is_question(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "https://www.youtube.com/watch?v=1",
        "look: youtu.be/x?si=2, nice",
        "WWW.example.org?page=2",
        "stop; now",
    ],
)
def test_an_address_asks_nothing(text: str) -> None:
    assert is_question(text) is False


def test_a_semicolon_asks_in_greek_only() -> None:
    assert is_question("Τι κάνεις;", "el") is True
    assert is_question("Τι κάνεις; Καλά", "el-GR") is True
    assert is_question("Τι κάνεις;", "en") is False
    assert is_question("ένα;δύο", "el") is False


def test_a_very_long_word_is_read_quickly() -> None:
    assert is_question("a." * 100_000 + "/?") is True  # an address that ends with one


def test_the_share_of_questions_is_of_the_comments_that_were_read() -> None:
    texts = [{"text": "why?"}, {"text": "ok"}, {"text": ""}, {"text": "Τι;", "lang": lang("el")}]

    found = questions(texts, 10)

    assert found["value"] == pytest.approx(100 * 2 / 3)
    assert (found["questions"], found["n"], found["missing"]) == (2, 10, 7)
    assert found["low"] < found["value"] < found["high"]


def lang(code: str) -> dict[str, str]:
    return {"detected": code}


def test_of_no_comments_every_share_is_unknown() -> None:
    found = digest_row(post(metrics={}), Digest(Tone(), Tone(), 0, []), [], LATER)

    assert found["collected"] == 0
    assert (found["comments"], found["collected_share"]) == (None, None)
    assert found["questions"]["value"] is None
    assert found["sentiment"]["mean"] is None
    assert found["sentiment"]["difference"] is None
    assert found["first_hour"] == {
        "comments": 0,
        "sentiment_mean": None,
        "scored": 0,
        "over": True,
    }


def test_the_tone_of_comments_stands_beside_the_posts_own() -> None:
    found = digest_row(post(), Digest(FIRST, REST, 4, []), [], LATER)

    tone = found["sentiment"]
    assert tone["mean"] == pytest.approx(-0.1)
    assert tone["difference"] == pytest.approx(-0.6)
    assert tone["net"] == 0
    assert (tone["n"], tone["missing"]) == (6, 2)
    assert found["first_hour"]["sentiment_mean"] == pytest.approx(0.2)
    assert found["later"] == {"comments": 3, "sentiment_mean": -1, "scored": 1}


def test_a_stale_score_of_the_post_is_no_score() -> None:
    stale = post(enrich={"state": "stale"})

    found = digest_row(stale, Digest(FIRST, REST, 4, []), [], LATER)

    assert found["sentiment"]["post"] is None
    assert found["sentiment"]["difference"] is None


@pytest.mark.parametrize(
    ("platform", "said", "expected"),
    [("youtube", 8, 75), ("x", 8, 50), ("youtube", 3, 100), ("youtube", 0, None)],
)
def test_what_was_collected_is_compared_with_what_the_platform_counts(
    platform: str, said: int, expected: float | None
) -> None:
    one = post(platform=platform, metrics={"comments": said})

    found = digest_row(one, Digest(FIRST, REST, 4, []), [], LATER)

    assert found["collected_share"] == expected


def test_a_first_hour_that_is_not_over_says_so() -> None:
    soon = times.from_text("2026-03-01T12:59:59Z")

    found = digest_row(post(), Digest(FIRST, Tone(), 3, []), [], soon)

    assert found["first_hour"]["over"] is False


def test_a_post_on_many_servers_is_answered_under_each_of_its_ids() -> None:
    uri = "https://a.example/users/u/statuses/1"
    servers = {
        "buckets": [
            {"key": "a.example", "ids": {"buckets": [{"key": "1"}]}},
            {"key": "b.example", "ids": {"buckets": [{"key": "77"}]}},
        ]
    }
    answer = {"aggregations": {"posts": {"buckets": [{"key": uri, "servers": servers}]}}}

    copies = copies_in(answer)

    assert copies == {uri: (("a.example", "1"), ("b.example", "77"))}
    one = Commented(post(platform="mastodon", native_id=uri).source, copies[uri])
    ways = str(one.discussion())
    assert "{'term': {'reply_to': '77'}}" in ways
    assert f"'mastodon:comments:{uri}', 'mastodon:comments:a.example:1'" in ways


def test_the_first_hour_ends_60_minutes_after_each_post() -> None:
    body = digest_body([post(), post(**{"@timestamp": "2026-03-01T20:30:00.000Z"})])

    parts = body["aggs"]["parts"]["filters"]["filters"]
    cuts = {name: part["bool"]["filter"][1]["range"]["@timestamp"] for name, part in parts.items()}
    assert cuts["0.first"] == {"lt": "2026-03-01T13:00:00.000Z"}
    assert cuts["1.later"] == {"gte": "2026-03-01T21:30:00.000Z"}


def test_the_last_hour_there_is_never_ends() -> None:
    last = post(**{"@timestamp": "9999-12-31T23:30:00.000Z"})

    assert digest_row(last, Digest(FIRST, Tone(), 3, []), [], LATER)["first_hour"]["over"] is False
    assert "9999-12-31T23:59:59.999Z" in str(digest_body([last]))


def test_an_answer_over_no_index_gives_empty_digests() -> None:
    assert digests_in({}, 2)[1].later.comments == 0
