"""The drift radar: whether a platform's payloads still have the structure that they had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ingestors.platform import Payload
from lake.records import Record
from lake.store import Store


class Radar:
    """What one poll's payloads look like.

    Args:
        platform: Whose payloads they are.
        run: The poll's id.
    """

    def __init__(self, platform: str, run: str) -> None:
        self._platform = platform
        self._run = run

    def saw(self, payload: Payload, records: Sequence[Record] | None) -> None:
        """Notes a payload and the records that it held; None: it could not be normalised."""

    async def report(self, store: Store, at: datetime) -> int:
        """Compares with what was known, keeps what is new; gives the number of findings."""
        del store, at
        return 0
