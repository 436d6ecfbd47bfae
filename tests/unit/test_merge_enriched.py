"""What enrichment added to a post outlives every sight of it that leaves the text as it was."""

from __future__ import annotations

from typing import Any

from lake.merge import merge_post
from lake.records import Json
from lake.text import digest

EARLY, LATE = "2026-03-05T12:00:00.000Z", "2026-03-06T12:00:00.000Z"
ADDED: Json = {
    "enrich": {"state": "done"},
    "sentiment": {"label": "positive", "model": "m-1", "vader": {"label": "neutral"}},
}
LANG = {"platform": "en", "detected": "de", "confidence": 0.9}


def _seen(text: str = "Guten Tag", at: str = EARLY, **fields: Any) -> Json:
    return {
        "platform": "x",
        "text": text,
        "text_hash": digest(text),
        "hashtags": [],
        "author": {"id": "1"},
        "lang": {"platform": "en"},
        "metrics": {"likes": 1},
        "engagement": {"value": 1, "definition": "engagement.v1"},
        "enrich": {"state": "pending"},
        "first_seen": at,
        "observed_at": at,
        "metrics_at": at,
        "provenance": {"targets": ["t"], "first_run": "r", "last_run": "r"},
    } | fields


def test_new_numbers_leave_sentiment_and_language() -> None:
    stored = _seen() | ADDED | {"lang": LANG}

    merged = merge_post(stored, _seen(at=LATE, metrics={"likes": 5}))

    assert merged is not None
    assert merged["metrics"] == {"likes": 5}
    assert {name: merged[name] for name in ADDED} == ADDED
    assert merged["lang"] == LANG


def test_a_new_text_makes_the_score_stale_and_the_language_unknown() -> None:
    stored = _seen() | ADDED | {"lang": LANG}

    merged = merge_post(stored, _seen("Good day", at=LATE))

    assert merged is not None
    assert merged["enrich"] == {"state": "stale"}
    assert merged["sentiment"] == ADDED["sentiment"]
    assert merged["lang"] == {"platform": "en"}


def test_the_same_sight_again_and_an_older_one_change_nothing() -> None:
    stored = _seen(at=LATE) | ADDED | {"lang": LANG, "first_seen": EARLY}

    assert merge_post(stored, _seen(at=LATE)) is None
    assert merge_post(stored, _seen("an older text", at=EARLY)) is None


def test_which_of_two_sights_at_one_time_holds_does_not_depend_on_enrichment() -> None:
    first, second = _seen("one"), _seen("two")

    plain = merge_post(first, second) or first
    enriched = merge_post(first | ADDED | {"lang": LANG}, second) or first
    other_way = merge_post(second | ADDED | {"lang": LANG}, first) or second

    assert plain["text"] == enriched["text"] == other_way["text"]
