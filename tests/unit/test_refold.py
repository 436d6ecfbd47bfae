"""Folding a post's payloads again gives what the store made of them, unless the mapping changed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lake.documents import Origin, post_document, profile_document
from lake.layout import Layout
from lake.merge import merge_post, merge_profile
from lake.records import Author, Json, Post, Profile
from lake.refold import Entity, EntityKind, fields, observations, refold
from lake.reobserve import Repair, StoredObservation, repairs

LAYOUT = Layout("t-")
ORIGIN = Origin("run", "x:hashtag:t")
AT = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _post(hour: float = 0, **changes: Any) -> Json:
    fields: dict[str, Any] = {"text": "hello", "metrics": {"likes": 1, "shares": 0}} | changes
    post = Post("x", "post", "1", AT - HOUR, AT + hour * HOUR, author=Author("7"), **fields)
    return post_document(LAYOUT, post, ORIGIN).source


def _entity(*seen: Json, whole: bool = True, kind: EntityKind = "post") -> Entity:
    return Entity(kind, "x:1", list(seen), whole)


def _stored(*seen: Json) -> Json:
    """What the store makes of sights that arrive in this order."""
    stored = seen[0]
    for one in seen[1:]:
        stored = merge_post(stored, one) or stored
    return stored


def _source(entity: Entity, stored: Json | None) -> Json:
    source = refold(entity, stored).source
    assert source is not None
    return source


@pytest.mark.parametrize("seed", range(300))
def test_whatever_was_seen_nothing_changes_while_the_mapping_is_the_same(seed: int) -> None:
    draw = random.Random(seed)
    is_edited = draw.random() < 0.5
    variants = [_variant(draw, is_edited=is_edited) for _ in range(draw.randint(1, 4))]
    sights = [draw.choice(variants) for _ in range(draw.randint(1, 7))]
    seen = [_post(hour, **one) for hour, one in enumerate(sights)]
    stored = _stored(*seen)
    # A payload is kept once, with the time of its first sight.
    kept = [_post(sights.index(one), **one) for one in variants if one in sights]

    after = _source(_entity(*kept), stored)

    assert fields("post", after) == fields("post", stored)


def _variant(draw: random.Random, *, is_edited: bool) -> dict[str, Any]:
    """A payload; of edited posts all have the same hashtags, or their union would be ambiguous."""
    metrics = {"likes": draw.randint(0, 3), "shares": draw.randint(0, 2)}
    found: dict[str, Any] = {"metrics": metrics}
    if is_edited:
        found["text"] = draw.choice(["hello", "edited"])
    elif draw.random() < 0.3:
        found["hashtags"] = ("t",)
    if draw.random() < 0.3:
        found["language"] = draw.choice(["en", "de"])
    return found


def test_a_new_mapping_replaces_what_payloads_say_and_nothing_else() -> None:
    stored = _stored(_post(0, metrics={"shares": 0}), _post(5, metrics={"shares": 4}))
    stored |= {"sentiment": {"label": "positive"}, "enrich": {"state": "done"}, "labelled": "x"}
    stored["lang"] = {"detected": "en", "confidence": 0.9}

    after = _source(
        _entity(_post(0), _post(5, metrics={"likes": 9, "shares": 4}, language="de")), stored
    )

    assert after["metrics"] == {"likes": 9, "shares": 4}
    assert after["lang"] == {"detected": "en", "confidence": 0.9, "platform": "de"}
    assert after["metrics_at"] == "2026-10-01T05:00:00.000Z"
    same = ("sentiment", "enrich", "provenance", "first_seen", "observed_at")
    assert {name: after[name] for name in same} == {name: stored[name] for name in same}


def test_what_no_payload_says_any_more_goes() -> None:
    stored = _stored(_post(0, url="https://x.com/1", metrics={"likes": 1, "views": 8}))

    after = _source(_entity(_post(0)), stored)

    assert after["metrics"] == {"likes": 1, "shares": 0}
    assert "url" not in after


def test_where_payloads_are_not_whole_nothing_goes() -> None:
    stored = _stored(_post(0, url="https://x.com/1", metrics={"likes": 1, "views": 8}))

    after = _source(_entity(_post(0, metrics={"likes": 5}), whole=False), stored)

    assert after["metrics"] == {"likes": 5, "views": 8}
    assert after["url"] == "https://x.com/1"
    dropped = _post(3, metrics={"likes": 6})  # the payload of hour 0 went with its partition
    after = _source(_entity(dropped), _stored(_post(0, url="https://x.com/1"), dropped))
    assert after["url"] == "https://x.com/1"


def test_what_was_seen_after_payloads_that_are_not_whole_is_left_alone() -> None:
    stored = _stored(_post(0), _post(5, metrics={"likes": 50}))

    assert refold(_entity(_post(0), whole=False), stored).source is None
    assert refold(_entity(_post(0)), stored | {"erased": {"at": "x"}}).source is None


def test_the_payload_that_agrees_best_was_seen_again() -> None:
    """The mapping overlooked likes; what it read tells which payload came back."""
    old = [_post(hour, metrics={"shares": n}) for hour, n in ((0, 1), (1, 2), (2, 1))]
    new = [_post(0, metrics={"likes": 7, "shares": 1}), _post(1, metrics={"likes": 8, "shares": 2})]

    after = _source(_entity(*new), _stored(*old))

    assert after["metrics"] == {"likes": 7, "shares": 1}
    assert after["observed_at"] == "2026-10-01T02:00:00.000Z"


@pytest.mark.parametrize("turn", [1, -1])
def test_two_payloads_of_one_moment_are_no_difference(turn: int) -> None:
    seen = [_post(0, text="a"), _post(0, text="b"), _post(0, text="c")][::turn]

    for held in seen:
        after = _source(_entity(*seen), held)
        assert fields("post", after) == fields("post", held)
        assert after["observed_at"] == held["observed_at"]


def test_a_changed_text_is_to_be_scored_again() -> None:
    stored = _post(0, text="") | {"sentiment": {"label": "neutral"}, "enrich": {"state": "done"}}

    after = _source(_entity(_post(0)), stored)

    assert (after["text"], after["enrich"]) == ("hello", {"state": "stale"})
    assert after["sentiment"] == {"label": "neutral"}


def test_profiles_are_folded_too() -> None:
    profile = Profile("x", Author("7", "ann", followers=5), AT, following=2)
    stored = profile_document(LAYOUT, replace(profile, following=None), ORIGIN).source
    seen = profile_document(LAYOUT, profile, ORIGIN).source

    after = _source(_entity(seen, kind="profile"), stored)

    assert (after["following"], after["first_seen"]) == (2, stored["first_seen"])
    assert merge_profile(after, seen) is None
    assert refold(_entity(seen, kind="profile"), after).source == after


def _observed(*states: Json) -> list[StoredObservation]:
    found = observations(LAYOUT, _entity(), states)
    return [StoredObservation(document, 1) for document in found.values()]


def _numbers(found: list[Repair]) -> list[Any]:
    return [(one.before and one.before["metrics"], one.document.source["metrics"]) for one in found]


def test_observations_get_the_numbers_of_their_time() -> None:
    old = [_post(hour, metrics={"shares": n}) for hour, n in ((0, 1), (1, 2), (2, 1))]
    new = [_post(0, metrics={"likes": 7, "shares": 1}), _post(1, metrics={"likes": 8, "shares": 2})]
    expected = observations(LAYOUT, _entity(), new)

    found = repairs(_observed(*old), expected, expected, whole=True)

    assert _numbers(found) == [
        ({"shares": 1}, {"likes": 7, "shares": 1}),
        ({"shares": 2}, {"likes": 8, "shares": 2}),
        ({"shares": 1}, {"likes": 7, "shares": 1}),  # of hour 2: the first payload again
    ]
    assert repairs(_observed(*new), expected, expected, whole=True) == []
    lacking = repairs(_observed(new[0]), expected, expected, whole=True)
    assert _numbers(lacking) == [(None, {"likes": 8, "shares": 2})]
    assert repairs(_observed(new[0]), expected, expected, whole=False) == []
