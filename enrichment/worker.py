"""The worker: posts without a score → model → the same posts with one.

Any number of workers may run: each post is scored by whoever gets there first, and a second score
of the same text is refused by compare-and-set.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from enrichment.sentiment import Model, ScoringError, Sentiment
from lake import times
from lake.pending import PendingPost, PendingPosts
from lake.records import Json

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Scored:
    """What a worker has done.

    Args:
        posts: Posts that now carry a score.
        failed: Posts whose text the model cannot score; marked, with the reason.
        changed_meanwhile: Posts that somebody changed while they were scored; found again.
        refused: Scores that Elasticsearch did not take.
    """

    posts: int = 0
    failed: int = 0
    changed_meanwhile: int = 0
    refused: int = 0


class Worker:
    """Scores what waits.

    Args:
        pending: Where posts come from and go back to.
        model: Scores texts.
        batch_docs: Posts read, scored and written at once.
        slices: Walks that go on side by side: one reads or writes while another's texts are scored.
        on_batch: Called after each batch with what is done so far.
    """

    def __init__(
        self,
        pending: PendingPosts,
        model: Model,
        *,
        batch_docs: int = 500,
        slices: int = 2,
        on_batch: Callable[[Scored], None] | None = None,
    ) -> None:
        self._pending = pending
        self._model = model
        self._batch_docs = batch_docs
        self._slices = slices
        self._on_batch = on_batch
        self.scored = Scored()
        self._progress = 0

    async def drain(self) -> Scored:
        """Scores until nothing waits; what arrives meanwhile is scored too.

        A post that Elasticsearch refuses to take back waits for ever; so a walk that achieved
        nothing is the last.
        """
        while await self.walk():
            before, self._progress = self._progress, 0
            if not before:
                break
        return self.scored

    async def forever(self, interval_s: float) -> None:
        """Scores what waits, looking every ``interval_s`` seconds; ends by cancellation."""
        while True:
            self._progress = 0
            if not await self.walk() or not self._progress:
                await asyncio.sleep(interval_s)

    async def walk(self) -> int:
        """Goes once over all that waits; gives the number of posts that were found."""
        walks = [self._slice(part) for part in range(self._slices)]
        return sum(await asyncio.gather(*walks))

    async def _slice(self, part: int) -> int:
        found = 0
        async for posts in self._pending.pages(part, self._slices, self._batch_docs):
            found += len(posts)
            results = await asyncio.to_thread(self._results, posts)
            done = await self._pending.give_back(results)
            failed = sum("sentiment" not in fields for _, fields in results)
            self.scored.posts += done.written - min(failed, done.written)
            self.scored.failed += failed
            self._progress += done.written + done.changed_meanwhile
            self.scored.refused += done.refused
            self.scored.changed_meanwhile += done.changed_meanwhile
            if self._on_batch is not None:
                self._on_batch(self.scored)
        return found

    def _results(self, posts: Sequence[PendingPost]) -> list[tuple[PendingPost, Json]]:
        """Each post with its new fields; a batch with a poison text is halved until it is alone."""
        try:
            scores = self._model.score([post.text for post in posts])
        except ScoringError as exc:
            if len(posts) == 1:
                logger.warning("text cannot be scored", extra={"id": posts[0].id, "why": str(exc)})
                return [(posts[0], {"enrich": {"state": "failed", "reason": str(exc)}})]
            middle = len(posts) // 2
            return self._results(posts[:middle]) + self._results(posts[middle:])
        scored_at = times.to_text(times.now())
        return [
            (post, self._fields(post, score, scored_at))
            for post, score in zip(posts, scores, strict=True)
        ]

    def _fields(self, post: PendingPost, sentiment: Sentiment, scored_at: str) -> Json:
        return {
            "enrich": {"state": "done"},
            "sentiment": {
                "label": sentiment.label,
                "score": sentiment.score,
                "p_pos": sentiment.p_pos,
                "p_neu": sentiment.p_neu,
                "p_neg": sentiment.p_neg,
                "model": self._model.name,
                "text_hash": post.text_hash,
                "scored_at": scored_at,
            },
        }
