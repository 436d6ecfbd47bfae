"""Real posts, through the command line, against figures that were computed without us."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from lake.store import Store
from tests.conftest import SHARED
from tests.lakes import CommandLine

TIDYTUESDAY = SHARED / "datasets/tidytuesday2018/tidytuesday_tweets.jsonl"
DUBOIS = SHARED / "datasets/dubois/tweets.csv"
COLUMNS = """
platform: x
columns:
  url: url
  created_at: datetime
  text: content
  author_handle: username
  followers: followers
  verified: verified
  likes: like_count
  shares: retweet_count
  quotes: quote_count
"""
WINDOW = ("--from", "2018-04-01", "--to", "2019-01-01")


async def _campaign(taglake: CommandLine, tag: str, *window: str) -> dict[str, Any]:
    made = await taglake(
        "campaign", "create", "--name", tag, "--hashtag", f"#{tag.upper()}", *window, "--json"
    )
    assert made.status == 0, made.err
    campaign: dict[str, Any] = made.json()
    return campaign


async def _documents(store: Store) -> dict[str, dict[str, Any]]:
    """Every document of the lake but the campaigns, by index and id, with its version."""
    await store.refresh()
    found: dict[str, dict[str, Any]] = {}
    for kind in ("posts-*", "raw-*", "metrics-*", "deadletter-*", "runs-*", "state"):
        body = {"size": 10_000, "seq_no_primary_term": True, "track_total_hits": True}
        answer = await store.search(store.layout.one(kind), body)
        assert answer["hits"]["total"]["value"] == len(answer["hits"]["hits"])
        found |= {f"{hit['_index']}/{hit['_id']}": hit for hit in answer["hits"]["hits"]}
    return found


async def test_tidytuesday_gives_the_known_figures(taglake: CommandLine) -> None:
    done = await taglake("import", TIDYTUESDAY, "--json")
    campaign = await _campaign(taglake, "tidytuesday", *WINDOW)
    summary = (await taglake("campaign", "summary", campaign["id"], "--json")).json()
    timeline = await taglake(
        "campaign", "timeline", campaign["id"], "--interval", "month", "--json"
    )

    assert done.json()["files"][0]["created"] == 1565
    values = {name: entry["value"] for name, entry in summary["metrics"].items()}
    assert (values["posts"], values["authors"]) == (1517, 464)
    assert (values["likes"], values["shares"]) == (22_669, 4_629)
    assert values["engagement"] == 22_669 + 4_629
    assert values["comments"] is None
    assert summary["metrics"]["comments"]["missing"] == 1517
    assert [bucket["posts"] for bucket in timeline.json()["buckets"]] == [
        288, 215, 174, 119, 117, 115, 203, 170, 116,
    ]  # fmt: skip


async def test_dubois_gives_the_known_figures(
    taglake: CommandLine, tmp_path: Path, store: Store
) -> None:
    columns = tmp_path / "map.yaml"
    columns.write_text(COLUMNS)

    done = await taglake("import", DUBOIS, "--columns", columns, "--json")
    window = ("--from", "2021-02-01", "--to", "2021-06-01")
    campaign = await _campaign(taglake, "duboischallenge", *window)
    summary = (await taglake("campaign", "summary", campaign["id"], "--json")).json()
    top = await taglake(
        "campaign", "influencers", campaign["id"], "--by", "posts", "--limit", "1", "--json"
    )
    letters = (await taglake("deadletter", "list", "--json")).json()["dead_letters"]

    assert done.json()["files"][0]["dead_letters"] == 1
    values = {name: entry["value"] for name, entry in summary["metrics"].items()}
    assert [values[name] for name in ("posts", "authors", "shares", "likes", "quotes")] == [
        444, 166, 1290, 7144, 278,
    ]  # fmt: skip
    [first] = top.json()["influencers"]
    assert (first["handle"], first["posts"]) == ("AlDatavizguy", 125)
    [letter] = letters
    assert letter["place"].startswith("tweets.csv:")
    tags = {"aggs": {"tags": {"terms": {"field": "hashtags", "size": 4}}}, "size": 0}
    answer = await store.search(store.layout.every("posts"), tags)
    assert {b["key"]: b["doc_count"] for b in answer["aggregations"]["tags"]["buckets"]} == {
        "duboischallenge": 444,
        "tidytuesday": 135,
        "dataviz": 66,
        "rstats": 65,
    }


@pytest.mark.parametrize("arguments", [(TIDYTUESDAY,), (DUBOIS, "--columns", "map.yaml")])
async def test_importing_twice_writes_no_document(
    taglake: CommandLine, store: Store, tmp_path: Path, arguments: tuple[str | Path, ...]
) -> None:
    (tmp_path / "map.yaml").write_text(COLUMNS)
    arguments = tuple(tmp_path / part if part == "map.yaml" else part for part in arguments)
    await taglake("import", *arguments)
    before = await _documents(store)

    again = await taglake("import", *arguments, "--json")

    assert again.status == 0
    assert again.json()["files"][0]["created"] == again.json()["files"][0]["updated"] == 0
    assert await _documents(store) == before


async def test_every_post_gets_vaders_own_score_beside_the_models(
    taglake: CommandLine, store: Store
) -> None:
    await taglake("import", TIDYTUESDAY)

    done = await taglake("enrich", "--once", "--json")

    assert done.json() == {"posts": 1565, "failed": 0}
    await store.refresh()
    body = {"size": 2000, "_source": ["text", "sentiment", "enrich"]}
    answer = await store.search(store.layout.every("posts"), body)
    analyzer = SentimentIntensityAnalyzer()
    for source in (hit["_source"] for hit in answer["hits"]["hits"]):
        own = analyzer.polarity_scores(source["text"])
        sentiment = source["sentiment"]["vader"]
        assert source["enrich"]["state"] == "done"
        assert (sentiment["score"], sentiment["p_pos"], sentiment["p_neu"], sentiment["p_neg"]) == (
            own["compound"], own["pos"], own["neu"], own["neg"],
        )  # fmt: skip


def _ranks(values: dict[str, float | None]) -> dict[str, float]:
    """(rank - 0.5) / n, ties averaged, lowest first; the unknown have none."""
    known = sorted(value for value in values.values() if value is not None)
    return {
        author: (sum(v < value for v in known) + sum(v == value for v in known) / 2) / len(known)
        for author, value in values.items()
        if value is not None
    }


async def test_the_first_20_influencers_are_those_of_a_plain_computation(
    taglake: CommandLine,
) -> None:
    by_author: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in TIDYTUESDAY.read_text().splitlines():
        tweet = json.loads(line)
        if "tidytuesday" in {tag.lower() for tag in tweet["hashtags"] if tag}:
            by_author[tweet["user_id"]].append(tweet)
    own = {
        author: {
            "posts": len(tweets),
            "engagement": sum(t["favorite_count"] + t["retweet_count"] for t in tweets),
            "shares": sum(t["retweet_count"] for t in tweets),
            "followers": tweets[0]["followers_count"],
        }
        for author, tweets in by_author.items()
    }
    parts: dict[str, dict[str, float | None]] = {
        "engagement": {a: v["engagement"] for a, v in own.items()},
        "reach": {a: v["followers"] for a, v in own.items()},
        "er": {
            a: v["engagement"] / (v["followers"] * v["posts"]) if v["followers"] else None
            for a, v in own.items()
        },
        "amplification": {a: v["shares"] / v["posts"] for a, v in own.items()},
        "posts": {a: v["posts"] for a, v in own.items()},
    }
    weights = {"engagement": 0.35, "reach": 0.25, "er": 0.2, "amplification": 0.1, "posts": 0.05}
    ranks = {name: _ranks(values) for name, values in parts.items()}
    scores = {
        author: 100
        * sum(weights[name] * rank[author] for name, rank in ranks.items() if author in rank)
        / sum(weights[name] for name, rank in ranks.items() if author in rank)
        for author in own
    }
    expected = sorted(own, key=lambda author: (-scores[author], f"x:{author}"))[:20]

    await taglake("import", TIDYTUESDAY)
    campaign = await _campaign(taglake, "tidytuesday", *WINDOW)
    answer = await taglake("campaign", "influencers", campaign["id"], "--json")

    rows = answer.json()["influencers"]
    assert [row["id"] for row in rows] == expected
    for row in rows:
        plain = own[row["id"]]
        assert {name: row[name] for name in plain} == plain
        assert row["score"] == pytest.approx(scores[row["id"]])
