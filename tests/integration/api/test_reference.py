"""The API's answers against ``tests.reference``, over the sample and over public files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lake import times
from lake.store import Store
from taglake.demo import END, load_sample
from taglake.sample.campaign import SAMPLE
from tests import reference, reference_sources
from tests.conftest import SHARED
from tests.fakes.running_api import Api
from tests.integration.test_real_data import COLUMNS, DUBOIS, TIDYTUESDAY
from tests.lakes import CommandLine
from tests.reference_authors import influencers
from tests.reference_sources import Post
from tests.reference_windows import NAMES, between, spans, windows

ADS = SHARED / "datasets/superbowl-ads/youtube.csv"


def equal(expected: Any) -> Any:
    """What equals ``expected`` but for a float's last digits; None is only itself."""
    if isinstance(expected, Mapping):
        return {key: equal(value) for key, value in expected.items()}
    if isinstance(expected, tuple):
        return tuple(map(equal, expected))
    return expected if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-12)


@dataclass(frozen=True)
class Case:
    """A campaign over known posts.

    Args:
        rows: Every post of the lake.
        brands: Hashtags by brand, the campaign's own first.
        start: Of the campaign.
        end: Of the campaign.
        middle: A part of it that has posts on both sides.
        tz: A time zone for the timeline.
        intervals: Of the timeline.
    """

    rows: list[Post]
    brands: Mapping[str, set[str]]
    start: datetime
    end: datetime
    middle: tuple[datetime, datetime]
    tz: str
    intervals: tuple[str, ...] = ("day", "week", "month")

    @property
    def own(self) -> set[str]:
        return next(iter(self.brands.values()))

    def spec(self) -> dict[str, Any]:
        name, *rivals = self.brands
        return {
            "name": name,
            "hashtags": sorted(self.own),
            "competitors": [{"name": n, "hashtags": sorted(self.brands[n])} for n in rivals],
            "from": times.to_text(self.start),
            "to": times.to_text(self.end),
        }


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def _dubois(taglake: CommandLine, _store: Store, folder: Path) -> Case:
    (folder / "map.yaml").write_text(COLUMNS)
    done = await taglake("import", DUBOIS, "--columns", folder / "map.yaml")
    assert done.status == 0, done.err
    brands = {"DuBois": {"duboischallenge"}, "Tidy": {"tidytuesday"}, "Viz": {"dataviz", "rstats"}}
    middle = (_day("2021-02-17"), _day("2021-03-20"))
    rows = reference_sources.dubois(DUBOIS)
    return Case(rows, brands, _day("2021-02-01"), _day("2021-06-01"), middle, "America/New_York")


async def _tidytuesday(taglake: CommandLine, _store: Store, _folder: Path) -> Case:
    done = await taglake("import", TIDYTUESDAY)
    assert done.status == 0, done.err
    brands = {"Tidy": {"tidytuesday"}, "R": {"rstats"}, "Viz": {"dataviz", "ggplot2"}}
    middle = (_day("2018-06-10"), _day("2018-08-20"))
    rows = reference_sources.tidytuesday(TIDYTUESDAY)
    return Case(rows, brands, _day("2018-04-01"), _day("2019-01-01"), middle, "Australia/Lord_Howe")


async def _ads(taglake: CommandLine, _store: Store, folder: Path) -> Case:
    table = reference_sources.ad_rows(ADS)
    with (folder / "ads.csv").open("w", encoding="utf-8", newline="") as file:
        written = csv.DictWriter(file, table[0])
        written.writeheader()
        written.writerows(table)
    columns = {"id": "id", "created_at": "published_at", "text": "title", "hashtags": "tags"}
    columns |= {"author_handle": "channel_title", "likes": "like_count", "views": "view_count"}
    columns |= {"comments": "comment_count"}
    maps = [part for pair in columns.items() for part in ("--column", "=".join(pair))]
    done = await taglake("import", folder / "ads.csv", "--platform", "youtube", *maps)
    assert done.status == 0, done.err
    names = dict.fromkeys(row["brand"] for row in table)
    brands = {name: {reference_sources.brand_tag(name)} for name in ("Bud Light", *names)}
    middle = (_day("2010-01-01"), _day("2013-01-01"))
    rows = reference_sources.ads(table)
    start, end = _day("2006-01-01"), _day("2022-01-01")
    return Case(rows, brands, start, end, middle, "America/New_York", ("week", "month"))


async def _sample(_taglake: CommandLine, store: Store, _folder: Path) -> Case:
    await load_sample(store, lambda _payloads: None)
    index = store.layout.every("posts")
    body = {"size": 10_000, "sort": ["native_id"]}
    hits = (await store.search(index, body))["hits"]["hits"]
    operations: list[dict[str, Any]] = []
    for place, hit in enumerate(hits):
        if place % 7:  # some posts wait; sums of eighths are exact in any order
            label, score = reference.LABELS[place * 5 % 4], (place * 11 % 17 - 8) / 8
            hit["_source"]["sentiment"] = {"label": label, "score": score, "model": "test-1"}
            operations.append({"update": {"_index": hit["_index"], "_id": hit["_id"]}})
            tone = {"sentiment": hit["_source"]["sentiment"], "enrich": {"state": "done"}}
            operations.append({"doc": tone})
    for first in range(0, len(operations), 2_000):
        part = operations[first : first + 2_000]
        assert not (await store.client.bulk(operations=part, refresh=True))["errors"]
    brands = {SAMPLE.name: set(SAMPLE.hashtags)}
    brands |= {name: set(tags) for name, tags in SAMPLE.competitors.items()}
    middle = (END - timedelta(days=20), END - timedelta(days=11))
    rows = reference_sources.stored(hit["_source"] for hit in hits)
    return Case(rows, brands, END - timedelta(days=29), END, middle, "Europe/Paris")


CASES = {"sample": _sample}
if ADS.is_file():  # the public files are no part of the project
    CASES |= {"dubois": _dubois, "tidytuesday": _tidytuesday, "superbowl-ads": _ads}


@pytest.mark.parametrize("name", CASES)
async def test_every_answer_equals_the_reference(
    api: Api, taglake: CommandLine, store: Store, tmp_path: Path, name: str
) -> None:
    case = await CASES[name](taglake, store, tmp_path)
    path = f"/v1/campaigns/{await api.create(**case.spec())}"
    own = reference.of_campaign(case.rows, case.own, case.start, case.end)
    assert len(own) > 50

    await _check_summary(api, path, own)
    for interval in case.intervals:
        await _check_timeline(api, path, own, interval, case.tz)
    await _check_influencers(api, path, own)
    await _check_shares(api, path, case)
    await _check_windows(api, path, case)
    await _check_related(api, path, own, case)


async def _check_summary(api: Api, path: str, own: list[Any]) -> None:
    metrics = (await api.get(f"{path}/summary"))["metrics"]

    found = {name: metric["value"] for name, metric in metrics.items()}
    expected = reference.summary(own)
    assert {name: found[name] for name in expected} == equal(expected)
    for name in ("likes", "shares", "comments", "views", "engagement"):
        assert metrics[name]["missing"] == len(own) - len(reference.known(own, name)), name
    missing = metrics["potential_impressions"]["missing"]
    assert missing == reference.potential_impressions(own)[1]


async def _check_timeline(api: Api, path: str, own: list[Any], interval: str, tz: str) -> None:
    answer = await api.get(f"{path}/timeline", interval=interval, tz=tz)

    expected = reference.timeline(own, interval, tz)
    assert answer["n"] == len(own) == sum(bucket["posts"] for bucket in answer["buckets"])
    empty = {"posts": 0, "engagement": 0, "likes": 0, "shares": 0, "comments": 0}
    for bucket in answer["buckets"]:
        plain = expected.pop(times.from_text(bucket["start"]), None)
        plain = plain or empty | {"sentiment": dict.fromkeys(reference.LABELS, 0)}
        assert {name: bucket[name] for name in plain} == plain, bucket["start"]
    assert not expected  # every interval that has posts was there


async def _check_influencers(api: Api, path: str, own: list[Any]) -> None:
    answer = await api.get(f"{path}/influencers", limit=1000, exact="true")

    expected = influencers(own)
    order = sorted(expected, key=lambda author: (-round(expected[author]["score"], 9), author))
    assert answer["exact"] is True
    assert len(answer["influencers"]) == answer["authors_total"] == len(expected)
    for row in answer["influencers"]:
        plain = expected[row["author"]]
        assert {key: row[key] for key in plain} == equal(plain), row["author"]
    assert [row["author"] for row in answer["influencers"]] == order


async def _check_shares(api: Api, path: str, case: Case) -> None:
    everyone = set[str]().union(*case.brands.values())
    panel = reference.of_campaign(case.rows, everyone, case.start, case.end)
    for counting in ("whole", "fractional"):
        answer = await api.get(f"{path}/share-of-voice", counting=counting, exact="true")

        plain = reference.share_of_voice(panel, case.brands, fractional=counting == "fractional")
        assert [brand["name"] for brand in answer["brands"]] == list(plain)
        for brand in answer["brands"]:
            for measure, (value, share) in plain[brand["name"]].items():
                found = brand[measure]
                assert (found["value"] or 0) == equal(value), (brand["name"], measure)
                assert (found["share"] or 0) == equal(share or 0), (brand["name"], measure)


async def _check_windows(api: Api, path: str, case: Case) -> None:
    start, end = case.middle
    asked = {"from": times.to_text(start), "to": times.to_text(end), "ageing": "false"}
    answer = await api.get(f"{path}/windows", **asked)

    expected = windows(case.rows, case.own, start, end)
    rates: dict[str, dict[str, Any]] = {}
    for name, span in spans(start, end).items():
        window, plain = answer["windows"][name], expected[name]
        assert [window["from"], window["to"]] == [times.to_text(at) for at in span]
        days = (span[1] - span[0]) / timedelta(days=1)
        # What was watched is no matter of posts: the ledger's own tests tell.
        assert window["covered_days"] == equal(days * (window["coverage"] or 1))
        metrics = {flow: window["metrics"][flow] for flow in plain["flows"]}
        assert {flow: one["value"] for flow, one in metrics.items()} == plain["flows"]
        rates[name] = {
            flow: None if value is None else value / window["covered_days"]
            for flow, value in plain["flows"].items()
        }
        assert {flow: one["per_day"] for flow, one in metrics.items()} == equal(rates[name])
        _check_tone(window["sentiment"], plain["tone"])
    counts = {name: expected[name]["flows"]["posts"] for name in NAMES}
    assert all(counts.values())
    for measure in ("posts", "engagement"):
        found = answer["between"][measure]
        plain = between({name: rates[name][measure] for name in NAMES}, counts)
        for key in ("lift", "retention", "retention_of_lift"):
            assert found[key]["value"] == equal(plain[key]), (measure, key)
        if measure == "posts":
            assert (found["lift"]["low"], found["lift"]["high"]) == equal(plain["interval"])


def _check_tone(found: Any, plain: dict[str, Any]) -> None:
    assert found["labels"] == plain["labels"]
    assert found["net_sentiment"]["value"] == equal(plain["net"])
    assert found["sentiment_mean"]["value"] == equal(plain["mean"])
    share = {key: found["positive_share"][key] for key in plain["positive"]}
    assert share == equal(plain["positive"])


async def _check_related(api: Api, path: str, own: list[Any], case: Case) -> None:
    answer = await api.get(f"{path}/hashtags", limit=500, min_posts=2, exact="true")

    everything = [row for row in case.rows if row["kind"] in reference.COUNTED_KINDS]
    everything = [row for row in everything if case.start <= row["at"] < case.end]
    expected = reference.related(own, everything, case.own, 2)
    assert answer["exact"] is True
    assert answer["hashtags_total"] == len(answer["hashtags"]) == len(expected) > 5
    assert (answer["n"], answer["all_posts"]) == (len(own), len(everything))
    for row in answer["hashtags"]:
        plain = expected[row["tag"]]
        assert {key: row[key] for key in plain} == equal(plain), row["tag"]
