"""The drift radar: whether a platform's payloads still have the structure that they had.

``ingestors.shape`` says what structure is, ``ingestors.changes`` what counts as a finding. What is
known is kept for each platform, kind of payload, kind of target and server: a hashtag's posts and
an account's differ, and so do two servers' software. It is learnt from every poll, so a lake that
never met a platform tells nothing about its first poll, except that nothing of it could be read.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from ingestors.changes import Change, changes, told
from ingestors.platform import Payload
from ingestors.structure import Sample, known_from
from lake.drift_book import DriftBook, ShapeKey
from lake.errors import ConflictError, RejectedError, RetryError
from lake.records import Record
from lake.store import Store

logger = logging.getLogger(__name__)

_TRIES = 5
_MOST_FINDINGS = 50


class Radar:
    """What one poll's payloads look like.

    Args:
        platform: Whose payloads they are.
        run: The poll's id.
        target_kind: How they were asked for, such as ``hashtag``.
    """

    def __init__(self, platform: str, run: str, target_kind: str = "") -> None:
        self._platform = platform
        self._run = run
        self._target_kind = target_kind
        self._samples: dict[ShapeKey, Sample] = {}

    def saw(self, payload: Payload, records: Sequence[Record] | None) -> None:
        """Notes a payload and the records that it held; None: it could not be normalised.

        What came from a file has a place and is not looked at: files differ from each other, and
        none of them changes.
        """
        if payload.place is not None:
            return
        self._sample(payload.kind, payload.source).add(payload.body, records)

    def read(self, payloads: int, *, unreadable: int) -> None:
        """Notes how many parts of a platform's page are payloads, and how many not even that."""
        if unreadable or self._samples:
            self._sample("", None).read(payloads, unreadable=unreadable)

    def _sample(self, kind: str, source: str | None) -> Sample:
        key = ShapeKey(self._platform, kind, self._target_kind, source or "")
        sample = self._samples.get(key)
        if sample is None:
            sample = self._samples[key] = Sample()
        return sample

    async def report(self, store: Store, at: datetime) -> int:
        """Compares with what was known, keeps what is new; gives the number of new findings.

        The findings are kept before what was learnt: a poll that is killed in between tells them
        again, and they are counted once more. A lake that does not answer is told in the log only:
        the poll itself is not to fail for it, and the next one finds the same.
        """
        book = DriftBook(store.client, store.layout)
        found = 0
        for key, sample in self._samples.items():
            try:
                found += await self._compare(book, key, sample, at)
            except (RetryError, RejectedError) as exc:
                logger.warning(
                    "structure not compared", extra={"platform": key.platform, "reason": str(exc)}
                )
        self._samples.clear()
        return found

    async def _compare(self, book: DriftBook, key: ShapeKey, sample: Sample, at: datetime) -> int:
        new: set[str] = set()
        noted: set[str] = set()
        for _ in range(_TRIES):
            kept = await book.shape(key)
            known = known_from(kept.state)
            found = changes(known, sample)[:_MOST_FINDINGS]
            for change in found:
                if change.key in noted:
                    continue
                noted.add(change.key)
                await book.note(self._finding(key, change), at)
                if change.key not in known.open:
                    new.add(change.key)
                    _warn(key, change)
            known.learn(sample, told(known, sample, found))
            try:
                await book.keep_shape(key, known.as_json(), kept, at)
            except ConflictError:  # another poll learnt meanwhile: look again with what it knows
                continue
            break
        return len(new)

    def _finding(self, key: ShapeKey, change: Change) -> dict[str, object]:
        return {
            "platform": key.platform,
            "kind": key.kind,
            "target_kind": key.target_kind,
            "source": key.source,
            "change": change.change,
            "path": change.path,
            "before": change.before,
            "after": change.after,
            "examples": list(change.examples),
            "run": self._run,
            "detail": change.detail,
        }


def _warn(key: ShapeKey, change: Change) -> None:
    logger.warning(
        "the platform's payloads changed",
        extra={
            "platform": key.platform,
            "kind": key.kind,
            "change": change.change,
            "path": change.path,
            "before": change.before,
            "after": change.after,
        },
    )
