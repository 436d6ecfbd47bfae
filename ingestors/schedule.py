"""The schedule: one job a target, however many campaigns want it.

Jobs follow the campaigns: they are looked at again every few seconds, so a campaign that is
created, changed or ended by any program is polled, polled differently or no longer polled at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from ingestors.platform import Platform, Target
from ingestors.poll import poll
from ingestors.run import Run
from lake import times
from lake.campaign import Campaign
from lake.config import IngestConfig
from lake.errors import ConflictError, RequestError, RetryError, StopPlatformError
from lake.store import Store

logger = logging.getLogger(__name__)

_SYNC_JOB = "campaigns"


def wanted_targets(
    campaigns: Iterable[Campaign], platforms: Iterable[str], now: datetime
) -> list[Target]:
    """The hashtags that running campaigns want polled, each once, in order. Pure.

    Args:
        campaigns: All that are registered.
        platforms: Those that are connected.
        now: A campaign whose end lies before it is over.
    """
    connected = list(platforms)
    wanted: dict[Target, None] = {}
    for campaign in campaigns:
        if campaign.end <= now:
            continue
        for name in connected:
            if campaign.platforms and name not in campaign.platforms:
                continue
            for tags in campaign.panel().values():
                wanted.update((Target(name, "hashtag", tag), None) for tag in tags)
    return list(wanted)


class Schedule:
    """Polls what the campaigns want; use it as an async context manager.

    Args:
        store: Where campaigns are and posts go.
        platforms: The connected platforms by name.
        settings: Intervals and bounds.
    """

    def __init__(
        self, store: Store, platforms: Mapping[str, Platform], settings: IngestConfig
    ) -> None:
        self._store = store
        self._platforms = dict(platforms)
        self._settings = settings
        self._stopped: dict[str, str] = {}
        self._failure: asyncio.Future[None]
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None}
        )

    async def __aenter__(self) -> Schedule:
        """Starts the jobs of the campaigns that there are."""
        self._failure = asyncio.get_running_loop().create_future()
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        await self.sync()
        self._scheduler.add_job(
            self._sync_job,
            IntervalTrigger(seconds=self._settings.sync_s, timezone="UTC"),
            id=_SYNC_JOB,
            max_instances=1,
        )
        self._scheduler.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Starts no further poll; one that runs is cut off and loses nothing."""
        self._scheduler.shutdown(wait=False)
        self._failure.cancel()

    async def failure(self) -> None:
        """Waits for ever, or until something happens that no further poll mends.

        Raises:
            StopProcessError: The lake cannot be written.
            Exception: A bug; it is for the process to end with its traceback.
        """
        await asyncio.shield(self._failure)

    def _failed(self, event: JobExecutionEvent) -> None:
        if not self._failure.done():
            self._failure.set_exception(event.exception)

    async def sync(self) -> None:
        """Adds the jobs that are missing and removes those that nobody wants any more."""
        try:
            campaigns = await self._store.campaigns.list()
        except RetryError as exc:
            logger.warning("campaigns not read", extra={"reason": str(exc)})
            return
        running = [name for name in self._platforms if name not in self._stopped]
        wanted = {t.key: t for t in wanted_targets(campaigns, running, times.now())}
        jobs = {job.id for job in self._scheduler.get_jobs()} - {_SYNC_JOB}
        for key in jobs - wanted.keys():
            self._scheduler.remove_job(key)
            logger.info("target dropped", extra={"target": key})
        for key in wanted.keys() - jobs:
            self._add(wanted[key])

    def _add(self, target: Target) -> None:
        interval_s = self._settings.interval_s
        trigger = IntervalTrigger(
            seconds=interval_s, timezone="UTC", jitter=min(interval_s / 10, 30.0)
        )
        self._scheduler.add_job(
            self._poll_job,
            trigger,
            args=[target],
            id=target.key,
            max_instances=1,
            next_run_time=times.now(),
        )
        logger.info("target added", extra={"target": target.key, "interval_s": interval_s})

    async def _poll_job(self, target: Target) -> None:
        await _until_cut_off(self.poll(target))

    async def _sync_job(self) -> None:
        await _until_cut_off(self.sync())

    async def poll(self, target: Target) -> Run | None:
        """Polls a target and then the comments of its most discussed new posts.

        A failure ends this poll or this platform, never another's; None where the poll failed.
        """
        platform = self._platforms[target.platform]
        if target.platform in self._stopped:
            return None
        try:
            run = await poll(platform, target, self._store, max_pages=self._settings.pages_per_poll)
        except (RetryError, ConflictError) as exc:
            logger.warning("poll cut short", extra={"target": target.key, "reason": str(exc)})
            return None
        except RequestError as exc:
            logger.warning("target gone", extra={"target": target.key, "reason": str(exc)})
            return None
        except StopPlatformError as exc:
            self._stopped[target.platform] = str(exc)
            what = {"platform": target.platform, "reason": str(exc)}
            logger.log(logging.ERROR, "platform stopped", extra=what)
            return None
        _report(run)
        if target.kind == "hashtag":  # comments suggest comments: once is enough
            for related in run.related[: self._settings.comments_per_poll]:
                await self.poll(related)
        return run


async def _until_cut_off(work: Coroutine[Any, Any, object]) -> None:
    """Does a job's work; the end of the schedule cuts it off, which is no failure of the job."""
    try:
        await work
    except asyncio.CancelledError:
        logger.debug("job cut off by the end of the schedule")


def _report(run: Run) -> None:
    written = run.written
    logger.info(
        "poll done",
        extra={
            "target": run.target.key,
            "payloads": run.payloads,
            "posts_created": written.created,
            "posts_updated": written.updated,
            "dead_letters": run.dead_letters,
        },
    )
