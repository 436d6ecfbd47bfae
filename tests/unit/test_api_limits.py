"""How often a caller may ask, as pure arithmetic; and entity tags, which are pure, too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.entity_tags import entity_tag, is_known
from api.limits import Buckets, Pace
from lake.config import ApiConfig, checked
from lake.errors import ConfigError

PACE = Pace(per_min=60, burst=5)


def test_a_burst_is_granted_and_what_comes_after_it_waits() -> None:
    buckets = Buckets()

    turns = [buckets.take("a", PACE, 100.0) for _ in range(6)]

    assert [turn.is_granted for turn in turns] == [True] * 5 + [False]
    assert [turn.remaining for turn in turns] == [4, 3, 2, 1, 0, 0]
    assert turns[0].reset_s == pytest.approx(1)
    assert turns[5].retry_after_s == pytest.approx(1)
    assert turns[5].headers() == {
        "RateLimit-Limit": "5",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "5",
        "Retry-After": "1",
    }
    assert "Retry-After" not in turns[4].headers()


def test_who_waits_as_long_as_told_is_granted_and_no_sooner() -> None:
    buckets = Buckets()
    slow = Pace(per_min=6, burst=1)
    buckets.take("a", slow, 0.0)

    refused = buckets.take("a", slow, 4.0)
    early = buckets.take("a", slow, 9.9)
    late = buckets.take("a", slow, 4.0 + refused.retry_after_s)

    assert refused.retry_after_s == pytest.approx(6)
    assert (early.is_granted, late.is_granted) == (False, True)


def test_one_callers_requests_cost_no_other_anything() -> None:
    buckets = Buckets()
    for _ in range(20):
        buckets.take("a", PACE, 0.0)

    assert buckets.take("b", PACE, 0.0).remaining == 4


def test_a_rest_fills_a_bucket_to_its_brim_and_no_further() -> None:
    buckets = Buckets()
    buckets.take("a", PACE, 0.0)

    assert buckets.take("a", PACE, 1e9).remaining == 4


def test_too_many_callers_push_out_who_rested_longest() -> None:
    buckets = Buckets(most=2)
    for caller in ("a", "b", "a", "c"):  # b rested longest when c came
        buckets.take(caller, PACE, 0.0)

    assert buckets.take("a", PACE, 0.0).remaining == 2
    assert buckets.take("b", PACE, 0.0).remaining == 4


@given(st.lists(st.floats(0, 30), max_size=200), st.integers(1, 600), st.integers(1, 50))
def test_no_caller_ever_gets_more_than_its_burst_and_its_rate(
    waits_s: list[float], per_min: int, burst: int
) -> None:
    buckets, pace, now_s, granted = Buckets(), Pace(per_min, burst), 0.0, 0
    for wait_s in waits_s:
        now_s += wait_s
        granted += buckets.take("a", pace, now_s).is_granted

    assert granted <= burst + now_s * per_min / 60 + 1e-6


def test_a_tag_stands_for_the_bytes_and_for_how_they_are_sent() -> None:
    plain, zipped = entity_tag(b"x", is_zipped=False), entity_tag(b"x", is_zipped=True)

    assert plain != zipped
    assert plain != entity_tag(b"y", is_zipped=False)
    assert plain.startswith('"')
    assert plain.endswith('"')


@pytest.mark.parametrize(
    ("sent", "knows"),
    [
        *(('"abc"', True), ('W/"abc"', True), ('"x", "abc"', True), ("*", True)),
        *(('"abc-gzip"', True), ('"x" ,W/"abc-gzip"', True)),
        *(("", False), ('"ab"', False), ('"abcd"', False), ('"abc-gzip-gzip"', False)),
    ],
)
def test_who_has_an_answer_knows_its_tag(sent: str, knows: bool) -> None:
    assert is_known(sent, '"abc"') is knows
    assert is_known(sent, '"abc-gzip"') is knows


@pytest.mark.parametrize(
    "origin", ["board.example.org", "https://", "https://x/y", "https://x?y", "ftp://x", ""]
)
def test_an_origin_is_a_scheme_and_a_host(origin: str) -> None:
    with pytest.raises(ConfigError, match=r"cors_origins\.0"):
        checked(ApiConfig, {"cors_origins": [origin]}, "api")

    assert checked(ApiConfig, {"cors_origins": ["http://localhost:3000", "*"]}, "api")
