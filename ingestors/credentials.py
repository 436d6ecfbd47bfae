"""The operator's own credentials of one platform, sharing its load.

Each credential has limits of its own, so a call is made with the one that has most left. One that
the platform no longer accepts is left out until the next start; the others go on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BeforeValidator, SecretStr

from lake.errors import RateLimitedError, StopPlatformError, UnauthorizedError
from lake.quota import LimitBook
from lake.text import digest

logger = logging.getLogger(__name__)
C = TypeVar("C")
T = TypeVar("T")
_NAME_CHARS = 8
_UNTOLD_S = 60.0  # how long one that is refused for its speed rests where nobody says how long
_SHORTEST_REST_S = 1.0


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str | SecretStr) else value


def _usable(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    texts = dict.fromkeys(secret.get_secret_value().strip() for secret in secrets)
    if not texts or not all(re.fullmatch(r"[!-~]+", text) for text in texts):
        raise ValueError("must be a key or token without blanks in it, or a list of several")
    return tuple(SecretStr(text) for text in texts)


Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_listed), AfterValidator(_usable)]
"""One secret or a list of the operator's own, each once, at least one."""


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
        usable = self._usable()
        if not usable:
            if self._refused:
                last = next(reversed(self._refused.values()))
                raise type(last)(str(last))  # a new one: each raise adds to an error's traceback
            raise UnauthorizedError("no credentials are configured")
        best = min(usable, key=lambda name: self._rank(name, bucket))
        lease = Lease(best, self._credentials[best], bucket_of(best, bucket))
        opens = self._limits.free_at(lease.bucket)
        if opens is not None and len(usable) > 1:
            # With a single credential the caller's own pause decides whether the wait is short.
            wait_s = self._limits.seconds_until(opens)  # the best of them opens first
            raise RateLimitedError(f"{bucket}: every credential is used up", after_s=wait_s)
        self._picked[best] = self._picked.get(best, 0) + 1
        return lease

    async def call(self, bucket: str, ask: Callable[[Lease[C]], Awaitable[T]]) -> T:
        """What ``ask`` returns with the best credential, or with the next where that one fails.

        It goes on to the next, once each, where ``ask`` was rate limited and another credential
        has calls left, and where ``ask`` called ``refuse`` before its error.

        Args:
            bucket: What is limited, such as an endpoint.
            ask: Makes one call with the credential that it is given.

        Raises:
            RateLimitedError: All of them are used up.
            StopPlatformError: None is accepted any more, or ``ask`` raised one and did not refuse
                its credential.
            TaglakeError: Anything else that ``ask`` raises.
        """
        for others in reversed(range(len(self) or 1)):
            lease = self.pick(bucket)
            try:
                return await ask(lease)
            except RateLimitedError as exc:
                if not others or not self._another(lease, exc, bucket):
                    raise
            except StopPlatformError:
                if not others or lease.name not in self._refused:
                    raise
        raise AssertionError("the last credential either answers or raises")

    def refuse(self, name: str, error: StopPlatformError) -> None:
        """Leaves a credential out that the platform does not accept.

        Raises:
            StopPlatformError: ``error``, if it was the last one.
        """
        self._refused.pop(name, None)
        self._refused[name] = error
        if not self._usable():
            raise error
        logger.warning("credential left out", extra={"credential": name, "reason": str(error)})

    def _usable(self) -> list[str]:
        return [name for name in self._credentials if name not in self._refused]

    def _another(self, lease: Lease[C], error: RateLimitedError, bucket: str) -> bool:
        """Lets a credential rest that was rate limited, if another has calls left."""
        free = [
            name
            for name in self._usable()
            if name != lease.name and self._limits.free_at(bucket_of(name, bucket)) is None
        ]
        if free:
            rest_s = _UNTOLD_S if error.after_s is None else max(error.after_s, _SHORTEST_REST_S)
            self._limits.close_for(lease.bucket, rest_s)
        return bool(free)

    def _rank(self, name: str, bucket: str) -> tuple[float, float, int]:
        own = bucket_of(name, bucket)
        opens = self._limits.free_at(own)
        left = self._limits.left(own)
        wait_s = 0.0 if opens is None else self._limits.seconds_until(opens)
        return wait_s, -(float("inf") if left is None else left), self._picked.get(name, 0)


def bucket_of(name: str, bucket: str) -> str:
    """A credential's own part of a bucket."""
    return f"{bucket}/{name}"


def credential_name(secret: str) -> str:
    """A name for a credential by which nobody learns the secret; the same in every process."""
    return digest("credential", secret)[:_NAME_CHARS]


def by_name(secrets: tuple[SecretStr, ...]) -> dict[str, str]:
    """The secrets' texts by ``credential_name``."""
    texts = [secret.get_secret_value() for secret in secrets]
    return {credential_name(text): text for text in texts}
