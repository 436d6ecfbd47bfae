from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.limits import remaining_calls, reset_after_s

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"retry-after": "Sat, 21 Nov 2026 12:01:30 GMT"}, 90.0),
        ({"X-RateLimit-Reset": "2026-11-21T12:05:00.288846Z"}, 300.288846),
        ({"X-RateLimit-Reset": "2026-11-21T13:05:00+01:00"}, 300.0),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 42)}, 42.0),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) + 42)}, 42.0),
        ({"x-ratelimit-reset": str((int(NOW.timestamp()) + 42) * 1000)}, 42.0),
        ({"x-ratelimit-reset": "599.5"}, 599.5),
        ({"Retry-After": "5", "X-RateLimit-Reset": "2026-11-21T12:05:00Z"}, 5.0),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "2026-11-21T12:05:00Z"}, 300.0),
        ({"X-RateLimit-Reset": "2026-11-21T11:00:00Z"}, 0.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "nan"}, None),
        ({"X-RateLimit-Reset": "inf"}, None),
        ({"X-RateLimit-Reset": "after lunch"}, None),
        ({}, None),
    ],
)
def test_reads_the_reset_in_each_platforms_form(
    headers: dict[str, str], seconds: float | None
) -> None:
    found = reset_after_s(headers, NOW)

    assert found == (None if seconds is None else pytest.approx(seconds, abs=1e-3))


@given(st.text() | st.floats().map(str) | st.datetimes().map(str))
def test_no_reset_header_makes_a_negative_wait_or_an_error(text: str) -> None:
    found = reset_after_s({"Retry-After": text, "X-RateLimit-Reset": text}, NOW)

    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({"X-RateLimit-Remaining": "0"}, 0.0),
        ({"x-rate-limit-remaining": "14"}, 14.0),
        ({"X-Ratelimit-Remaining": "598.0"}, 598.0),
        ({"X-RateLimit-Remaining": "many"}, None),
        ({}, None),
    ],
)
def test_reads_how_many_calls_are_left(headers: dict[str, str], left: float | None) -> None:
    assert remaining_calls(headers) == left


def _business(**usage: object) -> str:
    return json.dumps({"17841400000000001": [{"type": "instagram", **usage}]})


@pytest.mark.parametrize(
    ("headers", "left", "seconds"),
    [
        ({"X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":25}'}, 72.0, None),
        ({"x-app-usage": '{"call_count":9,"total_time":40,"total_cputime":3}'}, 60.0, None),
        ({"X-App-Usage": '{"call_count":100,"total_time":1,"total_cputime":1}'}, 0.0, 3600.0),
        ({"X-App-Usage": '{"call_count":131}'}, 0.0, 3600.0),
        ({"X-App-Usage": '{"call_count":99.5}'}, 0.5, 3600.0),
        ({"X-App-Usage": '{"call_count":"28"}'}, 72.0, None),
        ({"X-App-Usage": '{"call_count":null}'}, None, None),
        ({"X-App-Usage": "[]"}, None, None),
        ({"X-App-Usage": '{"call_count":28'}, None, None),
        (
            {"X-Business-Use-Case-Usage": _business(call_count=40, total_time=7)},
            60.0,
            None,
        ),
        (
            {
                "X-Business-Use-Case-Usage": _business(
                    call_count=100, total_time=7, estimated_time_to_regain_access=12
                )
            },
            0.0,
            720.0,
        ),
        (
            {
                "X-App-Usage": '{"call_count":3}',
                "X-Business-Use-Case-Usage": _business(
                    call_count=100, estimated_time_to_regain_access="5"
                ),
            },
            0.0,
            300.0,
        ),
        (
            {
                "X-Business-Use-Case-Usage": _business(
                    call_count=100, estimated_time_to_regain_access=-4
                )
            },
            0.0,
            3600.0,
        ),
        ({"X-Business-Use-Case-Usage": '{"1": "no list", "2": [null, 3]}'}, None, None),
        (
            {"Retry-After": "5", "X-App-Usage": '{"call_count":100}'},
            0.0,
            5.0,
        ),
    ],
)
def test_reads_what_meta_says_is_used_up(
    headers: dict[str, str], left: float | None, seconds: float | None
) -> None:
    assert remaining_calls(headers) == left
    assert reset_after_s(headers, NOW) == seconds


@given(st.text() | st.recursive(st.none() | st.floats() | st.integers(), st.lists).map(json.dumps))
def test_no_usage_header_makes_a_negative_number_or_an_error(text: str) -> None:
    of_business = json.dumps({"1": [{"call_count": text, "estimated_time_to_regain_access": text}]})
    for headers in ({"X-App-Usage": text}, {"X-Business-Use-Case-Usage": of_business}):
        assert (remaining_calls(headers) or 0) >= 0
        assert (reset_after_s(headers, NOW) or 0) >= 0
