"""Rollups of the generated campaign against the API's own answers, on a real node."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.rollups.making import roll_up
from lake.store import Store
from tests.fakes.campaign_posts import START, seed_run
from tests.fakes.plain_answers import Seeded
from tests.fakes.rolled_campaign import Rolls, seed_surroundings
from tests.fakes.running_api import Api
from tests.rolled_rows import (
    compare_agreement,
    compare_moments,
    compare_tags,
    compare_talk,
    compare_watching,
    envelope,
    one_by,
    same,
)

TOTALS = ("posts", "engagement", "likes", "shares", "comments")


@pytest.fixture
async def rolls(api: Api, store: Store, seeded: Seeded) -> Rolls:
    """The rows of the generated campaign with everything around it."""
    await seed_surroundings(store, api)
    [found] = await roll_up(store, await store.campaigns.list())
    assert (found.state, found.left_out, found.error) == ("done", (), None)
    rolls = Rolls(store)
    assert await rolls.count() == found.rows + 1, "each row is one of its own, and the status"
    return rolls


async def test_every_row_shows_what_the_api_answers(api: Api, rolls: Rolls, seeded: Seeded) -> None:
    path = f"/v1/campaigns/{seeded.campaign}"
    await _headline(api, rolls, path)
    await _over_time(api, rolls, path)
    await _people(api, rolls, path)
    await _brands(api, rolls, path)
    await _tone(api, rolls, path)
    await _phases(api, rolls, path)
    await compare_tags(api, rolls, path)
    await compare_moments(api, rolls, path)
    await compare_talk(api, rolls, path)
    await compare_watching(api, rolls, path)
    await compare_agreement(api, rolls, path)


async def _headline(api: Api, rolls: Rolls, path: str) -> None:
    rows = one_by(await rolls("summary"), "platform", "metric")
    whole = await api.get(f"{path}/summary")
    authenticity = await api.get(f"{path}/authenticity")
    for platform in (None, *whole["metrics"]["posts"]["by_platform"]):
        scope = {} if platform is None else {"platform": platform}
        answer = await api.get(f"{path}/summary", **scope)
        tone = await api.get(f"{path}/sentiment", **scope)
        window = rows[platform, "posts"]["previous"]
        span = {"from": window["start"], "to": window["end"]}
        before = await api.get(f"{path}/summary", **span, **scope)
        for name, one in (answer["metrics"] | tone["metrics"]).items():
            same(rows[platform, name], envelope(one) | {"platform": platform})
        for name, one in before["metrics"].items():
            assert rows[platform, name]["previous"].get("value") == one["value"]
        metrics = set(answer["metrics"]) | set(tone["metrics"])
        if platform is None:
            metrics |= set(authenticity["metrics"])
        assert {name for about, name in rows if about == platform} == metrics
    for name, one in authenticity["metrics"].items():
        same(rows[None, name], envelope(one))
    now, then = whole["metrics"]["posts"]["value"], rows[None, "posts"]["previous"]["value"]
    assert rows[None, "posts"]["change"] == pytest.approx(100 * (now - then) / then)
    assert rows[None, "posts"]["@timestamp"] > rows["x", "posts"]["@timestamp"]


async def _over_time(api: Api, rolls: Rolls, path: str) -> None:
    rows = one_by(await rolls("timeline"), "platform", "@timestamp")
    for platform in (None, "mastodon"):
        scope = {} if platform is None else {"platform": platform}
        answer = await api.get(f"{path}/timeline", **scope)
        assert len(answer["buckets"]) == sum(about == platform for about, _ in rows)
        for bucket in answer["buckets"]:
            span = {"from": bucket["start"], "to": bucket["end"]}
            watched = (await api.get(f"{path}/coverage", **span, **scope))["value"]
            tone = await api.get(f"{path}/sentiment", **span, **scope)
            net = tone["metrics"]["net_sentiment"]
            expected = {name: bucket[name] for name in TOTALS} | bucket["sentiment"]
            expected |= {"net_sentiment": net["value"], "coverage": watched}
            expected |= {"net_low": net["low"], "net_high": net["high"]}
            same(rows[platform, bucket["start"]], expected)
            for label, share in tone["shares"].items():
                row = rows[platform, bucket["start"]]
                assert row.get("share", {}).get(label) == share["value"]
                assert row.get("share_low", {}).get(label) == share["low"]
                assert row.get("share_high", {}).get(label) == share["high"]
    half = rows["mastodon", "2025-03-31T00:00:00.000Z"]
    assert (half["coverage"], half["uncovered"]) == (0.5, 50)


async def _people(api: Api, rolls: Rolls, path: str) -> None:
    rows = await rolls("influencers", "author")
    for ranking, limit in (("score", 1_000), ("new", 100)):
        listed = {row["author"]["key"]: row for row in rows if row["ranking"] == ranking}
        exact = {"exact": "true"} if ranking == "score" else {}
        answer = await api.get(f"{path}/influencers", by=ranking, limit=limit, **exact)
        assert listed.keys() == {row["author"] for row in answer["influencers"]}
        for person in answer["influencers"]:
            row = listed[person["author"]]
            names = (*TOTALS, "rank", "platform", "originals", "potential_impressions")
            names += ("er_pooled", "amplification", "sentiment_mean", "score")
            same(row, {name: person[name] for name in names})
            who = {name: row["author"].get(name) for name in ("id", "handle", "name", "followers")}
            assert who == {name: person[name] for name in who}
            assert row["component"] == {
                name: one["percentile"] for name, one in person["components"].items()
            }
    found = await api.get(f"{path}/authenticity")
    for row in await rolls("influencers", "concentration"):
        same(row, envelope(found["metrics"][row["metric"]]))
    top = one_by(await rolls("influencers", "top_author"), "rank")
    for rank, person in enumerate(found["metrics"]["top_authors_share"]["authors"], start=1):
        same(top[rank], {"posts": person["posts"], "part": person["share"]})
        assert top[rank]["author"]["key"] == person["author"]
    assert len(top) == 10


async def _brands(api: Api, rolls: Rolls, path: str) -> None:
    totals = one_by(await rolls("share", "total"), "brand", "measure")
    _compare_brands(await api.get(f"{path}/share-of-voice"), totals)
    tones = one_by(await rolls("share", "tone"), "brand")
    [overlap] = await rolls("share", "overlap")
    answer = await api.get(f"{path}/share-of-voice")
    same(overlap, {"value": answer["overlap"]["posts"], "part": answer["overlap"]["share"]})
    for brand in answer["brands"]:
        positive = brand["positive_posts"]
        expected = {"net_sentiment": brand["net_sentiment"], "own": brand["own"]}
        expected |= {"positive_posts": positive["value"], "positive_part": positive["share"]}
        same(tones[brand["name"]], expected)
    rows = await rolls("share", "bucket")
    for interval, count in (("day", 11), ("week", 3)):
        buckets = [row for row in rows if row["interval"] == interval]
        starts = sorted({row["@timestamp"] for row in buckets})
        assert len(starts) == count
        for start in starts:
            here = [row for row in buckets if row["@timestamp"] == start]
            window = here[0]["window"]
            part = {"from": window["start"], "to": window["end"]}
            answer = await api.get(f"{path}/share-of-voice", **part)
            _compare_brands(answer, one_by(here, "brand", "measure"))
    assert min(row["@timestamp"] for row in rows) == "2025-03-24T00:00:00.000Z", "a Monday"


def _compare_brands(answer: dict[str, Any], rows: dict[Any, dict[str, Any]]) -> None:
    measures = ("posts", "users", "engagement", "potential_reach")
    assert rows.keys() == {(b["name"], m) for b in answer["brands"] for m in measures}
    for brand in answer["brands"]:
        for measure in measures:
            counted = brand[measure]
            expected = {"value": counted["value"], "part": counted["share"]}
            expected |= {"missing": counted["missing"], "n": brand["n"], "own": brand["own"]}
            same(rows[brand["name"], measure], expected)


async def _tone(api: Api, rolls: Rolls, path: str) -> None:
    labels = one_by(await rolls("sentiment", "label"), "scope", "platform", "model", "label")
    indices = one_by(await rolls("sentiment", "index"), "scope", "platform", "model", "metric")
    for platform in (None, "x", "mastodon", "youtube", "reddit"):
        scope = "all" if platform is None else "platform"
        narrowed = {} if platform is None else {"platform": platform}
        answer = await api.get(f"{path}/sentiment", **narrowed)
        for label, posts in answer["labels"].items():
            share = answer["shares"].get(label, {})
            expected = {"posts": posts, "part": share.get("value")}
            expected |= {"low": share.get("low"), "high": share.get("high")}
            same(labels[scope, platform, None, label], expected)
        for name, one in answer["metrics"].items():
            bounds = {"low": one.get("low"), "high": one.get("high")}
            same(indices[scope, platform, None, name], envelope(one) | bounds)
    whole = await api.get(f"{path}/sentiment")
    assert whole["by_model"], "the generated campaign was scored"
    for model, one in whole["by_model"].items():
        for label, posts in one["labels"].items():
            assert labels["model", None, model, label]["posts"] == posts
        row = indices["model", None, model, "net_sentiment"]
        same(row, {"value": one["net_sentiment"], "posts": one["posts"]})


async def _phases(api: Api, rolls: Rolls, path: str) -> None:
    answer = await api.get(f"{path}/windows")
    rows = one_by(await rolls("windows", "window"), "phase", "metric")
    for phase, window in answer["windows"].items():
        tones = ("net_sentiment", "sentiment_mean", "positive_share")
        told = window["metrics"] | {name: window["sentiment"][name] for name in tones}
        for name, one in told.items():
            expected = envelope(one) | {"per_day": one.get("per_day"), "low": one.get("low")}
            expected |= {"days": window["days"], "covered_days": window["covered_days"]}
            same(rows[phase, name], expected)
        assert {name for about, name in rows if about == phase} == set(told)
    between = one_by(await rolls("windows", "between"), "metric", "comparison")
    for metric, comparisons in answer["between"].items():
        for comparison, one in comparisons.items():
            expected = {name: one.get(name) for name in ("value", "low", "high", "ratio", "reason")}
            same(between[metric, comparison], expected | {"trend": one.get("trend")})


async def test_a_period_that_nobody_watched_is_none_to_compare_with(
    api: Api, store: Store, seeded: Seeded
) -> None:
    await seed_run(store, "x", "acme", START, START + timedelta(days=12))
    [found] = await roll_up(store, await store.campaigns.list())
    rows = one_by(await Rolls(store)("summary"), "platform", "metric")

    assert found.state == "done"
    assert seeded.own.posts
    assert {platform for platform, _ in rows} > {None, "x"}
    assert all("previous" not in row and "change" not in row for row in rows.values())
