from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from ingestors.platform import Page, Target, TargetKind
from ingestors.platforms.x import connect
from ingestors.x_spending import Bill, Prices, Spending
from lake.errors import RateLimitedError
from lake.meter import Meter, metered
from lake.quota import LimitBook
from lake.records import Json
from tests.fakes.x import SEARCH, TOKEN, FakeX, post_id, run_x
from tests.fakes.x_poll import VANS, ids, options

PRICES = Prices(post=1.0, user=10.0, count=100.0)
LATE = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)


class Clock:
    """A time that stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def fake() -> AsyncIterator[FakeX]:
    async with run_x() as server:
        yield server


async def test_a_poll_pays_for_what_it_reads_into_its_own_meter(fake: FakeX) -> None:
    fake.add(25)
    meters = [Meter(), Meter(), Meter()]
    targets = [VANS, VANS, Target("x", "profile", "ann")]

    async with connect(options(fake)) as platform:
        for meter, target in zip(meters, targets, strict=True):
            with metered(meter):
                assert [page async for page in platform.pages(target, None)]

    # The second poll reads the same posts on the same day, and the account came with them.
    assert [one.cost_usd for one in meters] == pytest.approx([0.005 + 25 * 0.005 + 0.01, 0.005, 0])
    assert [one.calls for one in meters] == [4, 4, 1]
    assert set(meters[1].quota_left.values()) == {449}


async def test_a_refresh_pays_for_posts_and_not_for_authors(fake: FakeX) -> None:
    posted = fake.add(3)
    target = Target("x", "posts", " ".join([*posted, post_id(99)]))

    with metered(Meter()) as meter:
        async with connect(options(fake)) as platform:
            assert [page async for page in platform.pages(target, None)]

    assert meter.cost_usd == pytest.approx(3 * 0.005)


def test_a_post_is_paid_for_again_on_the_next_utc_day() -> None:
    spending = Spending(PRICES, LimitBook(), None)

    with metered(Meter()) as meter:
        spending.add(Bill(["1", "2", "2"], ["7"]), "a", LATE)
        spending.add(Bill(["2", "3"], ["7"]), "a", LATE)
        same_day = meter.cost_usd
        spending.add(Bill(["3"], counts=1), "a", LATE + timedelta(seconds=1))

    assert same_day == 13.0
    assert meter.cost_usd == 114.0


def test_each_token_has_a_bill_of_its_own() -> None:
    with metered(Meter()) as meter:
        spending = Spending(PRICES, LimitBook(), None)
        spending.add(Bill(["1"]), "a", LATE)
        spending.add(Bill(["1"]), "b", LATE)

    assert meter.cost_usd == 2.0


async def test_a_days_budget_stops_every_paid_call_until_midnight_utc(fake: FakeX) -> None:
    posted = fake.add(35)
    given: list[Page] = []
    async with connect(options(fake, usd_per_day=0.1, attempts=1)) as platform:
        with pytest.raises(RateLimitedError, match="usd_per_day") as caught:
            await _take(platform.pages(VANS, None), given)
        calls = len(fake.calls)
        others: tuple[tuple[TargetKind, str], ...]
        others = (("profile", "ann"), ("posts", posted[0]), ("comments", posted[0]))
        for kind, value in others:
            with pytest.raises(RateLimitedError):
                await _take(platform.pages(Target("x", kind, value), None), given)

    # A count, ten posts and an account are 0.065, a further page passes the 0.1: then it is over.
    assert ids(given) == posted[:-21:-1]
    assert len(fake.calls) == calls
    now = datetime.now(UTC)
    until_midnight = timedelta(days=1) - (now - now.replace(hour=0, minute=0, second=0))
    assert caught.value.after_s == pytest.approx(until_midnight.total_seconds(), abs=60)


async def test_the_days_sum_survives_a_restart(fake: FakeX) -> None:
    fake.add(9)
    async with connect(options(fake, counts=False, usd_per_day=0.05, attempts=1)) as platform:
        assert [page async for page in platform.pages(VANS, None)]
        state: Json = platform.limits.state()

    async with connect(options(fake, counts=False, usd_per_day=0.05, attempts=1)) as platform:
        platform.limits.restore(state)
        with pytest.raises(RateLimitedError):
            assert [page async for page in platform.pages(VANS, None)]

    assert [path for path, _ in fake.calls] == [SEARCH]
    assert TOKEN not in str(state)
    assert len(str(state)) < 1_000


@pytest.mark.parametrize(("usd", "price"), [(0.0, 0.005), (0.004, 0.005), (1e-9, 0.0)])
def test_a_budget_that_is_spent_is_full_again_at_midnight_utc(usd: float, price: float) -> None:
    clock = Clock(LATE - timedelta(hours=1))
    spending = Spending(Prices(price, price, price), LimitBook(clock), usd)
    if usd > 1e-6:
        spending.check()
        spending.add(Bill(["1"]), "a", clock.now)

    with pytest.raises(RateLimitedError) as caught:
        spending.check()
    if usd > 1e-6:
        clock.now += timedelta(hours=1, seconds=1)
        spending.check()

    assert caught.value.after_s == 3_601
    assert spending.day_usd == 0


def test_without_a_budget_the_days_sum_is_known_too() -> None:
    clock = Clock(LATE)
    spending = Spending(PRICES, LimitBook(clock), None)

    spending.add(Bill(["1", "2"], ["7"]), "a", LATE)
    today = spending.day_usd
    clock.now += timedelta(seconds=1)

    assert (today, spending.day_usd) == (12.0, 0.0)


async def _take(pages: AsyncIterator[Page], into: list[Page]) -> None:
    async for page in pages:
        into.append(page)
