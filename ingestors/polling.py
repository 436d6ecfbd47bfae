"""One poll on the schedule's behalf: a failure ends it or its platform, never another's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ingestors.gaps import Due
from ingestors.platform import Platform, Target
from ingestors.poll import poll
from ingestors.run import Run
from lake import times
from lake.config import IngestConfig
from lake.errors import ConflictError, RequestError, RetryError, StopPlatformError
from lake.store import Store

logger = logging.getLogger(__name__)


class Polling:
    """Polls, and the platforms that refused us.

    Args:
        store: Where posts go.
        platforms: The connected platforms by name.
        settings: Bounds, and how long a refusal keeps us away.
    """

    def __init__(
        self, store: Store, platforms: Mapping[str, Platform], settings: IngestConfig
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._settings = settings
        self._away_until: dict[str, datetime] = {}
        self._refused_at: dict[str, datetime] = {}

    def running(self, now: datetime) -> list[str]:
        """The platforms that may be asked now: those that did not just refuse us."""
        return [name for name in self._platforms if not self._is_away(name, now)]

    def _is_away(self, name: str, now: datetime) -> bool:
        until = self._away_until.get(name)
        return until is not None and now < until

    async def poll(self, target: Target, due: Due | None) -> Run | None:
        """Polls a target and then the comments of its most discussed new posts.

        None where the poll failed; the log and the ledger say why.
        """
        if self._is_away(target.platform, times.now()):
            return None
        run = await self._try(target, due)
        if run is not None and target.kind == "hashtag":  # comments suggest comments: once will do
            for related in run.related[: self._settings.comments_per_poll]:
                await self._try(related, None)
        return run

    async def _try(self, target: Target, due: Due | None) -> Run | None:
        platform = self._platforms[target.platform]
        refused_at = self._refused_at.get(target.platform)
        due = due and replace(due, refused_at=refused_at)
        run = Run(target, times.now(), due=due)
        try:
            await poll(
                platform, target, self._store, run=run, max_pages=self._settings.pages_per_poll
            )
        except (RetryError, ConflictError) as exc:
            logger.warning("poll cut short", extra={"target": target.key, "reason": str(exc)})
            return None
        except RequestError as exc:
            logger.warning("target gone", extra={"target": target.key, "reason": str(exc)})
            return None
        except StopPlatformError as exc:
            self._leave(target.platform, exc)
            return None
        _report(run)
        return run

    def _leave(self, name: str, exc: StopPlatformError) -> None:
        wait_s = self._settings.blocked_s
        self._refused_at[name] = times.now()
        self._away_until[name] = times.now() + timedelta(seconds=wait_s)
        what = {"platform": name, "reason": str(exc), "again_after_s": wait_s}
        logger.log(logging.ERROR, "platform stopped", extra=what)


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
