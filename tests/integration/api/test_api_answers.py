"""Every number of the API against plain Python over the same posts."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analysis.reach import Efficiency
from lake import times
from lake.store import Store
from tests.fakes import plain_answers as plain
from tests.fakes.campaign_posts import END, START, seed_run
from tests.fakes.plain_answers import Seeded
from tests.fakes.running_api import BRANDS, Api


async def test_the_summary_equals_a_count_by_hand(api: Api, seeded: Seeded) -> None:
    campaign, own = seeded.campaign, seeded.own

    answer = await api.get(f"/v1/campaigns/{campaign}/summary")

    metrics = answer["metrics"]
    assert answer["coverage"] is None
    assert metrics["posts"]["value"] == len(own.posts) > 60
    assert sum(metrics["posts"]["by_kind"].values()) == len(own.posts)
    assert "comment" not in metrics["posts"]["by_kind"]
    assert sum(metrics["posts"]["by_platform"].values()) == len(own.posts)
    authors = own.by_author()
    authored = sum(len(posts) for posts in authors.values())
    assert metrics["authors"]["value"] == len(authors)
    assert metrics["authors"]["exact"] is True
    assert metrics["authors"]["missing"] == len(own.posts) - authored > 0
    for name in ("likes", "shares", "comments", "quotes", "saves", "views", "engagement"):
        value, missing = plain.summed(own.posts, name)
        assert (metrics[name]["value"], metrics[name]["missing"]) == (value, missing), name
        assert metrics[name]["definition"] == f"{name}.v1"
    impressions, unknown = plain.potential_impressions(own)
    assert metrics["potential_impressions"]["value"] == impressions
    assert metrics["potential_impressions"]["missing"] == unknown > 0
    counts = [count for count in own.reaches().values() if count is not None]
    per_user = metrics["posts_per_user"]
    assert (per_user["value"], per_user["missing"]) == (
        *(pytest.approx(authored / len(authors)), len(own.posts) - authored),
    )
    near = sum(plain.followers_then(post) is not None for post in own.posts if plain.key_of(post))
    told = metrics["potential_reach"]
    assert (told["followers_source"], told["followers_at_post"]) == ("at_post_or_latest", near)
    assert 0 < near < len(own.posts)
    estimated = metrics["estimated_reach"]
    assert estimated["value"] == pytest.approx(0.2 * sum(counts))
    assert estimated["efficiency"] == Efficiency().key()
    assert metrics["potential_reach"]["value"] == sum(counts)
    assert metrics["potential_reach"]["missing"] == len(authors) - len(counts) > 0
    assert metrics["frequency"]["value"] == pytest.approx(impressions / sum(counts))
    pooled = plain.pooled_rate(own.posts, own.followers())
    assert metrics["er_pooled"]["value"] == pytest.approx(pooled)
    assert metrics["er_mean"]["value"] == pytest.approx(plain.mean_rate(own))


async def test_the_timeline_has_every_interval_and_every_post(api: Api, seeded: Seeded) -> None:
    path = f"/v1/campaigns/{seeded.campaign}/timeline"
    for tz in ("UTC", "Europe/Paris", "Australia/Lord_Howe", "Asia/Kolkata"):
        for interval in ("hour", "day", "week", "month"):
            answer = await api.get(path, interval=interval, tz=tz)

            buckets = answer["buckets"]
            assert all(one["end"] == two["start"] for one, two in pairwise(buckets))
            assert buckets[0]["start"] <= times.to_text(START)
            assert buckets[-1]["end"] >= times.to_text(END)
            for bucket in buckets:
                _check_bucket(bucket, seeded.own)
                there = times.from_text(bucket["start"]).astimezone(ZoneInfo(tz))
                assert interval == "hour" or (there.hour, there.minute) == (0, 0)
            assert sum(bucket["posts"] for bucket in buckets) == answer["n"]
            assert answer["n"] == len(seeded.own.posts)


def _check_bucket(bucket: Any, own: plain.Plain) -> None:
    begins, ends = times.from_text(bucket["start"]), times.from_text(bucket["end"])
    inside = [post for post in own.posts if begins <= post.created_at < ends]
    assert bucket["posts"] == len(inside)
    assert bucket["sentiment"] == plain.Plain(inside, own.scores).labels()
    for name in ("engagement", "likes", "shares", "comments"):
        assert bucket[name] == (plain.summed(inside, name)[0] if inside else 0)
    assert bucket["partial"] is (begins < START or ends > END)


async def test_every_influencer_equals_a_count_by_hand(api: Api, seeded: Seeded) -> None:
    campaign, own = seeded.campaign, seeded.own
    expected = plain.influencer_rows(own)
    for by in ("score", "engagement", "posts", "likes", "shares", "comments", "reach"):
        answer = await api.get(f"/v1/campaigns/{campaign}/influencers", by=by, limit=1000)

        assert answer["exact"] is True
        assert answer["authors_total"] == len(expected) == len(answer["influencers"])
        authored = sum(row["posts"] for row in expected.values())
        assert answer["missing"] == len(own.posts) - authored
        for row in answer["influencers"]:
            for name, value in expected[row["author"]].items():
                assert row[name] == (pytest.approx(value) if value is not None else None), name
            assert row["handle"].upper() == row["name"]
        shown = "followers" if by == "reach" else by
        order = [(_descending(row[shown]), row["author"]) for row in answer["influencers"]]
        assert order == sorted(order)


def _descending(value: float | None) -> float:
    return float("inf") if value is None else -value


async def test_the_engagement_rate_ranks_only_authors_of_three_posts(
    api: Api, seeded: Seeded
) -> None:
    campaign, own = seeded.campaign, seeded.own
    rows = plain.influencer_rows(own)

    answer = await api.get(f"/v1/campaigns/{campaign}/influencers", by="er", limit=1000)

    rated = {
        name for name, row in rows.items() if row["posts"] > 2 and row["er_pooled"] is not None
    }
    assert {row["author"] for row in answer["influencers"]} == rated


@pytest.mark.parametrize("counting", ["whole", "fractional"])
async def test_the_share_of_voice_equals_a_count_by_hand(
    api: Api, seeded: Seeded, counting: str
) -> None:
    panel = seeded.panel
    expected = plain.brand_numbers(BRANDS, panel, fractional=counting == "fractional")

    answer = await api.get(f"/v1/campaigns/{seeded.campaign}/share-of-voice", counting=counting)

    assert [brand["name"] for brand in answer["brands"]] == list(BRANDS)
    for measure in ("posts", "users", "engagement", "potential_reach"):
        total = sum(brand[measure] for brand in expected.values())
        for brand in answer["brands"]:
            value = expected[brand["name"]][measure]
            assert (brand[measure]["value"] or 0) == pytest.approx(value)
            assert (brand[measure]["share"] or 0) == pytest.approx(100 * value / total)
    for brand in answer["brands"]:
        own = [post for post in panel.posts if BRANDS[brand["name"]] & set(post.hashtags)]
        labels = plain.Plain(own, panel.scores).labels()
        assert brand["n"] == len(own)
        assert brand["positive_posts"]["value"] == labels["positive"]
        toned = labels["positive"] + labels["negative"]
        net = (labels["positive"] - labels["negative"]) / toned if toned else None
        assert brand["net_sentiment"] == net
    named = [sum(bool(tags & set(p.hashtags)) for tags in BRANDS.values()) for p in panel.posts]
    both = sum(count > 1 for count in named)
    assert answer["overlap"]["posts"] == both > 10
    assert answer["overlap"]["share"] == pytest.approx(100 * both / len(panel.posts))
    if counting == "fractional":
        posts = sum(brand["posts"]["value"] for brand in answer["brands"])
        assert posts == pytest.approx(len(panel.posts))


async def test_the_sentiment_equals_a_count_by_hand(api: Api, seeded: Seeded) -> None:
    campaign, own = seeded.campaign, seeded.own
    labels = own.labels()
    scores = [own.scores[p.native_id][1] for p in own.posts if p.native_id in own.scores]

    answer = await api.get(f"/v1/campaigns/{campaign}/sentiment")

    assert answer["labels"] == labels
    assert answer["pending"] == len(own.posts) - len(scores) > 0
    metrics = {name: metric["value"] for name, metric in answer["metrics"].items()}
    pos, neu, neg = labels["positive"], labels["neutral"], labels["negative"]
    assert metrics["scored"] == len(scores)
    assert metrics["net_sentiment"] == pytest.approx((pos - neg) / (pos + neg))
    assert metrics["sentiment_score"] == pytest.approx(100 * (pos - neg) / (pos + neu + neg))
    assert metrics["sentiment_mean"] == pytest.approx(sum(scores) / len(scores))
    assert metrics["sentiment_weighted_mean"] == pytest.approx(plain.weighted_tone(own))
    assert answer["trend_hidden"] is False
    assert answer["by_model"]["test-1"]["labels"] == labels
    for platform, group in answer["by_platform"].items():
        here = [post for post in own.posts if post.platform == platform]
        assert group["labels"] == plain.Plain(here, own.scores).labels()


async def test_coverage_is_what_the_runs_saw_of_the_window(api: Api, store: Store) -> None:
    campaign = await api.create()
    day = timedelta(days=1)
    await seed_run(store, "x", "acme", START - 5 * day, START + 3 * day)
    await seed_run(store, "x", "acme", START + 2 * day, START + 5 * day)
    await seed_run(store, "x", "acmelove", START - 5 * day, START - 4 * day)
    await seed_run(store, "mastodon", "acme", START, END + day)
    await seed_run(store, "mastodon", "elsewhere", START, END)

    answer = await api.get(f"/v1/campaigns/{campaign}/summary")

    assert answer["coverage"] == pytest.approx((5 / 11 + 0 + 1) / 3)
    assert answer["metrics"]["likes"]["coverage"] == answer["coverage"]


async def test_an_empty_lake_answers_every_question(api: Api) -> None:
    path = f"/v1/campaigns/{await api.create()}"

    shares = await api.get(f"{path}/share-of-voice")

    assert {brand["posts"]["share"] for brand in shares["brands"]} == {None}
    assert len((await api.get(f"{path}/timeline"))["buckets"]) == 11
    assert (await api.get(f"{path}/summary"))["metrics"]["posts"]["value"] == 0
    assert (await api.get(f"{path}/influencers"))["influencers"] == []
    assert (await api.get(f"{path}/sentiment"))["metrics"]["net_sentiment"]["value"] is None
    assert (await api.get(f"{path}/posts"))["items"] == []
