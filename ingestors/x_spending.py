"""What calls to X cost: it bills each post and each user once a UTC day, and each count call.

Source: https://docs.x.com/x-api/getting-started/pricing
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for one post read, one user read and one count call."""

    post: float
    user: float
    count: float


class Spending:
    """What was spent since the connection was made, as far as answers tell.

    An answer that is lost on its way is billed all the same, so X's own number may be higher; what
    another program read on the same day is free here, so it may be lower.

    Args:
        prices: What X asks.
    """

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._day: date | None = None
        self._posts: set[str] = set()
        self._users: set[str] = set()
        self.usd = 0.0

    def add_count(self) -> None:
        """One call that counts posts; each is billed."""
        self.usd += self._prices.count

    def add(self, at: datetime, *, posts: Iterable[str] = (), users: Iterable[str] = ()) -> None:
        """What one answer held, by id; what the day's answers held before is free.

        Args:
            at: When it was received, aware UTC.
            posts: Ids of posts.
            users: Ids of users.
        """
        if at.date() != self._day:
            self._day = at.date()
            self._posts.clear()
            self._users.clear()
        self.usd += _new(self._posts, posts) * self._prices.post
        self.usd += _new(self._users, users) * self._prices.user


def _new(known: set[str], ids: Iterable[str]) -> int:
    before = len(known)
    known.update(ids)
    return len(known) - before
