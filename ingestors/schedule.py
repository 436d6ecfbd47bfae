"""The schedule: one job a target, however many campaigns want it.

Jobs follow the campaigns: they are looked at again every few seconds, so a campaign that is
created, changed or ended by any program is polled, polled differently or no longer polled at once.
After a restart a target's next poll is due one interval after its last one in the ledger: what was
missed meanwhile is caught up by one poll, never by several. Platforms wait for nobody but
themselves: each poll is a task of its own, and each platform has connections of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_SUBMITTED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from ingestors.about import About
from ingestors.gaps import Due
from ingestors.ledger import covered_windows, enter_missing, last_polls
from ingestors.pace import Pace, first_pace, floor_s, next_pace, resumed_pace
from ingestors.platform import Platform, Target
from ingestors.polling import Polling
from ingestors.refresh import refresh
from ingestors.run import Run
from ingestors.streaming import follow, is_streaming
from ingestors.wanted import wanted_past, wanted_targets
from lake import times
from lake.campaign import Campaign
from lake.config import IngestConfig
from lake.errors import RetryError
from lake.store import Store

logger = logging.getLogger(__name__)

_SYNC_JOB = "campaigns"
_REFRESH = "refresh:"
_SPREAD_S = 0.02  # new targets begin so long after each other, so that a start is no stampede


class Schedule:
    """Polls what the campaigns want; use it as an async context manager.

    Args:
        store: Where campaigns are and posts go.
        platforms: The connected platforms by name.
        settings: Intervals and bounds.
        abouts: What the platforms are about; one that is not told is polled without a thought for
            its quotas and its past.
    """

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        settings: IngestConfig,
        abouts: Mapping[str, About] | None = None,
    ) -> None:
        self._store = store
        self._platforms = dict(platforms)
        self._settings = settings
        self._abouts = dict(abouts or {})
        self._polling = Polling(store, self._platforms, settings)
        self._paces: dict[str, Pace] = {}
        self._polled_at: dict[str, datetime] = {}
        self._due: dict[str, datetime] = {}
        self._targets: list[Target] = []
        self._done: set[str] = set()
        self._told: set[str] = set()
        self._streams: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[None]
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None}
        )

    async def __aenter__(self) -> Schedule:
        """Starts the jobs of the campaigns that there are."""
        self._failure = asyncio.get_running_loop().create_future()
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        self._scheduler.add_listener(self._submitted, EVENT_JOB_SUBMITTED)
        await self.sync()
        self._every(self._settings.sync_s, self.sync, _SYNC_JOB)
        for name, platform in self._platforms.items():
            if self._refreshes(name):
                self._every(self._settings.refresh_s, self._refresh, _REFRESH + name, name)
            if is_streaming(platform):
                stream = asyncio.create_task(follow(platform, self._store, self.tags_of(name)))
                stream.add_done_callback(self._stream_ended)
                self._streams.append(stream)
        self._scheduler.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Starts no further poll; one that runs is cut off and loses nothing."""
        self._scheduler.shutdown(wait=False)
        for stream in self._streams:
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)
        self._failure.cancel()

    async def failure(self) -> None:
        """Waits for ever, or until something happens that no further poll mends.

        Raises:
            StopProcessError: The lake cannot be written.
            Exception: A bug; it is for the process to end with its traceback.
        """
        await asyncio.shield(self._failure)

    def tags_of(self, platform: str) -> Callable[[], frozenset[str]]:
        """What gives the hashtags that are wanted of a platform at the moment it is asked."""
        return lambda: frozenset(
            t.value for t in self._targets if t.platform == platform and t.kind == "hashtag"
        )

    def _refreshes(self, name: str) -> bool:
        about = self._abouts.get(name)
        if about is None or not about.can("refresh"):
            return False
        return about.price is None or self._settings.refresh_paid

    def _failed(self, event: JobExecutionEvent) -> None:
        cut_off = isinstance(event.exception, asyncio.CancelledError)  # before it even began
        if not cut_off and not self._failure.done():
            self._failure.set_exception(event.exception)

    def _stream_ended(self, stream: asyncio.Task[None]) -> None:
        if not stream.cancelled() and (exc := stream.exception()) and not self._failure.done():
            self._failure.set_exception(exc)

    def _submitted(self, event: JobSubmissionEvent) -> None:
        self._due[event.job_id] = times.as_utc(event.scheduled_run_times[-1])

    def _every(
        self, seconds: float, work: Callable[..., Coroutine[Any, Any, object]], job: str, *args: str
    ) -> None:
        trigger = IntervalTrigger(seconds=seconds, timezone="UTC")
        self._scheduler.add_job(
            _until_cut_off, trigger, args=[work, *args], id=job, max_instances=1
        )

    async def sync(self) -> None:
        """Adds the jobs that are missing and removes those that nobody wants any more."""
        now = times.now()
        try:
            campaigns = await self._store.campaigns.list()
            running = self._polling.running(now)
            self._targets = wanted_targets(campaigns, self._platforms, now, self._abouts)
            past = await self._past(campaigns, running, now)
            asked = [target for target in self._targets if target.platform in running]
            polled = [target for target in asked if self._is_polled(target)]
            wanted = {target.key: target for target in [*polled, *past]}
            jobs = {job.id for job in self._scheduler.get_jobs()}
            jobs -= {job for job in jobs if job == _SYNC_JOB or job.startswith(_REFRESH)}
            for key in jobs - wanted.keys():
                self._scheduler.remove_job(key)
                logger.info("target dropped", extra={"target": key})
            await self._add([target for key, target in wanted.items() if key not in jobs], now)
        except RetryError as exc:
            logger.warning("campaigns not read", extra={"reason": str(exc)})

    def _is_polled(self, target: Target) -> bool:
        """Whether polls find anything: some platforms only stream what is new."""
        about = self._abouts.get(target.platform)
        streams = is_streaming(self._platforms[target.platform])
        return about is None or bool(about.poll_calls) or not streams or target.kind == "profile"

    async def _past(
        self, campaigns: Sequence[Campaign], running: Sequence[str], now: datetime
    ) -> list[Target]:
        """The windows before registrations that are not walked to their end yet."""
        abouts = {name: self._abouts[name] for name in running if name in self._abouts}
        history = timedelta(days=self._settings.history_days)
        wanted, missing = wanted_past(campaigns, abouts, now, history)
        unknown = [target.key for target in wanted if target.key not in self._done]
        self._done |= await covered_windows(self._store, unknown)
        news = [entry for entry in missing if entry.target.key not in self._told]
        await enter_missing(self._store, news, now)
        self._told |= {entry.target.key for entry in news}
        return [target for target in wanted if target.key not in self._done]

    async def _add(self, targets: Sequence[Target], now: datetime) -> None:
        last = await last_polls(self._store, [target.key for target in targets])
        for number, target in enumerate(targets):
            floor = self._floor_s(target)
            pace, due = first_pace(self._settings, floor), now
            if found := last.get(target.key):
                self._polled_at[target.key] = found.started_at
                pace = resumed_pace(self._settings, floor, found.interval_s, found.posts_per_h)
                # A poll of tomorrow was made by a clock that was wrong.
                due = min(found.started_at, now) + timedelta(seconds=pace.interval_s)
            self._paces[target.key] = pace
            start = max(due, now + timedelta(seconds=number * _SPREAD_S))
            self._scheduler.add_job(
                _until_cut_off,
                _trigger(pace.interval_s),
                args=[self._poll_job, target],
                id=target.key,
                max_instances=1,
                next_run_time=start,
            )
            what = {"target": target.key, "interval_s": round(pace.interval_s)}
            logger.info("target added", extra=what)

    def _floor_s(self, target: Target) -> float:
        about = self._abouts.get(target.platform)
        if about is None:
            return 0.0
        sharing = sum(1 for other in self._targets if other.platform == target.platform)
        return floor_s(about, sharing)

    async def _poll_job(self, target: Target) -> None:
        pace = self._paces[target.key]
        due = Due(self._due.pop(target.key, times.now()), pace.interval_s, pace.posts_per_h)
        run = await self.poll(target, due)
        if run is None:
            return
        before = self._polled_at.get(target.key)
        self._polled_at[target.key] = run.started_at
        if target.window is None and before is not None:
            elapsed_s = (run.started_at - before).total_seconds()
            floor = self._floor_s(target)
            new = next_pace(pace, run.written.created, elapsed_s, self._settings, floor)
            self._paces[target.key] = new
            if new.interval_s != pace.interval_s:
                self._move(target.key, new.interval_s)

    def _move(self, key: str, interval_s: float) -> None:
        job = self._scheduler.get_job(key)
        if job is None:
            return
        job.reschedule(_trigger(interval_s))
        what = {"target": key, "interval_s": round(interval_s)}
        logger.info("target polled at another interval", extra=what)

    async def poll(self, target: Target, due: Due | None = None) -> Run | None:
        """Polls a target and then the comments of its most discussed new posts.

        A failure ends this poll or this platform, never another's; None where the poll failed.
        """
        return await self._polling.poll(target, due)

    async def _refresh(self, name: str) -> None:
        tags = self.tags_of(name)()
        if tags and name in self._polling.running(times.now()):
            await refresh(self._platforms[name], self._store, tags, self._settings)


def _trigger(interval_s: float) -> IntervalTrigger:
    jitter_s = min(interval_s / 10, 30.0)
    # The library adds between nothing and all of the jitter: half of it on average.
    return IntervalTrigger(seconds=interval_s - jitter_s / 2, timezone="UTC", jitter=jitter_s)


async def _until_cut_off(work: Callable[..., Coroutine[Any, Any, object]], *args: object) -> None:
    """Does a job's work; the end of the schedule cuts it off, which is no failure of the job."""
    try:
        await work(*args)
    except asyncio.CancelledError:
        logger.debug("job cut off by the end of the schedule")
