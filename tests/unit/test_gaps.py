from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingestors.gaps import Due, Gap, Reason, gap_at_failure, gap_before
from lake.errors import BlockedError, TaglakeError, UnauthorizedError, UnavailableError

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def before(
    minutes: float,
    *,
    overlaps: bool | None = True,
    interval_s: float | None = 300,
    blocked: bool = False,
    refused_at: datetime | None = None,
) -> Gap | None:
    """The gap before a poll at noon, so many minutes after the one before it."""
    return gap_before(
        NOON,
        watched_until=NOON - minutes * MINUTE,
        polled_at=NOON - minutes * MINUTE,
        overlaps=overlaps,
        due=Due(NOON, interval_s, refused_at=refused_at) if interval_s else None,
        blocked=blocked,
    )


@pytest.mark.parametrize("overlaps", [True, None])
def test_a_poll_in_time_that_does_not_miss_what_was_known_has_no_gap(overlaps: bool | None) -> None:
    assert before(5, overlaps=overlaps) is None
    assert before(10, overlaps=overlaps) is None


def test_a_first_poll_has_no_gap() -> None:
    assert (
        gap_before(
            NOON,
            watched_until=None,
            polled_at=None,
            overlaps=False,
            due=Due(NOON, 300),
            blocked=True,
        )
        is None
    )


def test_no_overlap_is_a_gap_since_the_poll_before() -> None:
    assert before(5, overlaps=False) == Gap(NOON - 5 * MINUTE, NOON, "no_overlap")


@pytest.mark.parametrize(("overlaps", "recovered"), [(True, True), (None, False)])
def test_a_poll_overdue_by_more_than_two_intervals_is_a_gap_since_it_was_due(
    overlaps: bool | None, recovered: bool
) -> None:
    assert before(10.1, overlaps=overlaps) == Gap(NOON - 5.1 * MINUTE, NOON, "overdue", recovered)


def test_a_poll_by_hand_is_never_overdue() -> None:
    assert before(10_000, interval_s=None) is None


@pytest.mark.parametrize("overlaps", [True, False, None])
def test_a_block_is_a_gap_until_the_next_poll_that_succeeds(overlaps: bool | None) -> None:
    gap = before(6, overlaps=overlaps, blocked=True)

    assert gap == Gap(NOON - 6 * MINUTE, NOON, "blocked", overlaps is True)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BlockedError("no"), "blocked"),
        (UnauthorizedError("no"), "blocked"),
        (UnavailableError("later"), None),
    ],
)
def test_a_refusal_is_a_gap_that_goes_on_and_a_lost_answer_is_not(
    error: TaglakeError, reason: Reason | None
) -> None:
    known = gap_at_failure(NOON, watched_until=NOON - MINUTE, error=error)
    never = gap_at_failure(NOON, watched_until=None, error=error)

    assert known == (Gap(NOON - MINUTE, NOON, reason) if reason else None)
    assert never == (Gap(NOON, NOON, reason) if reason else None)


def test_a_poll_that_cannot_tell_leaves_it_to_the_next_which_is_not_overdue() -> None:
    gap = gap_before(
        NOON,
        watched_until=NOON - 60 * MINUTE,
        polled_at=NOON - 5 * MINUTE,
        overlaps=True,
        due=Due(NOON, 300),
        blocked=False,
    )

    assert gap is None


def test_a_poll_that_is_overdue_because_the_platform_refused_another_target_says_so() -> None:
    refused = before(20, refused_at=NOON - 10 * MINUTE)
    long_ago = before(20, refused_at=NOON - 30 * MINUTE)

    assert refused == Gap(NOON - 15 * MINUTE, NOON, "blocked", recovered=True)
    assert long_ago == Gap(NOON - 15 * MINUTE, NOON, "overdue", recovered=True)
