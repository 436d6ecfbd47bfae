"""What calls to X cost: it bills each post and each user once a UTC day, and each count call.

Source: https://docs.x.com/x-api/getting-started/pricing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ingestors.fields import mapping, mappings
from ingestors.files.cells import identity
from lake.errors import RateLimitedError
from lake.http_answer import Answer
from lake.meter import meter
from lake.quota import Daily, LimitBook

BUCKET = "usd"
_MICRO = 1_000_000  # money is kept in millionths of a dollar: a budget counts whole numbers
_NO_BUDGET = 10**15


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for one post read, one user read and one count call."""

    post: float
    user: float
    count: float


@dataclass(frozen=True, slots=True)
class Bill:
    """What one answer is billed for.

    Args:
        posts: Ids of posts.
        users: Ids of users.
        counts: Calls that count posts.
    """

    posts: Sequence[str] = ()
    users: Sequence[str] = ()
    counts: int = 0


def bill_of(answer: Answer) -> Bill:
    """What an answer with posts, users or both is billed for; what ``includes`` shows, too."""
    body = mapping(answer.body)
    data = body.get("data")
    given = [data] if isinstance(data, dict) else mappings(data)
    shown = mappings(mapping(body.get("includes")).get("users"))
    users = [*shown, *(one for one in given if "username" in one)]
    return Bill(_ids([one for one in given if "username" not in one]), _ids(users))


class Spending:
    """What was spent: it goes to the meter of the work at hand and to the day's budget.

    The day's sum outlives the process in the ``LimitBook``. Which posts and users the day has paid
    for does not: what is read again after a restart is counted again, though X bills it once, so
    that our sum errs on the safe side. An answer that is lost on its way is billed all the same, so
    X's own number may be higher; what another program read on the same day is free here, so it may
    be lower. Each token is taken to be of an account of its own, with a bill of its own.

    Args:
        prices: What X asks.
        limits: Where the day's sum is kept.
        usd_per_day: Most US dollars in a UTC day; None: as many as it takes.
    """

    def __init__(self, prices: Prices, limits: LimitBook, usd_per_day: float | None) -> None:
        self._prices = prices
        self._limits = limits
        self._usd_per_day = usd_per_day
        budget = _NO_BUDGET if usd_per_day is None else round(usd_per_day * _MICRO)
        limits.allow(BUCKET, Daily(budget, UTC))
        self._day: date | None = None
        self._paid: set[tuple[str, str, str]] = set()

    @property
    def day_usd(self) -> float:
        """US dollars that were spent in this UTC day."""
        return self._limits.spent(BUCKET) / _MICRO

    def check(self) -> None:
        """Lets a paid call pass.

        Raises:
            RateLimitedError: The day's budget is spent; ``after_s`` tells when the next day begins.
        """
        begins = self._limits.free_at(BUCKET)
        if begins is not None:
            raise RateLimitedError(
                f"x: the day's {self._usd_per_day or 0:g} US dollars (usd_per_day) are spent; "
                "reading goes on at midnight UTC",
                after_s=self._limits.seconds_until(begins),
            )

    def add(self, bill: Bill, account: str, at: datetime) -> None:
        """What one answer is billed for; what the day's answers held before is free.

        Args:
            bill: What it held.
            account: With whose token it was asked for.
            at: When it was received, aware UTC.
        """
        if at.date() != self._day:
            self._day = at.date()
            self._paid.clear()
        usd = bill.counts * self._prices.count
        usd += self._new("post", bill.posts, account) * self._prices.post
        usd += self._new("user", bill.users, account) * self._prices.user
        meter().pay(usd)
        self._limits.count(BUCKET, round(usd * _MICRO))

    def _new(self, kind: str, ids: Sequence[str], account: str) -> int:
        before = len(self._paid)
        self._paid.update((account, kind, id_) for id_ in ids)
        return len(self._paid) - before


def _ids(several: Sequence[dict[str, object]]) -> list[str]:
    return [id_ for one in several if (id_ := identity(one.get("id")))]
