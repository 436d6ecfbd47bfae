"""How well the campaign was watched, and how the collection of the whole lake fares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from analysis.parts import aggregations
from api.answers.coverage import coverage
from api.rollups.rows import About
from api.rollups.subject import Subject
from lake import times
from lake.enrich_status import enrich_status
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "health"
_QUOTA_OVER = timedelta(days=7)
_RUNS_AN_HOUR = 3  # the newest run of an hour may have used some of its platform's limits only
_MOST_PLATFORMS = 100
_TARGET = ("coverage", "blind_s", "recovered_s", "interval_s", "last_poll")


async def watched(store: Store, one: Subject) -> list[RollupRow]:
    """Of each hashtag and platform: how much was watched, every gap, what nobody offers.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    return coverage_rows(one.about, await coverage(store, one.campaign))


def coverage_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for the campaign, each target, each gap, each stretch not offered. Pure."""
    total = {"value": answer["value"], "n": answer["n"], "missing": answer["missing"]}
    rows = [about.row(KIND, "campaign", answer=answer, **total)]
    for target in answer["targets"]:
        of = {name: target[name] for name in ("platform", "hashtag", "brand")}
        key = (target["platform"], target["hashtag"])
        fields = {name: target[name] for name in _TARGET} | {"gaps": target["gaps_total"]}
        rows.append(about.row(KIND, "target", *key, answer=answer, **of, **fields))
        for gap in target["gaps"]:
            rows.append(_gap(about, "gap", answer, of, gap))
    for past in answer["not_offered"]:
        of = {name: past[name] for name in ("platform", "hashtag", "brand")}
        rows.append(_gap(about, "not_offered", answer, of, past))
    return rows + _completeness(about, answer)


def _gap(about: About, name: str, answer: Json, of: Json, gap: Json) -> RollupRow:
    key = (of["platform"], of["hashtag"], gap["from"], gap["to"])
    return about.row(
        *(KIND, name, *key),
        answer=answer,
        at=gap["from"],
        gap={"start": gap["from"], "end": gap["to"]},
        gap_s=gap.get("s"),
        reason=gap["reason"],
        recovered=gap.get("recovered"),
        **of,
    )


def _completeness(about: About, answer: Json) -> list[RollupRow]:
    found = answer["completeness"]
    head = answer | {"definition": found["definition"]}
    names = ("value", "estimate", "seen", "n", "missing")
    whole = {name: found[name] for name in names}
    rows = [about.row(KIND, "completeness", answer=head, **whole)] if found["targets"] else []
    for target in found["targets"]:
        fields = {name: target[name] for name in ("platform", "hashtag", *names)}
        key = (target["platform"], target["hashtag"])
        rows.append(about.row(KIND, "completeness", *key, answer=head, **fields))
    return rows


async def lake_health(store: Store, now: datetime) -> list[RollupRow]:
    """What limits were left in each hour of the last week, and how far enrichment is.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    answer = await store.search(store.layout.every("runs"), quota_body(now))
    return [*quota_rows(answer, now), *enrichment_rows(await enrich_status(store), now)]


def quota_body(now: datetime) -> Json:
    """A request for what runs said of limits, the newest runs of each hour and platform."""
    newest = {
        "size": _RUNS_AN_HOUR,
        "sort": [{"@timestamp": "desc"}, {"run": "asc"}],
        "_source": ["@timestamp", "quota_left"],
    }
    hours = {
        "date_histogram": {
            "field": "@timestamp",
            "fixed_interval": "1h",
            "min_doc_count": 1,
        },
        "aggs": {"newest": {"top_hits": newest}},
    }
    lately = {"range": {"@timestamp": {"gte": times.to_text(now - _QUOTA_OVER)}}}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": [lately, {"exists": {"field": "quota_left"}}]}},
        "aggs": {
            "platforms": {
                "terms": {"field": "platform", "size": _MOST_PLATFORMS},
                "aggs": {"hours": hours},
            }
        },
    }


def quota_rows(answer: Json, now: datetime) -> list[RollupRow]:
    """A row for each platform, limit and hour: what the newest run of it was left. Pure."""
    about, head = About(None), {"as_of": times.to_text(now)}
    rows: dict[tuple[str, ...], RollupRow] = {}
    for platform in aggregations(answer).get("platforms", {}).get("buckets", []):
        for hour in platform["hours"]["buckets"]:
            for hit in hour["newest"]["hits"]["hits"]:
                source = hit["_source"]
                for bucket, left in source["quota_left"].items():
                    key = (platform["key"], bucket, str(hour["key"]))
                    fields: dict[str, Any] = {"platform": platform["key"], "bucket": bucket}
                    fields["left"] = _number(left)
                    at = source["@timestamp"]
                    row = about.row(KIND, "quota", *key, answer=head, at=at, **fields)
                    rows.setdefault(key, row)
    return list(rows.values())


def _number(value: object) -> float | None:
    """A number that may have been kept as text."""
    try:
        return float(str(value))
    except ValueError:
        return None


def enrichment_rows(status: Json, now: datetime) -> list[RollupRow]:
    """One row: what waits to be scored, and how fast it goes. Pure."""
    waiting = status["waiting"]
    at = times.to_text(now)
    row = About(None).row(
        *(KIND, "enrichment"),
        answer={"as_of": at},
        at=at,
        waiting=waiting["posts"],
        pending=waiting["pending"],
        stale=waiting["stale"],
        longest_s=waiting["longest_s"],
        failed=status["failed"]["posts"],
        scored=status["scored"]["posts"],
        rate_per_s=status["rate_per_s"],
        left_s=status["left_s"],
    )
    return [row]
