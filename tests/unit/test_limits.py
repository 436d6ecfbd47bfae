from __future__ import annotations

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
