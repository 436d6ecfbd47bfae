from __future__ import annotations

import pytest

from lake.errors import BlockedError, RateLimitedError, RetryError, UnavailableError
from lake.retry import Backoff, retrying


class Naps:
    """A sleep that only notes how long it was asked to be."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


class Flaky:
    """A call that fails with each of some errors, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def longest() -> float:
    return 1.0


def test_the_ceiling_doubles_until_the_cap() -> None:
    backoff = Backoff(base_s=1, cap_s=5, draw=longest)

    waits = [backoff.wait_s(attempt) for attempt in range(5)]

    assert waits == [1, 2, 4, 5, 5]


def test_jitter_takes_the_whole_range_below_the_ceiling() -> None:
    assert Backoff(base_s=8, draw=lambda: 0.0).wait_s(0) == 0.0
    assert Backoff(base_s=8, draw=lambda: 0.25).wait_s(0) == 2.0


def test_a_very_late_attempt_still_waits_the_cap() -> None:
    assert Backoff(base_s=1, cap_s=60, draw=longest).wait_s(100_000) == 60


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
def test_never_waits_less_than_the_other_side_asks(draw: float) -> None:
    backoff = Backoff(base_s=1, cap_s=2, draw=lambda: draw)

    assert backoff.wait_s(0, 30.0) == 30.0


def test_a_reset_that_has_passed_still_backs_off() -> None:
    assert Backoff(base_s=1, draw=longest).wait_s(2, 0.0) == 4.0


async def test_a_first_answer_is_given_without_waiting() -> None:
    call, naps = Flaky(), Naps()

    answer = await retrying(call, backoff=Backoff(), attempts=3, sleep=naps)

    assert (answer, call.calls, naps.waits) == ("answer", 1, [])


async def test_calls_again_after_each_error_that_may_pass() -> None:
    call, naps = Flaky(UnavailableError("busy"), RateLimitedError("slow", after_s=7)), Naps()
    told: list[tuple[str, float]] = []

    answer = await retrying(
        call,
        backoff=Backoff(base_s=1, draw=longest),
        attempts=3,
        sleep=naps,
        on_wait=lambda error, wait_s: told.append((str(error), wait_s)),
    )

    assert answer == "answer"
    assert naps.waits == [1.0, 7.0]
    assert told == [("busy", 1.0), ("slow", 7.0)]


async def test_gives_the_last_error_after_the_last_attempt() -> None:
    call, naps = Flaky(*(UnavailableError(f"no {n}") for n in range(1, 9))), Naps()

    with pytest.raises(UnavailableError, match="no 3"):
        await retrying(call, backoff=Backoff(), attempts=3, sleep=naps)

    assert (call.calls, len(naps.waits)) == (3, 2)


async def test_without_a_number_of_attempts_it_goes_on() -> None:
    call = Flaky(*(UnavailableError("busy") for _ in range(500)))

    assert await retrying(call, backoff=Backoff(), attempts=None, sleep=Naps()) == "answer"


async def test_a_wait_beyond_the_longest_is_refused_at_once() -> None:
    call, naps = Flaky(RateLimitedError("come back tomorrow", after_s=86_400)), Naps()

    with pytest.raises(RetryError, match="tomorrow"):
        await retrying(call, backoff=Backoff(max_wait_s=900), attempts=None, sleep=naps)

    assert (call.calls, naps.waits) == (1, [])


@pytest.mark.parametrize("error", [BlockedError("no"), ValueError("a bug")])
async def test_other_errors_are_not_retried(error: Exception) -> None:
    call, naps = Flaky(error), Naps()

    with pytest.raises(type(error)):
        await retrying(call, backoff=Backoff(), attempts=5, sleep=naps)

    assert (call.calls, naps.waits) == (1, [])
