"""Stored payloads normalised again after a mapper was repaired: first the diff, then the repair.

What belongs together (every payload of one post, of any time) is read together, folded as the store
would have merged it (``lake.refold``) and compared with what is stored. Nothing is written unless
it is asked for. Writing is by compare-and-set: what a poll changes meanwhile is left to the next
run, and so is everything after a kill: each run looks at what is stored and writes only what
differs. Memory holds 200 posts with what their payloads say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestors.connections import Mapper, mapper
from ingestors.remap_reading import Reader
from ingestors.remap_report import Report
from ingestors.remap_writing import plan, tell_repairs, write
from ingestors.replay import replay, sighting_of
from lake import times
from lake.dead_letter_box import letters, letters_query
from lake.documents import Document
from lake.errors import ConfigError, PayloadError
from lake.raw_payloads import observations_by_id, owners
from lake.records import Json
from lake.reobserve import Repair, counter_repairs
from lake.store import Store

_SETTLED = timedelta(minutes=5)  # by then a post's payload is in the lake, or its poll has failed


@dataclass(frozen=True, slots=True)
class Scope:
    """Which posts are remapped: those with a payload of a time; then with all their payloads.

    Args:
        platform: Whose payloads; ``archive`` for those of every platform that came from files.
        since: When they were received at the earliest, aware UTC.
        until: Before when; None for no end.
    """

    platform: str
    since: datetime
    until: datetime | None = None


async def remap(
    store: Store, scope: Scope, *, apply: bool, on_progress: Callable[[int], None]
) -> Report:
    """Maps stored payloads again; gives what changes.

    Args:
        store: The lake.
        scope: What is remapped.
        apply: Whether the changes are written; else they are only reported.
        on_progress: Called with the payloads mapped so far.

    Raises:
        RetryError: Elasticsearch did not answer; what was written is whole, run it again.
        NotFoundError: Elasticsearch lost the snapshot that is read from; run it again.
        StopProcessError: The lake cannot be written.
    """
    report = Report()
    reader = Reader(store, report)
    fresh_since = times.to_text(times.now() - _SETTLED)
    async with aclosing(owners(store, scope.platform, scope.since, scope.until)) as chunks:
        async for chunk in chunks:
            mapped = await reader.read(chunk)
            planned = await plan(store, mapped.entities, report, fresh_since)
            planned.repairs += await _counters(store, mapped.counters, report)
            if apply:
                report.changed_meanwhile += await write(store, planned)
            on_progress(report.payloads)
            await asyncio.sleep(0)
    query = _letters_query(scope)
    if apply:
        done = await replay(store, query, lambda _so_far: None)
        report.letters, report.usable = done.done + done.failed, done.done
    else:
        await _try_letters(store, query, report)
    return report


async def _counters(
    store: Store, counted: dict[str, list[Document]], report: Report
) -> list[Repair]:
    stored = await observations_by_id(store, sorted(counted))
    found = counter_repairs(stored, counted)
    report.counters.checked += len(counted)
    tell_repairs(found, report.counters)
    return found


def _letters_query(scope: Scope) -> Json:
    query = letters_query(platform=scope.platform, target=None, ids=())
    span = {"gte": times.to_text(scope.since)}
    if scope.until is not None:
        span["lt"] = times.to_text(scope.until)
    query["bool"]["filter"] += [{"term": {"stage": "normalise"}}, {"range": {"@timestamp": span}}]
    return query


async def _try_letters(store: Store, query: Json, report: Report) -> None:
    """Counts the dead letters that can be mapped now, and writes nothing."""
    mappers: dict[tuple[str, str | None], Mapper] = {}
    async with aclosing(letters(store, query)) as found:
        async for letter in found:
            report.letters += 1
            key = (letter.source["platform"], letter.source.get("context"))
            try:
                if key not in mappers:
                    mappers[key] = mapper(*key)
                sighting_of(letter, mappers[key])
            except (PayloadError, ConfigError):
                continue
            report.usable += 1
