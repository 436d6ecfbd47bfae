"""What the schedule reads from and enters into the ledger of runs besides the polls themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from ingestors.run import Run
from ingestors.wanted import Missing
from lake import times
from lake.bulk import Write
from lake.documents import Document
from lake.layout import Layout, native_key
from lake.records import Json
from lake.store import Store
from lake.text import digest

_MOST_AT_ONCE = 500
_MOST_CHARS = 1_024  # a longer target is not indexed


@dataclass(frozen=True, slots=True)
class Last:
    """A target's last poll.

    Args:
        started_at: When it began, aware UTC.
        interval_s: The interval that held then; None for a poll by hand.
        posts_per_h: The velocity that was known then.
    """

    started_at: datetime
    interval_s: float | None
    posts_per_h: float | None


async def last_polls(store: Store, keys: Iterable[str]) -> Mapping[str, Last]:
    """The last poll of each target that ever was polled; unfailing or not.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    found: dict[str, Last] = {}
    rest = iter(keys)
    while chunk := list(islice(rest, _MOST_AT_ONCE)):
        answer = await store.search(store.layout.every("runs"), _last_body(chunk))
        for hit in answer["hits"]["hits"]:
            source = hit["_source"]
            found[source["target"]] = Last(
                times.from_text(source["@timestamp"]),
                source.get("interval_s"),
                source.get("new_posts_per_h"),
            )
    return found


def _last_body(keys: Sequence[str]) -> Json:
    return {
        "size": len(keys),
        "track_total_hits": False,
        "query": {"bool": {"filter": [{"terms": {"target": list(keys)}}]}},
        "collapse": {"field": "target"},
        "sort": [{"@timestamp": "desc"}],
        "_source": ["target", "@timestamp", "interval_s", "new_posts_per_h"],
    }


async def covered_until(store: Store, platform: str, tags: Set[str]) -> Mapping[str, datetime]:
    """Up to when hashtags were watched last; those that never were are left out.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    filters: list[Json] = [
        {"term": {"platform": platform}},
        {"term": {"kind": "hashtag"}},
        {"terms": {"value": sorted(tags)}},
    ]
    until = {"until": {"max": {"field": "covered.end"}}}
    body: Json = {
        "size": 0,
        "query": {"bool": {"filter": filters, "must_not": [{"exists": {"field": "window.start"}}]}},
        "aggs": {"tags": {"terms": {"field": "value", "size": len(tags)}, "aggs": until}},
    }
    answer = await store.search(store.layout.every("runs"), body)
    buckets = answer.get("aggregations", {}).get("tags", {}).get("buckets", [])
    found = {bucket["key"]: bucket["until"]["value"] for bucket in buckets}
    return {tag: times.from_epoch_s(ms / 1000) for tag, ms in found.items() if ms is not None}


async def covered_windows(store: Store, keys: Sequence[str]) -> set[str]:
    """Of targets with a window, those that were walked to their end already.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    ids = {native_key("cursor", key): key for key in keys if len(key) <= _MOST_CHARS}
    done: set[str] = set()
    rest = iter(ids)
    while chunk := list(islice(rest, _MOST_AT_ONCE)):
        body = {
            "size": len(chunk),
            "query": {
                "bool": {
                    "filter": [{"ids": {"values": chunk}}, {"exists": {"field": "covered_until"}}]
                }
            },
            "_source": False,
        }
        answer = await store.search(store.layout.one("state"), body)
        done |= {ids[hit["_id"]] for hit in answer["hits"]["hits"]}
    return done


async def enter_missing(store: Store, missing: Iterable[Missing], now: datetime) -> None:
    """Enters, once each, what a campaign wants of the past and a platform does not offer."""
    writes = [_missing_write(store.layout, entry, now) for entry in missing]
    if writes:
        await (await store.writer.submit(writes)).done()


def _missing_write(layout: Layout, missing: Missing, now: datetime) -> Write:
    target = missing.target
    start, end = target.window or (now, now)
    span = {"start": times.to_text(start), "end": times.to_text(end)}
    source: Json = {
        # At the window's end, so that the same entry is always in the same index.
        "@timestamp": span["end"],
        "run": digest("missing", target.key),
        "platform": target.platform,
        "target": target.key,
        "kind": target.kind,
        "value": target.value,
        "window": span,
        "error": {"class": "NoHistory", "message": missing.reason},
    }
    return Write(Document(layout.runs(end), source["run"], source), counted=False)


def elapsed_s(run: Run, before: datetime | None) -> float:
    """Seconds between the beginnings of a poll and the one before it; 0 for the first."""
    return 0.0 if before is None else max(0.0, (run.started_at - before).total_seconds())
