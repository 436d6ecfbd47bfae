"""The worker: posts without a score → model → the same posts with one.

Any number of workers may run, with no coordinator: ``enrichment.walks`` keeps them out of each
other's way, and where two score the same post all the same, compare-and-set takes one score. While
one batch is scored, the next is read and the last one written.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from enrichment.lanes import Lane, Lanes, WaitingBatch
from enrichment.language import detect_all
from enrichment.pacing import Pace
from enrichment.scoring import Detect, ScoredBatch, Scorers, score_posts
from enrichment.sentiment import Model
from enrichment.vader import Vader
from enrichment.walks import Tour, Walks
from lake.enriching import give_back
from lake.pending import PendingPosts
from lake.rescoring import Request, Rescoring, rescore_query
from lake.retry import Backoff, retrying

Serving = Callable[[], Awaitable[Model]]
_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)
_WHILE_OTHERS_END_S = 0.5
_LOOK_S = 1.0
_REQUEST_LOOK_S = 5.0
_LONGEST_FRESH_S = 30.0


def always(model: Model) -> Serving:
    """Serves one model for ever."""

    async def serve() -> Model:
        return model

    return serve


@dataclass(slots=True)
class Scored:
    """What a worker has done.

    Args:
        posts: Posts that now carry a score.
        failed: Posts whose text the model cannot score; marked, with the reason.
        changed_meanwhile: Posts that somebody changed while they were scored: scored in vain.
        refused: Scores that Elasticsearch did not take.
        model_problem: Why no model could be loaded, where none was needed.
    """

    posts: int = 0
    failed: int = 0
    changed_meanwhile: int = 0
    refused: int = 0
    model_problem: str | None = None


class Worker:
    """Scores what waits.

    Args:
        pending: Where posts come from and go back to.
        serving: Gives the model for the next batch.
        vader: VADER, whose scores are kept beside; one for this process alone when it is None.
        language: Detects the languages of texts.
        batch_docs: Posts read, scored and written at once, at most.
        slices: Into how many parts what waits is split at most; workers share well while there are
            more parts than workers.
        latency_s: Within what time a post that has just arrived is scored while others wait.
        on_batch: Called after each batch with what is done so far.
    """

    def __init__(
        self,
        pending: PendingPosts,
        serving: Serving,
        *,
        vader: Model | None = None,
        language: Detect = detect_all,
        batch_docs: int = 500,
        slices: int = 32,
        latency_s: float = 5.0,
        on_batch: Callable[[Scored], None] | None = None,
    ) -> None:
        self._pending = pending
        self._serving = serving
        self._scorers = Scorers(vader or Vader(), language)
        self._fresh_for = timedelta(seconds=min(latency_s, _LONGEST_FRESH_S))
        self._on_batch = on_batch
        self._lanes = Lanes()
        self._pace = Pace(latency_s, batch_docs)
        self._walks = Walks(
            pending,
            self._lanes,
            self._pace,
            most=batch_docs,
            slices=slices,
            look_s=min(_LOOK_S, latency_s / 4),
        )
        self._kept: set[str] = set()
        self.scored = Scored()

    async def drain(self) -> Scored:
        """Scores until nothing waits; what arrives meanwhile is scored too.

        A post that Elasticsearch refuses to take back waits for ever; so a walk that achieved
        nothing, and met nobody else at work, is the last.
        """
        await self._run(self._until_empty(lambda: self._pending, Lane.BACKLOG), self._walks.watch())
        return self.scored

    async def forever(self, interval_s: float, rescoring: Rescoring | None = None) -> None:
        """Scores what waits, looking every ``interval_s`` seconds; ends by cancellation.

        Args:
            interval_s: How long to wait where nothing waits; new posts are looked for oftener.
            rescoring: What is to be scored again when nothing else waits.
        """
        services = [self._walks.watch()]
        if rescoring is not None:
            services.append(self._rescore_in_background(rescoring))
        await self._run(self._backlog(interval_s), *services)

    async def rescore(self, posts: PendingPosts) -> Scored:
        """Scores posts again until none is left, or the model can score none of those left."""
        await self._run(self._until_empty(lambda: posts, Lane.RESCORE))
        return self.scored

    async def _backlog(self, interval_s: float) -> None:
        def waiting() -> PendingPosts:
            # Who has just arrived is scored by the lane above.
            return self._pending.older_than(self._fresh_for)

        while True:
            tour = await self._tour(waiting, Lane.BACKLOG)
            if not tour.written:
                await asyncio.sleep(interval_s * random.uniform(0.7, 1.0))  # noqa: S311

    async def _until_empty(self, posts: Callable[[], PendingPosts], lane: Lane) -> None:
        while True:
            tour = await self._tour(posts, lane)
            if not (tour.written or tour.elsewhere):
                return
            if not tour.written:
                await asyncio.sleep(_WHILE_OTHERS_END_S * random.uniform(0.5, 1.0))  # noqa: S311

    async def _rescore_in_background(self, rescoring: Rescoring) -> None:
        while True:
            await asyncio.sleep(_REQUEST_LOOK_S * random.uniform(0.7, 1.0))  # noqa: S311
            request = await self._wanted(rescoring)
            if request is not None and await self._is_fulfilled(rescoring, request):
                await rescoring.finish(request)

    async def _wanted(self, rescoring: Rescoring) -> Request | None:
        """The request, if it wants the model that this worker has."""
        request = await rescoring.wanted()
        if request is None or request.model != (await self._serving()).name:
            return None
        return request

    async def _is_fulfilled(self, rescoring: Rescoring, request: Request) -> bool:
        """Scores again until the request changes; whether there is nothing left of it."""
        posts = self._pending.of(rescore_query(request.scope, request.model))
        tour = asyncio.create_task(self._tour(lambda: posts, Lane.RESCORE))
        try:
            while not tour.done():
                await asyncio.wait({tour}, timeout=_REQUEST_LOOK_S)
                if not tour.done() and await self._wanted(rescoring) != request:
                    return False
            found = tour.result()
            return not (found.written or found.elsewhere)
        finally:
            tour.cancel()
            await asyncio.gather(tour, return_exceptions=True)

    async def _tour(self, posts: Callable[[], PendingPosts], lane: Lane) -> Tour:
        count = await retrying(lambda: posts().count(), backoff=_BACKOFF, attempts=None)
        return await self._walks.tour(posts, lane, count) if count else Tour()

    async def _run(
        self, work: Coroutine[Any, Any, None], *services: Coroutine[Any, Any, None]
    ) -> None:
        """Does the work while batches are scored; the services end with it."""
        try:
            async with asyncio.TaskGroup() as group:
                others = [group.create_task(one) for one in (self._score(group), *services)]
                await work
                await self._lanes.empty()
                for task in others:
                    task.cancel()
        except BaseExceptionGroup as failures:
            first: BaseException = failures
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None

    async def _score(self, group: asyncio.TaskGroup) -> None:
        while True:
            batch = await self._lanes.take()
            model = await self._serving()
            began = time.monotonic()
            scored = await asyncio.to_thread(score_posts, batch.posts, model, self._scorers)
            self._pace.took(len(batch.posts), time.monotonic() - began)
            group.create_task(self._write(batch, scored))

    async def _write(self, batch: WaitingBatch, scored: ScoredBatch) -> None:
        done = await give_back(self._pending.client, scored.results)
        failed = sum(post.id in scored.failed for post in done.written)
        self.scored.posts += len(done.written) - failed
        self.scored.failed += failed + len(scored.kept - self._kept)
        self._kept |= scored.kept
        self.scored.refused += len(done.refused)
        self.scored.changed_meanwhile += len(done.changed_meanwhile)
        batch.done.set_result(done)
        await self._lanes.wrote(batch)
        if self._on_batch is not None:
            self._on_batch(self.scored)
