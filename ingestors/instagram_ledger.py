"""Which hashtags each account has asked for: Instagram takes 30 different ones in 7 days.

A hashtag counts from the first call for it on, for 7 days; more calls for it meanwhile are free and
do not begin the days anew (https://developers.facebook.com/docs/instagram-platform/
instagram-api-with-facebook-login/hashtag-search#limits). So besides the count of each account
there is a bucket of one for each of its hashtags: while that is used up, the hashtag is paid for.
Both are spent at once and lapse at once, and outlive a restart with the platform's other limits.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestors.credentials import bucket_of
from ingestors.meta_graph import CALLS, TAGS
from lake.errors import RateLimitedError
from lake.quota import LimitBook, Rolling

WEEK_S = 7 * 86_400


class TagLedger:
    """The hashtags of all accounts.

    Args:
        limits: Where they are counted.
        names: The accounts'.
        most: Different hashtags that one account may ask for in 7 days.
    """

    def __init__(self, limits: LimitBook, names: Sequence[str], most: int) -> None:
        self._limits = limits
        self._most = most
        for name in names:
            limits.allow(bucket_of(name, TAGS), Rolling(most, WEEK_S))

    def holds(self, name: str, tag: str) -> bool:
        """Whether an account has paid for a hashtag."""
        return self._limits.spent(self._own(name, tag)) > 0

    def pick(self, names: Sequence[str], tag: str) -> str:
        """The account that should ask for a hashtag: one that has paid for it, if there is one.

        Args:
            names: The accounts that are accepted, at least one.
            tag: In normal form.

        Raises:
            RateLimitedError: Nobody has, and everybody has asked for as many others already.
        """
        holders = [name for name in names if self.holds(name, tag)]
        if holders:
            return min(holders, key=self._busy_s)
        free = [name for name in names if self._limits.free_at(bucket_of(name, TAGS)) is None]
        if not free:
            wait_s = min(map(self._full_s, names), default=0.0)
            raise RateLimitedError(
                f"instagram takes {self._most} hashtags in 7 days from an account, and #{tag} "
                "would be one more; wait, end a campaign, or add to more_accounts",
                after_s=wait_s,
            )
        return min(free, key=lambda name: (self._busy_s(name), self._spent(name)))

    def count(self, name: str, tag: str) -> None:
        """Enters that an account has asked for a hashtag; nothing where that was paid for."""
        if self.holds(name, tag):
            return
        self._limits.count(bucket_of(name, TAGS), 1)
        self._limits.count(self._own(name, tag), 1)

    def _own(self, name: str, tag: str) -> str:
        bucket = bucket_of(name, f"tag #{tag}")
        self._limits.allow(bucket, Rolling(1, WEEK_S))
        return bucket

    def _busy_s(self, name: str) -> float:
        opens = self._limits.open_at(bucket_of(name, CALLS))
        return 0.0 if opens is None else self._limits.seconds_until(opens)

    def _full_s(self, name: str) -> float:
        free_at = self._limits.free_at(bucket_of(name, TAGS))
        return 0.0 if free_at is None else self._limits.seconds_until(free_at)

    def _spent(self, name: str) -> int:
        return self._limits.spent(bucket_of(name, TAGS))
