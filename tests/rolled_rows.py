"""How rows of rollups are compared with the API's answers, and half of the comparisons."""

from __future__ import annotations

from typing import Any

from tests.fakes.rolled_campaign import Rolls
from tests.fakes.running_api import Api

TAGS = {"acme", "acmelove", "rival", "third", "drei"}


def same(row: dict[str, Any], expected: dict[str, Any]) -> None:
    """Every field as expected; what is unknown is not there at all, not even as null."""
    found = {name: row.get(name) for name in expected}
    assert found == expected
    assert [name for name, value in row.items() if value is None] == []


def envelope(one: dict[str, Any]) -> dict[str, Any]:
    names = ("value", "n", "missing", "coverage", "definition", "exact", "error_bound")
    return {name: one.get(name) for name in names}


def one_by(rows: list[dict[str, Any]], *names: str) -> dict[Any, dict[str, Any]]:
    keys = [tuple(row.get(name) for name in names) for row in rows]
    assert len(set(keys)) == len(keys), "a row is there twice"
    return {key if len(key) > 1 else key[0]: row for key, row in zip(keys, rows, strict=True)}


async def compare_tags(api: Api, rolls: Rolls, path: str) -> None:
    rows = one_by(await rolls("hashtags", "related", scope="all"), "hashtag")
    answer = await api.get(f"{path}/hashtags", limit=200)
    assert rows.keys() == {row["tag"] for row in answer["hashtags"]} > {"storm"}
    for rank, tag in enumerate(answer["hashtags"], start=1):
        expected = {"rank": rank, "posts": tag["posts"], "part": tag["share"]}
        expected |= {"all_posts": tag["all_posts"], "all_part": tag["all_share"]}
        expected |= {"lift": tag["lift"], "log_likelihood": tag["log_likelihood"]}
        same(rows[tag["tag"]], expected)
    own = one_by(await rolls("hashtags", "tag"), "hashtag")
    assert own.keys() == TAGS, "nobody says nobodysaysthis"
    window = {"from": "2025-03-29", "to": "2025-04-09"}
    for tag in TAGS:
        told = await api.get(f"/v1/tags/{tag}", **window)
        expected = {"posts": told["posts"]["value"], "authors": told["authors"]["value"]}
        same(own[tag], expected | {"grade": told["grade"]["value"]})
    [source] = (await api.get("/v1/tags/acme", **window))["counters"]["sources"]
    [growth] = await rolls("hashtags", "growth")
    same(growth, {"measure": "posts", "value": source["growth_per_h"]["posts"]["value"]})
    counts = one_by(await rolls("hashtags", "counter"), "@timestamp")
    assert {at: row["posts"] for at, row in counts.items()} == {
        shot["at"]: shot["posts"] for shot in source["snapshots"]
    }
    assert growth["value"] == 3


async def compare_moments(api: Api, rolls: Rolls, path: str) -> None:
    spikes = one_by(await rolls("spikes"), "rank")
    answer = await api.get(f"{path}/spikes", limit=100)
    assert len(spikes) == len(answer["spikes"]) > 10
    for rank, spike in enumerate(answer["spikes"], start=1):
        names = ("found_by", "z", "engagement_rate", "velocity_per_h", "comments_rank")
        same(spikes[rank], {name: spike[name] for name in names})
        assert spikes[rank]["post"]["text"] == spike["post"]["text"]
        assert spikes[rank]["post"].get("comments") == spike["post"]["metrics"]["comments"]
    top = one_by(await rolls("posts"), "rank")
    for rank, post in enumerate((await api.get(f"{path}/posts", limit=100))["items"], start=1):
        assert top[rank]["post"]["key"] == f"{post['platform']}:{post['id']}"
        assert top[rank]["post"].get("engagement") == post["engagement"]
    assert len(top) == 100
    peaks = await api.get(f"{path}/peaks", explain=20)
    [peak] = peaks["peaks"]
    [row] = await rolls("peaks", "peak")
    names = ("hours", "posts", "peak_posts", "z", "median", "mad", "reference", "excess_posts")
    same(row, {name: peak[name] for name in names} | {"@timestamp": peak["start"]})
    assert row["sentiment_shift"] == peak["explanation"]["sentiment"]["mean"]["shift"]
    parts = one_by(await rolls("peaks", "part"), "part_of", "rank")
    for of, key in (("authors", "author"), ("hashtags", "hashtag")):
        for rank, part in enumerate(peak["explanation"][of]["top"], start=1):
            expected = {"part_key": part[key], "posts": part["posts"], "lift": part["lift"]}
            expected |= {"part_ratio": part["share"], "reference_ratio": part["reference_share"]}
            same(parts[of, rank], expected)
    assert {of for of, _ in parts} == {"authors", "hashtags"}


async def compare_talk(api: Api, rolls: Rolls, path: str) -> None:
    rows = {row["post"]["key"]: row for row in await rolls("comments")}
    answer = await api.get(f"{path}/comments", limit=100)
    told = [one for one in answer["posts"] if one["comments"] or one["collected"]]
    assert len(told) == len(rows) > 10
    for one in told:
        row = rows[f"{one['post']['platform']}:{one['post']['id']}"]
        tone, asked = one["sentiment"], one["questions"]
        names = ("comments", "collected", "collected_direct", "collected_share")
        expected = {name: one[name] for name in names} | {"sentiment_mean": tone["mean"]}
        expected |= {"net_sentiment": tone["net"], "post_sentiment": tone["post"]}
        expected |= {"difference": tone["difference"], "questions_part": asked["value"]}
        same(row, expected)
    assert (rows["youtube:v1"]["collected"], rows["youtube:v1"]["questions"]) == (3, 1)


async def compare_watching(api: Api, rolls: Rolls, path: str) -> None:
    answer = await api.get(f"{path}/coverage")
    [whole] = await rolls("health", "campaign")
    same(whole, {"value": answer["value"], "n": answer["n"], "coverage": answer["coverage"]})
    targets = one_by(await rolls("health", "target"), "platform", "hashtag")
    assert targets.keys() == {(one["platform"], one["hashtag"]) for one in answer["targets"]}
    gaps = await rolls("health", "gap")
    for one in answer["targets"]:
        names = ("brand", "coverage", "blind_s", "recovered_s", "interval_s", "last_poll")
        expected = {name: one[name] for name in names} | {"gaps": one["gaps_total"]}
        same(targets[one["platform"], one["hashtag"]], expected)
        here = [
            g for g in gaps if (g["platform"], g["hashtag"]) == (one["platform"], one["hashtag"])
        ]
        assert sorted(
            (g["gap"]["start"], g["gap"]["end"], g["gap_s"], g["reason"], g["recovered"])
            for g in here
        ) == [(g["from"], g["to"], g["s"], g["reason"], g["recovered"]) for g in one["gaps"]]
    assert len(gaps) == 1


async def compare_agreement(api: Api, rolls: Rolls, path: str) -> None:
    campaign = path.rpartition("/")[2]
    answer = await api.get("/v1/labels/agreement", campaign=campaign)
    rows = one_by(await rolls("models", "agreement"), "pair", "metric")
    pairs = {("people_model", "observed"), ("people_model", "kappa"), ("people_people", "alpha")}
    assert rows.keys() > pairs
    for (pair, metric), row in rows.items():
        one = answer[pair][metric]
        expected = {name: one.get(name) for name in ("value", "low", "high")}
        same(row, expected | {"n": answer[pair]["n"]})
    assert rows["people_people", "alpha"]["value"] is not None
    cells = one_by(await rolls("models", "confusion", pair="people_model"), "said", "label")
    for said, others in answer["people_model"]["confusion"].items():
        for label, posts in others.items():
            assert cells[said, label]["posts"] == posts
