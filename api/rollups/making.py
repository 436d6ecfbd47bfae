"""Rollups of campaigns and of the whole lake: made, then put in the place of those before."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from analysis.assumptions import ASSUMED, Assumptions
from analysis.definitions import definitions
from api.reading import sharing_reads
from api.rollups import health, models, moments, people, share, summary, tags, timeline, tone
from api.rollups import windows as phases
from api.rollups.rows import About
from api.rollups.subject import Subject, subject_of
from lake import times
from lake.campaign import Campaign
from lake.errors import InvalidError, RequestError, RetryError, SkipError
from lake.generation import generation, last_writes
from lake.records import Json
from lake.rollups import RollupRow, remove_deleted, remove_older, write_rows
from lake.store import Store
from lake.text import digest

logger = logging.getLogger(__name__)

Part = Callable[[Store, Subject], Awaitable[list[RollupRow]]]

PARTS: Mapping[str, Part] = {
    "summary": summary.summaries,
    "timeline": timeline.timelines,
    "influencers": people.authors,
    "share": share.shares,
    "sentiment": tone.tones,
    "windows": phases.phases,
    "hashtags": tags.tags,
    "posts": moments.top_posts,
    "spikes": moments.outstanding,
    "comments": moments.discussed,
    "peaks": moments.high_hours,
    "health": health.watched,
    "models": models.agreements,
}
STATUS = "campaigns"
_SHAPE = "1"  # counted up when rows change though nothing else did
_MOST_STATUSES = 10_000
_SHARED_S = 300.0


@dataclass(frozen=True, slots=True)
class Rolled:
    """What came of one campaign.

    Args:
        campaign: Its id; None: the whole lake.
        state: ``done``, ``unchanged`` (nothing was to be done) or ``failed``.
        rows: How many there are now.
        removed: How many went because nothing stands behind them any more.
        took_s: Seconds.
        left_out: What cannot be told of this campaign, each with the reason.
        error: Why it failed.
    """

    campaign: str | None
    state: str
    rows: int = 0
    removed: int = 0
    took_s: float = 0.0
    left_out: tuple[str, ...] = ()
    error: str | None = None

    def to_json(self) -> Json:
        """As the command line shows it."""
        return {**asdict(self), "left_out": list(self.left_out)}


async def roll_up(
    store: Store,
    campaigns: Sequence[Campaign],
    *,
    assumed: Assumptions = ASSUMED,
    only_changed: bool = False,
    rest_s: float = 0.0,
    on_done: Callable[[Rolled], None] = lambda _: None,
) -> list[Rolled]:
    """Makes the rollups of campaigns, one after the other; one that fails stops no other.

    Args:
        store: The lake.
        campaigns: Which.
        assumed: As in ``api.answers.summary``.
        only_changed: Whether to leave out those that are over and have nothing new.
        rest_s: For how long those are left out in any case that were made anew: who collects for
            one campaign always writes something, and what is over seldom changes by it.
        on_done: Called with each campaign that is done with.

    Raises:
        RetryError: Elasticsearch did not answer when it was asked what there is.
        ConfigError: The user may not write rollups.
    """
    written = await last_writes(store.client, store.layout)
    await store.refresh()  # what counts as written can be found from here on
    marks = await _marks(store) if only_changed else {}
    done: list[Rolled] = []
    async with _shared(store):
        for campaign in campaigns:
            mark = mark_of(campaign, written, assumed)
            if mark is not None and mark.is_current(marks.get(campaign.id), rest_s):
                found = Rolled(campaign.id, "unchanged")
            else:
                found = await _one(store, campaign, mark, assumed)
            done.append(found)
            on_done(found)
    return done


@asynccontextmanager
async def _shared(store: Store) -> AsyncIterator[None]:
    """In the block, the answers about a campaign read one view of the posts where they can."""
    if store.sharing is not None:  # they do already
        yield
        return
    async with sharing_reads(store, _SHARED_S):
        yield


async def _now(store: Store) -> AbstractContextManager[None]:
    """A block in which everything is about the state that the lake is in now."""
    if store.sharing is None:
        return nullcontext()
    return store.sharing.about(await generation(store.client, store.layout))


async def roll_up_lake(store: Store, campaigns: Sequence[Campaign]) -> Rolled:
    """Makes the rows that are about no campaign; removes those of campaigns that are no more.

    Args:
        store: The lake.
        campaigns: All that there are.

    Raises:
        RetryError: Elasticsearch did not answer.
        ConfigError: The user may not write rollups.
    """
    began = times.now()
    try:
        rows = await health.lake_health(store, began) + await models.lake_models(store, began)
        await write_rows(store, None, rows, began)
        removed = await remove_older(store, None, began)
        removed += await remove_deleted(store, [campaign.id for campaign in campaigns])
    except (RetryError, SkipError, RequestError) as exc:
        return Rolled(None, "failed", took_s=_since(began), error=str(exc))
    return Rolled(None, "done", len(rows), removed, _since(began))


async def _one(store: Store, campaign: Campaign, mark: Mark | None, assumed: Assumptions) -> Rolled:
    began = times.now()
    try:
        with await _now(store):
            rows, left_out = await _rows(store, campaign, assumed)
        await write_rows(store, campaign.id, rows, began)
        found = Rolled(campaign.id, "done", len(rows), 0, _since(began), left_out)
        await write_rows(store, campaign.id, [status_row(campaign, found, began, mark)], began)
        removed = await remove_older(store, campaign.id, began)
    except (RetryError, SkipError, RequestError) as exc:
        logger.warning("rollup failed", extra={"campaign": campaign.id, "reason": str(exc)})
        found = Rolled(campaign.id, "failed", took_s=_since(began), error=str(exc))
        await _tell(store, campaign, found, began)
        return found
    return Rolled(campaign.id, "done", len(rows), removed, _since(began), left_out)


async def _rows(
    store: Store, campaign: Campaign, assumed: Assumptions
) -> tuple[list[RollupRow], tuple[str, ...]]:
    """All rows, and what this campaign has no answer to."""
    one = await subject_of(store, campaign, assumed=assumed)
    rows: list[RollupRow] = []
    left_out: list[str] = []
    for name, part in PARTS.items():
        try:
            rows += await part(store, one)
        except InvalidError as exc:  # a window with too many hours has no peaks, but the rest
            left_out.append(f"{name}: {exc}")
    return rows, tuple(left_out)


async def _tell(store: Store, campaign: Campaign, found: Rolled, began: datetime) -> None:
    """Keeps that it failed; the rows of the run before stay."""
    try:
        await write_rows(store, campaign.id, [status_row(campaign, found, began, None)], began)
    except (RetryError, SkipError) as exc:
        logger.warning("rollup not noted", extra={"campaign": campaign.id, "reason": str(exc)})


def status_row(campaign: Campaign, found: Rolled, began: datetime, mark: Mark | None) -> RollupRow:
    """The row that says what became of a campaign's rollup. Pure."""
    window = {"from": times.to_text(campaign.start), "to": times.to_text(campaign.end)}
    return About(campaign).row(
        *(STATUS, "campaign"),
        answer={"as_of": times.to_text(began), "window": window},
        platforms=list(campaign.platforms),
        brands=list(campaign.panel()),
        state=found.state,
        rows=found.rows if found.state == "done" else None,
        took_s=found.took_s,
        left_out=list(found.left_out),
        error=found.error,
        mark=None if mark is None else mark.meaning,
        written=None if mark is None else mark.written,
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """What the rows of a campaign that is over rest on.

    Args:
        meaning: Stands for the campaign as it is registered and for what its numbers mean.
        written: Stands for all that was written to the lake.
        at: When the run began.
    """

    meaning: str
    written: str
    at: datetime

    def is_current(self, before: Mark | None, rest_s: float) -> bool:
        """Whether the rows of a run before need not be made anew."""
        if before is None or before.meaning != self.meaning:
            return False
        return before.written == self.written or self.at - before.at < timedelta(seconds=rest_s)


def mark_of(campaign: Campaign, written: str | None, assumed: Assumptions) -> Mark | None:
    """What a campaign's rows rest on; None while time alone changes them."""
    now = times.now()
    # The window after the campaign is as long as the campaign.
    over = now - campaign.end >= campaign.end - campaign.start
    if written is None or not over:
        return None
    meanings = (row.tag() for row in definitions())
    meaning = digest(_SHAPE, str(campaign.revision), repr(assumed), *meanings)
    return Mark(meaning, digest(written), now)


async def _marks(store: Store) -> dict[str, Mark]:
    body: Json = {
        "size": _MOST_STATUSES,
        "track_total_hits": False,
        "query": {"bool": {"filter": [{"term": {"state": "done"}}, {"exists": {"field": "mark"}}]}},
        "_source": ["campaign", "mark", "written", "rolled_at"],
    }
    answer = await store.search(store.layout.one(f"rollup-{STATUS}"), body)
    sources = [hit["_source"] for hit in answer["hits"]["hits"]]
    return {
        one["campaign"]: Mark(one["mark"], one["written"], times.from_text(one["rolled_at"]))
        for one in sources
    }


def _since(began: datetime) -> float:
    return round((times.now() - began).total_seconds(), 3)
