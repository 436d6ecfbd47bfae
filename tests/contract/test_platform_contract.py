"""What every platform promises of ``normalise``, on what it really sent and on rubbish.

A further platform or archive format adds its ``Case`` to ``CASES`` and nothing else.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestors.connections import platform_names
from ingestors.platform import Payload
from ingestors.platforms import bluesky, instagram, mastodon, reddit, threads, tiktok, x, youtube
from lake.errors import PayloadError
from lake.records import POST_METRICS, Erasure, Json, Post, Profile, Record, TagCounter
from lake.text import normal_hashtag
from tests.contract import archive_payloads as archives
from tests.contract import bluesky_payloads, tiktok_payloads, x_payloads
from tests.contract import payloads as recorded
from tests.contract.format_payloads import format_cases
from tests.contract.instagram_payloads import of_instagram
from tests.contract.payloads import Case
from tests.contract.reddit_payloads import of_reddit
from tests.contract.threads_payloads import of_threads
from tests.contract.youtube_payloads import youtube as of_youtube

CASES = (
    Case(
        name="mastodon",
        normalise=mastodon.normalise,
        payloads=recorded.mastodon(),
        platforms=frozenset({"mastodon"}),
    ),
    Case("x", x.normalise, x_payloads.of_x(), frozenset({"x"})),
    Case("youtube", youtube.normalise, of_youtube(), frozenset({"youtube"})),
    Case("instagram", instagram.normalise, of_instagram(), frozenset({"instagram"})),
    Case("threads", threads.normalise, of_threads(), frozenset({"threads"})),
    Case("reddit", reddit.normalise, of_reddit(), frozenset({"reddit"})),
    Case("x_v2", archives.NORMALISE["x_v2"], archives.of_x(), frozenset({"x"})),
    Case("bluesky", archives.NORMALISE["bluesky"], archives.of_bluesky(), frozenset({"bluesky"})),
    Case("bluesky_api", bluesky.normalise, bluesky_payloads.bluesky(), frozenset({"bluesky"})),
    Case("rtweet", archives.NORMALISE["rtweet"], archives.of_rtweet(), frozenset({"x"})),
    Case("table", archives.NORMALISE["table"], archives.of_table(), frozenset({"x"})),
    Case(
        "tiktok",
        tiktok.normalise,
        tiktok_payloads.of_tiktok(),
        frozenset({"tiktok"}),
        told_twice=True,
    ),
)
KEPT = recorded.kept({name for case in CASES for name in case.platforms})
CASES += KEPT + format_cases()
OBSERVED_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SHAPES = 10  # of each kind of payload
MANGLED = 3  # levels of a payload whose every value is replaced
RUBBISH: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    float("inf"),
    "",
    "\x00\ud800",
    "http://[",
    "<![x[<p",
    "9999-12-31T23:59:59-12:00",
    [],
    [None, 1, "a", {}, []],
    {},
    {"id": {}, "url": [], "name": 3},
)
KINDS = {"post", "reshare", "quote", "reply", "comment"}
MEDIA = {"photo", "video", "gif", "audio", "link", "poll"}
PAYLOADS = [
    pytest.param(case, payload, id=f"{case.name}-{payload.kind}-{number}")
    for case in CASES
    for number, payload in enumerate(case.payloads)
]
SHAPED = [
    pytest.param(case, payload, id=f"{case.name}-{payload.kind}-{number}")
    for case in CASES
    for number, payload in enumerate(recorded.distinct_shapes(case.payloads, SHAPES))
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def test_every_platform_is_under_contract() -> None:
    under = {name for case in CASES for name in case.platforms}

    assert set(platform_names()) - {"archive"} <= under


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_platform_has_recordings_of_every_shape(case: Case) -> None:
    assert len(case.payloads) > (2 if case in KEPT else 10)


def test_the_mastodon_recordings_are_all_found() -> None:
    kinds = [payload.kind for payload in recorded.mastodon()]

    assert kinds.count("status") >= 340
    assert kinds.count("tag") >= 22
    assert kinds.count("account") >= 390


@pytest.mark.parametrize(("case", "payload"), PAYLOADS)
def test_what_was_recorded_becomes_records(case: Case, payload: Payload) -> None:
    before = copy.deepcopy(payload.body)

    first = tuple(case.normalise(payload, OBSERVED_AT))
    second = tuple(case.normalise(payload, OBSERVED_AT))

    assert first == second, "not pure"
    assert payload.body == before, "the payload was changed"
    assert first, "a good payload without a record"
    for record in first:
        _check(case, record, payload.body)


@pytest.mark.parametrize(("case", "payload"), SHAPED)
def test_a_missing_key_makes_records_or_one_kind_of_error(case: Case, payload: Payload) -> None:
    whole = [_numbers(record) for record in case.normalise(payload, OBSERVED_AT)]

    keys = [where for where in _places(payload.body, depth=2) if isinstance(where[-1], str)]
    for where in keys:
        body = copy.deepcopy(payload.body)
        _parent(body, where).pop(where[-1])
        for number, record in enumerate(_tried(case, payload, body)):
            for name, value in _numbers(record).items():
                before = whole[number].get(name, value) if number < len(whole) else value
                told = case.told_twice and str(value) in map(str, _leaves(body, int | str))
                assert value == before or told, f"{name} was made up without {where}"


@pytest.mark.parametrize(("case", "payload"), SHAPED)
def test_rubbish_in_any_place_makes_records_or_one_kind_of_error(
    case: Case, payload: Payload
) -> None:
    for where in list(_places(payload.body, MANGLED)):
        for rubbish in RUBBISH:
            body = copy.deepcopy(payload.body) if len(where) > 1 else dict(payload.body)
            _parent(body, where)[where[-1]] = rubbish
            _tried(case, payload, body)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_any_json_makes_records_or_one_kind_of_error(case: Case) -> None:
    kinds = sorted({payload.kind for payload in case.payloads})
    keys = sorted({key for payload in case.payloads for key in payload.body})
    bodies = st.dictionaries(st.sampled_from(keys) | st.text(max_size=8), JSON, max_size=12)

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(st.sampled_from(kinds), bodies)
    def check(kind: str, body: Json) -> None:
        _tried(case, Payload(kind, body), body)

    check()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_unknown_kind_of_payload_is_a_payload_error(case: Case) -> None:
    with pytest.raises(PayloadError):
        case.normalise(Payload("no such kind", {}), OBSERVED_AT)


def _tried(case: Case, payload: Payload, body: Json) -> tuple[Record, ...]:
    """The records of a damaged payload, checked; none where it is refused as it should be."""
    try:
        records = tuple(case.normalise(replace(payload, body=body), OBSERVED_AT))
    except PayloadError:
        return ()
    for record in records:
        _check(case, record, body)
    return records


def _check(case: Case, record: Record, body: Json) -> None:
    assert record.platform in case.platforms
    for moment in _leaves(asdict(record), datetime):
        assert moment.utcoffset() == timedelta(0)
    for text in _leaves(asdict(record), str):
        assert "\x00" not in text
        text.encode("utf-8")
    numbers = _numbers(record)
    for name, value in numbers.items():
        assert type(value) is int
        assert (-(2**63) if name == "score" else 0) <= value < 2**63
    if 0 in numbers.values():
        assert "0" in map(str, _leaves(body, int | str)), "a made-up zero"
    if isinstance(record, Post):
        _check_post(record)
    elif isinstance(record, Profile):
        assert record.author.key()
    elif isinstance(record, Erasure):
        assert record.native_id
        assert record.reason
    else:
        assert record.tag == normal_hashtag(record.tag) != ""


def _check_post(post: Post) -> None:
    assert post.native_id
    assert post.kind in KINDS
    assert set(post.media) <= MEDIA
    assert set(post.metrics) <= set(POST_METRICS)
    assert set(post.metrics_missing) <= set(POST_METRICS) - set(post.metrics)
    for tag in post.hashtags:
        assert tag == normal_hashtag(tag) != ""
    for several in (post.hashtags, post.mentions, post.media):
        assert isinstance(several, tuple)
        assert len(set(several)) == len(several)
    for optional in (post.url, post.language, post.reply_to, *_names(post)):
        assert optional != "", "missing is None"


def _names(post: Post) -> tuple[str | None, ...]:
    return post.author.id, post.author.handle, post.author.name


def _numbers(record: Record) -> dict[str, int]:
    if isinstance(record, Post):
        found = {**record.metrics, "followers": record.author.followers}
    elif isinstance(record, Profile):
        counts = {"following": record.following, "posts": record.posts}
        found = {**counts, "followers": record.author.followers}
    elif isinstance(record, Erasure):
        return {}
    else:
        assert isinstance(record, TagCounter)
        found = {"posts": record.posts, "authors": record.authors, "views": record.views}
    return {name: value for name, value in found.items() if value is not None}


def _leaves(value: Any, kind: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item, kind)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, kind)
    elif isinstance(value, kind):
        yield value


def _places(value: Any, depth: int) -> Iterator[tuple[Any, ...]]:
    """Where in a payload something can be missing; of a list, its first element only."""
    if depth == 0:
        return
    keys = list(value) if isinstance(value, dict) else [0] if isinstance(value, list) else []
    for key in keys:
        if isinstance(value, list) and not value:
            return
        yield (key,)
        for rest in _places(value[key], depth - 1):
            yield (key, *rest)


def _parent(body: Any, where: tuple[Any, ...]) -> Any:
    for key in where[:-1]:
        body = body[key]
    return body
