"""Answers laid out flat: what a row holds, what it leaves out, and that its index takes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analysis.sentiment import net_interval
from api.rollups.health import enrichment_rows, quota_rows
from api.rollups.models import champion_rows
from api.rollups.moments import comment_rows
from api.rollups.rows import About, known, number
from api.rollups.share import brand_rows
from api.rollups.summary import compared, metric_rows
from api.rollups.timeline import bucket_rows, day_coverage, interval_of, tone
from api.rollups.tone import model_rows, tone_rows
from lake.campaign import Campaign, checked_spec
from lake.model_record import Champion, Move
from lake.rollups import RollupRow
from lake.templates import load_templates

NOW = datetime(2026, 3, 10, tzinfo=UTC)
EXAMPLES: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "api/examples.json").read_text(encoding="utf-8")
)
SPEC = checked_spec(
    {"name": "Spring", "hashtags": ["spring"], "from": "2026-03-01", "to": "2026-03-11"}
)
CAMPAIGN = Campaign(**dict(SPEC), id="spring", created_at=NOW, updated_at=NOW, revision=1)
ABOUT = About(CAMPAIGN)
HEAD = {
    "as_of": "2026-03-05T06:00:00.000Z",
    "coverage": 0.5,
    "window": {"from": "2026-03-01T00:00:00.000Z", "to": "2026-03-11T00:00:00.000Z"},
}


def _paths(properties: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, field in properties.items():
        if "properties" in field:
            yield from _paths(field["properties"], f"{before}{name}.")
        else:
            yield before + name, field["type"]


MAPPED = dict(_paths(load_templates("")["rollup"]["template"]["mappings"]["properties"]))
KINDS: Mapping[str, tuple[type, ...]] = {
    "keyword": (str,),
    "date": (str,),
    "long": (int,),
    "double": (int, float),
    "boolean": (bool,),
}


def _leaves(source: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in source.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def _fits(rows: Iterable[RollupRow]) -> list[dict[str, Any]]:
    """The sources of rows that their index takes, each of which is one of its own."""
    found = list(rows)
    assert len({(row.kind, row.key) for row in found}) == len(found) > 0
    for row in found:
        for name, value in _leaves(row.source):
            for one in value if isinstance(value, list) else [value]:
                assert isinstance(one, KINDS[MAPPED[name]]), f"{name}: {one!r}"
                assert MAPPED[name] == "boolean" or not isinstance(one, bool), name
    return [row.source for row in found]


@pytest.mark.parametrize(
    ("name", "flatten"),
    [
        ("summary", lambda answer: metric_rows(ABOUT, answer, answer)),
        ("timeline", lambda answer: bucket_rows(ABOUT, answer, {})),
        ("sentiment", lambda answer: tone_rows(ABOUT, answer)),
        ("sentiment", lambda answer: model_rows(ABOUT, answer)),
    ],
)
def test_rows_of_the_documented_answers_fit_their_index(name: str, flatten: Any) -> None:
    for source in _fits(flatten(EXAMPLES[name])):
        assert source["campaign_name"] == "Spring"
        assert source["as_of"] == EXAMPLES[name]["as_of"]


def test_what_is_unknown_is_left_out_and_zero_is_not() -> None:
    found = known({"a": None, "b": 0, "c": False, "d": [], "e": {"f": None}, "g": {"h": 0.0}})

    assert found == {"b": 0, "c": False, "g": {"h": 0.0}}


def test_a_number_carries_what_people_call_it() -> None:
    found = number({"value": 3, "definition": "net_sentiment.v1", "low": 0.1})

    assert (found["title"], found["unit"], found["low"]) == ("Net sentiment", "ratio", 0.1)
    assert "title" not in number({"value": 3, "definition": "nobody.v9"})


def test_a_platforms_total_stands_a_second_before_that_of_all() -> None:
    whole = ABOUT.row("summary", "metric", "posts", answer=HEAD)
    part = About(CAMPAIGN, "x").row("summary", "metric", "posts", answer=HEAD)
    over = ABOUT.row("summary", "metric", "posts", answer=HEAD | {"as_of": "2027-01-01T00:00:00Z"})

    assert whole.source["@timestamp"] == "2026-03-05T06:00:00.000Z"
    assert part.source["@timestamp"] == "2026-03-05T05:59:59.000Z"
    assert over.source["@timestamp"] == HEAD["window"]["to"]
    assert (whole.source["scope"], part.source["scope"]) == ("all", "platform")
    assert "platform" not in whole.source
    assert whole.key != part.key


@pytest.mark.parametrize(
    ("value", "then", "difference", "change"),
    [
        (150, 100, 50, 50.0),
        (50, 100, -50, -50.0),
        (5, 0, 5, None),
        (0, 4, -4, -100.0),
        (None, 4, None, None),
        (4, None, None, None),
    ],
)
def test_a_change_is_told_only_where_both_numbers_are_known(
    value: float | None, then: float | None, difference: float | None, change: float | None
) -> None:
    found = compared(value, {"value": then, "coverage": None}, HEAD["window"])

    assert (found["difference"], found["change"]) == (difference, change)
    assert found["previous"]["value"] == then


def _bucket(start: str, end: str, posts: int) -> dict[str, Any]:
    labels = {"positive": posts, "neutral": 0, "negative": 0, "unsure": 0}
    numbers = dict.fromkeys(("engagement", "likes", "shares", "comments"))
    return {
        "start": f"2026-03-{start}T00:00:00.000Z",
        "end": f"2026-03-{end}T00:00:00.000Z",
        "partial": False,
        "posts": posts,
        "sentiment": labels,
        **numbers,
    }


def test_days_to_come_are_not_there_and_unknown_numbers_neither() -> None:
    buckets = [_bucket("04", "05", 2), _bucket("05", "06", 0), _bucket("06", "07", 0)]
    answer = HEAD | {"interval": "day", "buckets": buckets}
    shares = day_coverage(answer, {}, CAMPAIGN) | {buckets[0]["start"]: 0.75}

    first, second = _fits(bucket_rows(ABOUT, answer, shares))

    assert (first["posts"], first["coverage"], first["uncovered"]) == (2, 0.75, 25)
    assert (first["net_sentiment"], first["share"]["positive"]) == (1, 100)
    assert "likes" not in first
    assert (second["posts"], second["window"]["end"]) == (0, "2026-03-06T00:00:00.000Z")
    assert {"net_sentiment", "share", "share_low", "coverage", "uncovered"}.isdisjoint(second)


def test_long_windows_are_told_in_weeks_and_months() -> None:
    def lasting(days: int) -> Campaign:
        return CAMPAIGN.model_copy(update={"end": CAMPAIGN.start + timedelta(days=days)})

    assert [interval_of(lasting(days)) for days in (5_000, 5_001, 35_001)] == [
        "day",
        "week",
        "month",
    ]


def test_the_interval_of_net_sentiment_is_wilsons_stretched() -> None:
    found = net_interval({"positive": 8, "negative": 2, "neutral": 90})

    # METRICS 22: 8 of 10 lie within [0.490, 0.943].
    assert found["low"] == pytest.approx(2 * 0.490 - 1, abs=0.002)
    assert found["high"] == pytest.approx(2 * 0.943 - 1, abs=0.002)
    assert net_interval({"neutral": 90}) == {"low": None, "high": None}
    assert tone({"positive": 8, "negative": 2, "neutral": 90})["net_low"] == found["low"]


def test_a_brand_whose_reach_nobody_knows_has_no_value_and_no_part() -> None:
    answer = EXAMPLES["share_of_voice"] | {"exact": True}
    brand = answer["brands"][0] | {
        "potential_reach": {"value": None, "share": None, "missing": 4},
        "posts": {"value": 0, "share": 0.0, "missing": 0},
    }

    rows = _fits(brand_rows(ABOUT, answer | {"brands": [brand]}, interval="day", at=HEAD["as_of"]))

    by_measure = {row["measure"]: row for row in rows if row["row"] == "bucket"}
    assert {"value", "part"}.isdisjoint(by_measure["potential_reach"])
    assert by_measure["potential_reach"]["missing"] == 4
    assert (by_measure["posts"]["value"], by_measure["posts"]["part"]) == (0, 0)
    assert {row["@timestamp"] for row in rows} == {HEAD["as_of"]}


def test_what_nobody_collected_has_no_tone_of_zero() -> None:
    nothing = {"mean": None, "net": None, "post": 0.5, "difference": None, "n": 0, "missing": 0}
    digest = {
        "post": _post_of("v1"),
        "comments": 12,
        "collected": 0,
        "collected_direct": 0,
        "collected_share": 0.0,
        "sentiment": nothing | {"labels": dict.fromkeys(("positive", "neutral"), 0)},
        "questions": {"value": None, "low": None, "high": None, "questions": 0},
        "first_hour": {"comments": 0},
    }
    silent = digest | {"post": _post_of("v2"), "comments": 0}

    [row] = _fits(comment_rows(ABOUT, HEAD | {"posts": [digest, silent]}))

    assert (row["comments"], row["collected"], row["post_sentiment"]) == (12, 0, 0.5)
    assert {"positive", "questions", "questions_part", "net_sentiment"}.isdisjoint(row)
    assert row["post"]["key"] == "youtube:v1"
    assert row["author"] == {"handle": "Ann", "key": "youtube:ann"}
    assert len(row["post"]["text"]) == 500


def _post_of(name: str) -> dict[str, Any]:
    metrics = dict.fromkeys(("likes", "comments", "shares", "views"))
    author = {"id": None, "handle": "Ann", "name": None, "followers": None}
    unknown = dict.fromkeys(("url", "language", "engagement", "sentiment"))
    return {
        "platform": "youtube",
        "id": name,
        "kind": "post",
        "created_at": HEAD["as_of"],
        "text": "x" * 900,
        "hashtags": [],
        "author": author,
        "metrics": metrics,
        **unknown,
    }


def test_of_limits_the_newest_run_of_an_hour_counts() -> None:
    def hit(at: str, left: Mapping[str, object]) -> dict[str, Any]:
        return {"_source": {"@timestamp": at, "quota_left": left}}

    newest = [
        hit("2026-03-10T00:50:00.000Z", {"units": 5, "odd": "?"}),
        hit("2026-03-10T00:10:00.000Z", {"units": 9, "searches": "3"}),
    ]
    hour = {"key": 1_773_100_800_000, "newest": {"hits": {"hits": newest}}}
    platforms = {"buckets": [{"key": "youtube", "hours": {"buckets": [hour]}}]}

    rows = _fits(quota_rows({"aggregations": {"platforms": platforms}}, NOW))

    assert {row["bucket"]: row.get("left") for row in rows} == {
        "units": 5,
        "odd": None,
        "searches": 3,
    }
    assert quota_rows({}, NOW) == []


def test_what_waits_to_be_scored_is_one_row() -> None:
    status = {
        "waiting": {"posts": 2, "pending": 2, "stale": 0, "longest_s": None},
        "failed": {"posts": 1},
        "scored": {"posts": 7},
        "rate_per_s": None,
        "left_s": None,
    }

    [row] = _fits(enrichment_rows(status, NOW))

    assert (row["waiting"], row["stale"], row["failed"]) == (2, 0, 1)
    assert {"longest_s", "rate_per_s", "left_s"}.isdisjoint(row)


def test_each_champion_holds_until_the_next() -> None:
    moves = (
        Move("small", NOW, "ann", "first"),
        Move("large", NOW + timedelta(days=1), "bob", "promote", "better"),
    )

    first, second = _fits(
        champion_rows(About(None), Champion("large", NOW, "bob", history=moves), NOW)
    )

    assert (first["model"], first["champion_until"]) == ("small", "2026-03-11T00:00:00.000Z")
    assert (second["model"], second["reason"]) == ("large", "better")
    assert "champion_until" not in second
    assert {"campaign_name", "hashtags", "scope"}.isdisjoint(first)
