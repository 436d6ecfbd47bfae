"""The keys that the API takes, as the lake had them a few seconds ago."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from lake.errors import RetryError, UnavailableError
from lake.key import Key
from lake.keys import Keys

logger = logging.getLogger(__name__)

# A revoked key is refused after so long at the latest, and the time that reading takes: under 5 s.
_KEPT_S = 3.0
_READ_TIMEOUT_S = 5.0
_FAILED_FOR_S = 1.0


class Keyring:
    """All keys of the lake, read again when they are older than 3 seconds and somebody asks.

    Args:
        keys: Where they are.
        clock: Seconds that never go back; tests pass their own.
    """

    def __init__(self, keys: Keys, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._known: Mapping[str, Key] | None = None
        self._read_at_s = 0.0
        self._failure: RetryError | None = None
        self._failed_at_s = 0.0
        self._reading = asyncio.Lock()

    @property
    def last_known(self) -> Mapping[str, Key] | None:
        """The keys by their ids as they were read last, however long ago; None before that."""
        return self._known

    async def keys(self) -> Mapping[str, Key]:
        """The keys by their ids, revoked and expired ones, too.

        Raises:
            RetryError: The lake does not answer, so nobody knows who may come in.
        """
        if (fresh := self._fresh()) is not None:
            return fresh
        async with self._reading:
            if (fresh := self._fresh()) is not None:  # read while this waited
                return fresh
            if self._failure is not None and self._clock() - self._failed_at_s < _FAILED_FOR_S:
                raise UnavailableError(str(self._failure), after_s=self._failure.after_s)
            return await self._read()

    def _fresh(self) -> Mapping[str, Key] | None:
        return self._known if self._clock() - self._read_at_s < _KEPT_S else None

    async def _read(self) -> Mapping[str, Key]:
        began_s = self._clock()
        try:
            found = await self._keys.list(timeout_s=_READ_TIMEOUT_S)
        except RetryError as exc:
            self._failure, self._failed_at_s = exc, self._clock()
            raise
        if self._known is None and not found:
            logger.info("the API has no keys: it serves this machine alone")
        self._known = {key.id: key for key in found}
        self._read_at_s, self._failure = began_s, None
        return self._known
