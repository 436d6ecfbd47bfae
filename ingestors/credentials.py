"""The operator's own credentials of one platform, sharing its load.

Each credential has limits of its own, so a call is made with the one that has most left. One that
the platform no longer accepts is left out until the next start; the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from lake.errors import RateLimitedError, StopPlatformError, UnauthorizedError
from lake.quota import LimitBook
from lake.text import digest

logger = logging.getLogger(__name__)
C = TypeVar("C")
_NAME_CHARS = 8


@dataclass(frozen=True, slots=True)
class Lease(Generic[C]):
    """A credential for one call.

    Args:
        name: What logs and limits may call it; tells nothing of the secret.
        credential: The credential.
        bucket: The name of its own part of the limit.
    """

    name: str
    credential: C
    bucket: str


class Pool(Generic[C]):
    """Credentials by name.

    Args:
        credentials: Name to credential; see ``credential_name``. May be empty: then ``pick``
            refuses.
        limits: Where each one's limits are kept.
    """

    def __init__(self, credentials: Mapping[str, C], limits: LimitBook) -> None:
        self._credentials = dict(credentials)
        self._limits = limits
        self._refused: dict[str, StopPlatformError] = {}
        self._picked: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._credentials)

    def pick(self, bucket: str) -> Lease[C]:
        """The credential that has most left of a bucket; of equals, the one picked least.

        Args:
            bucket: What is limited, such as an endpoint.

        Raises:
            RateLimitedError: All of them are used up; ``after_s`` says when the first is not.
            StopPlatformError: None is accepted any more: the last refusal.
            UnauthorizedError: None is configured.
        """
        usable = [name for name in self._credentials if name not in self._refused]
        if not usable:
            if self._refused:
                raise next(reversed(self._refused.values()))
            raise UnauthorizedError("no credentials are configured")
        best = min(usable, key=lambda name: self._rank(name, bucket))
        lease = Lease(best, self._credentials[best], bucket_of(best, bucket))
        opens = self._limits.open_at(lease.bucket)
        if opens is not None and len(usable) > 1:
            # With a single credential the caller's own pause decides whether the wait is short.
            wait_s = self._limits.seconds_until(opens)  # the best of them opens first
            raise RateLimitedError(f"{bucket}: every credential is used up", after_s=wait_s)
        self._picked[best] = self._picked.get(best, 0) + 1
        return lease

    def refuse(self, name: str, error: StopPlatformError) -> None:
        """Leaves a credential out that the platform does not accept.

        Raises:
            StopPlatformError: ``error``, if it was the last one.
        """
        self._refused[name] = error
        if len(self._refused) == len(self._credentials):
            raise error
        logger.warning("credential left out", extra={"credential": name, "reason": str(error)})

    def _rank(self, name: str, bucket: str) -> tuple[float, float, int]:
        own = bucket_of(name, bucket)
        opens = self._limits.open_at(own)
        left = self._limits.left(own)
        wait_s = 0.0 if opens is None else self._limits.seconds_until(opens)
        return wait_s, -(float("inf") if left is None else left), self._picked.get(name, 0)


def bucket_of(name: str, bucket: str) -> str:
    """A credential's own part of a bucket."""
    return f"{bucket}/{name}"


def credential_name(secret: str) -> str:
    """A name for a credential by which nobody learns the secret; the same in every process."""
    return digest("credential", secret)[:_NAME_CHARS]
