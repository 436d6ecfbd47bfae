"""What the radar takes for drift, and what it does not."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import comb
from typing import Any

import pytest

from ingestors.changes import Change, changes, told
from ingestors.odds import at_least, none_of
from ingestors.shape import described, shape_of, value_at
from ingestors.structure import Known, Sample, known_from
from lake.records import Author, Post

AT = datetime(2026, 10, 1, tzinfo=UTC)
Body = dict[str, Any]


def _body(number: int = 1) -> Body:
    return {
        "id": str(number),
        "likes": number,
        "user": {"name": "ann", "bio": None},
        "tags": [{"name": "a", "url": "u"}, {"name": "b"}],
        "maybe": {"deep": 1} if number % 3 else None,
    }


def _post(body: Body) -> Post:
    likes = body.get("likes")
    metrics = {"likes": likes} if isinstance(likes, int) else {}
    return Post("x", "post", "1", AT, AT, "text", Author("1"), metrics=metrics)


def _poll(known: Known, bodies: Iterable[Body], *, unusable: bool = False) -> list[Change]:
    """One poll, with what is known kept as JSON in between, as the lake keeps it."""
    sample = Sample()
    for body in bodies:
        sample.add(body, None if unusable else [_post(body)])
    found = changes(known, sample)
    known.learn(sample, told(known, sample, found))
    kept = known_from(json.loads(json.dumps(known.as_json())))
    for name in ("payloads", "unusable", "paths", "fields", "open"):
        setattr(known, name, getattr(kept, name))
    return found


def _after(count: int) -> Known:
    known = Known()
    assert _poll(known, map(_body, range(1, count + 1))) == []
    return known


def _paths(found: list[Change]) -> set[tuple[str, str]]:
    return {(one.change, one.path) for one in found}


def test_a_shape_is_every_path_with_its_types() -> None:
    assert shape_of({"a": 1, "b": [{"c": "x"}, {"c": None, "d": True}], "e": []}) == {
        "": "o",
        "a": "n",
        "b": "a",
        "b[]": "o",
        "b[].c": "sz",
        "b[].d": "b",
        "e": "a",
    }


@pytest.mark.parametrize(
    "key",
    [
        "2026-11-01",
        "did:plc:abc",
        "a.example",
        "k8hx2k3lm9z",
        "did12345",
        "ann@b",
        "名",
        "",
        "two words",
    ],
)
def test_keys_that_are_data_are_one_path(key: str) -> None:
    assert set(shape_of({"map": {key: {"n": 1}}})) == {"", "map", "map.*", "map.*.n"}


@pytest.mark.parametrize(
    "key", ["favourites_count", "@type", "$type", "h264", "is-live", "thumbnail_1080"]
)
def test_keys_that_are_names_keep_their_path(key: str) -> None:
    assert f"map.{key}" in shape_of({"map": {key: 1}})


def test_no_payload_makes_paths_without_end() -> None:
    deep: Body = {}
    inner = deep
    for _ in range(500):
        inner["a"] = {}
        inner = inner["a"]
    wide = {f"k{a}_{b}": 1 for a in "abcdefghij" for b in "klmnopqrstuvwxyzklmnop"}

    assert len(shape_of(deep)) <= 13
    assert set(shape_of(wide)) <= {"", "*"} | set(wide)
    assert len(shape_of({f"{a}{b}{c}": {"x": 1} for a in "ab" for b in "cd" for c in "ef"})) < 20
    assert set(shape_of({f"k{chr(97 + n % 26)}{chr(97 + n // 26)}": 1 for n in range(300)})) == {
        "",
        "*",
    }


def test_values_are_shown_without_what_people_wrote() -> None:
    body = {"a": [{"b": "secret"}], "n": 5}

    assert described(value_at(body, "a[].b")) == "text of 6 characters"
    assert described(value_at(body, "n")) == "5"
    assert value_at(body, "a[].c.d") is None


@pytest.mark.parametrize(("n", "of"), [(1, 20), (3, 20), (10, 10), (2, 1000)])
def test_the_odds_are_exact(n: int, of: int) -> None:
    assert none_of(n, of, of) == pytest.approx(1 / comb(of + 1 + n, n))
    assert at_least(n, n, 0, of) == pytest.approx(1 / comb(of + 1 + n, n))
    assert at_least(0, n, of // 2, of) == pytest.approx(1.0)


def _renamed(old: str, new: str) -> Callable[[Body], Body]:
    def change(body: Body) -> Body:
        target = body["user"] if old in body["user"] else body
        target[new] = target.pop(old)
        return body

    return change


@pytest.mark.parametrize(("before", "now"), [(20, 1), (10, 2), (5, 3), (400, 1), (40, 40)])
@pytest.mark.parametrize(("old", "new"), [("likes", "like_total"), ("name", "display_name")])
def test_a_renamed_key_is_told_at_once(before: int, now: int, old: str, new: str) -> None:
    known = _after(before)

    found = _poll(known, map(_renamed(old, new), map(_body, range(1, now + 1))))

    prefix = "user." if old == "name" else ""
    assert {("vanished", prefix + old), ("new", prefix + new)} <= _paths(found)
    assert f"new beside it: {new}" in next(one.after for one in found if one.change == "vanished")


def test_a_key_that_is_gone_is_told_once_it_cannot_be_chance() -> None:
    known = _after(50)
    without = {name: value for name, value in _body().items() if name != "likes"}

    polls = [_paths(_poll(known, [copy.deepcopy(without)])) for _ in range(4)]

    gone = ("vanished", "likes")
    assert [gone in found for found in polls] == [False, True, True, True]
    assert known.open.count("vanished|likes|") == 1
    _poll(known, [_body()])
    assert "vanished|likes|" not in known.open


def test_what_hangs_on_an_absent_object_is_not_missing() -> None:
    known = _after(60)

    assert _poll(known, [_body(3)] * 30) == []  # "maybe" is null, so it has no "deep"
    found = _poll(known, [_body(1) | {"maybe": {"other": 1}}] * 3)
    assert ("vanished", "maybe.deep") in _paths(found)


def test_optional_keys_raise_no_alarm() -> None:
    random.seed(5)
    known, alarms = Known(), 0
    for _ in range(300):
        bodies = []
        for number in range(random.randint(1, 40)):
            body = _body(number)
            for letter in "abcdefghijklmnop":
                if random.random() < (ord(letter) - 96) / 18:
                    body[f"optional_{letter}"] = random.choice([1, None])
            bodies.append(body)
        alarms += len(_poll(known, bodies))

    assert alarms <= 2


def test_another_type_is_told_once_and_null_is_none() -> None:
    known = _after(30)

    assert _poll(known, [_body() | {"id": None}]) == []
    found = _poll(known, [_body(), _body() | {"id": 7}])
    again = _poll(known, [_body() | {"id": 7}])

    [retyped] = found
    assert (retyped.change, retyped.path, retyped.before) == ("retyped", "id", "string")
    assert retyped.after == "number in 1 of 2"
    assert again == []


def test_a_field_that_falls_silent_is_told_although_the_key_is_there() -> None:
    known = _after(40)

    found = _poll(known, [_body() | {"likes": None}] * 3)

    assert _paths(found) == {("null_rate", "post.likes")}
    assert found[0].after == "missing from 3 of 3"
    assert _poll(_after(40), [_body(), _body() | {"likes": None}]) == []


def test_unusable_payloads_are_told_even_by_the_first_poll() -> None:
    assert _paths(_poll(Known(), [_body()] * 3, unusable=True)) == {("unusable", "")}
    assert _poll(Known(), [_body()], unusable=True) == []
    known = _after(40)
    few = Sample()
    for number in range(40):
        few.add(_body(number), None if number < 3 else [_post(_body(number))])
    assert changes(known, few) == []


def test_what_is_known_stays_small_and_keeps_up() -> None:
    known = Known()
    for poll in range(60):
        _poll(known, [_body() | {f"k{poll}_{chr(97 + n % 26)}x{n // 26}": 1} for n in range(100)])

    assert len(known.paths) <= 2_000
    assert known.paths[""].seen <= 4_000
    assert ("vanished", "likes") in _paths(_poll(known, [{"id": "1", "user": {}}] * 3))


def test_a_large_poll_is_sampled() -> None:
    sample = Sample()
    for number in range(4_000):
        sample.add(_body(number), [])

    assert (sample.payloads, sample.sampled) == (4_000, 300)
