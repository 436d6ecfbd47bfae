"""The queries of every panel, run on a real node; and the numbers behind them against the API's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from analysis.definitions import definitions
from api.rollups.making import roll_up, roll_up_lake
from kibana.compile import Target, compile_all
from kibana.compiled import Compiled, Shown, read_compiled
from kibana.spec import load_spec
from lake.store import Store
from taglake.kibana_commands import meanings
from tests.fakes.dashboard_lake import seed_dashboards
from tests.fakes.plain_answers import Seeded
from tests.fakes.rolled_campaign import seed_surroundings
from tests.fakes.running_api import Api
from tests.integration.test_real_data import TIDYTUESDAY
from tests.lakes import CommandLine
from tests.lens_queries import Context, Row, requests_of

EVER = Context("2018-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
NAME = "Acme spring"
TITLES = {row.tag(): row.name for row in definitions()}


@pytest.fixture
def files(store: Store) -> dict[str, Compiled]:
    """The dashboards, compiled for the test's own indices."""
    texts = compile_all(load_spec(), meanings(), Target(store.layout.prefix))
    return {name: read_compiled(name, text) for name, text in texts.items()}


@pytest.fixture
async def filled(api: Api, store: Store, seeded: Seeded) -> str:
    """A lake of which every panel has something to show; gives the campaign's path."""
    await seed_surroundings(store, api)
    await seed_dashboards(store)
    [found] = await roll_up(store, await store.campaigns.list())
    assert (found.state, found.error) == ("done", None)
    assert (await roll_up_lake(store, await store.campaigns.list())).state == "done"
    await store.refresh()
    return f"/v1/campaigns/{seeded.campaign}"


async def rows_of(
    store: Store, file: Compiled, panel: Shown, context: Context = EVER
) -> list[list[Row]]:
    """The rows of each of a panel's searches."""
    found = []
    for request in requests_of(file, panel, context):
        body = {"track_total_hits": True, **request.body}
        found.append(request.read(await store.search(request.index, body)))
    return found


def has_numbers(rows: list[Row], panel: Shown) -> bool:
    """Whether rows show something: documents do, Lens columns if one has a value."""
    if panel.lens is None:
        return bool(rows)
    columns = {id_: one for layer in panel.layers.values() for id_, one in layer["columns"].items()}
    numbers = [id_ for id_, one in columns.items() if not one["isBucketed"]]
    return any(row.get(id_) is not None for row in rows for id_ in numbers)


async def test_every_panel_shows_something(
    store: Store, filled: str, files: Mapping[str, Compiled]
) -> None:
    empty = []
    for name, file in files.items():
        for panel in file.panels:
            for rows in await rows_of(store, file, panel):
                if not has_numbers(rows, panel):
                    empty.append(f"{name}: {panel.id}")

    assert not empty
    await _choices(store, files)


async def _choices(store: Store, files: Mapping[str, Compiled]) -> None:
    """Each control lists values, and for each panel one that leaves something to show."""
    spec, empty = load_spec(), []
    for name, file in files.items():
        told = {panel.id: panel.not_by for panel in spec.dashboards[name].panels}
        for field, view in file.controls:
            values = await _values(store, file.views[view or ""]["title"], field)
            assert values, f"{name}: the control of {field} lists nothing"
            for panel in file.panels:
                shows = await _any_shows(store, file, panel, field, values)
                if shows == (field in told[panel.id]):
                    empty.append(f"{name}: {panel.id} by {field}")

    assert not empty


async def _values(store: Store, index: str, field: str) -> list[str]:
    body = {"size": 0, "aggs": {"v": {"terms": {"field": field, "size": 40}}}}
    answer = await store.search(index, body)
    return [one["key"] for one in answer["aggregations"]["v"]["buckets"]]


async def _any_shows(
    store: Store, file: Compiled, panel: Shown, field: str, values: list[str]
) -> bool:
    for value in values:
        context = Context(EVER.start, EVER.end, {field: value})
        found = await rows_of(store, file, panel, context)
        if all(has_numbers(rows, panel) for rows in found):
            return True
    return False


async def test_panels_show_the_numbers_of_the_api(
    api: Api, store: Store, filled: str, files: Mapping[str, Compiled]
) -> None:
    looks = Looks(store, files)
    await compare_overview(api, looks, filled)
    await compare_influencers(api, looks, filled)
    await compare_shares(api, looks, filled)
    [fast] = await looks("spikes", "velocity")
    assert fast["_source"]["velocity_per_h"] == 30


class Looks:
    """Panels of a lake, as rows.

    Args:
        store: The lake.
        files: The dashboards.
    """

    def __init__(self, store: Store, files: Mapping[str, Compiled], campaign: str = NAME) -> None:
        self._store, self._files, self._campaign = store, files, campaign

    async def __call__(self, dashboard: str, panel: str, **chosen: str) -> list[Row]:
        """The rows of a panel's last search, with the campaign chosen."""
        file = self._files[dashboard]
        [found] = [one for one in file.panels if one.id == panel]
        context = Context(EVER.start, EVER.end, {"campaign_name": self._campaign, **chosen})
        return (await rows_of(self._store, file, found, context))[-1]


def close(value: Any) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-12)


async def compare_overview(api: Api, looks: Looks, path: str) -> None:
    metrics = (await api.get(f"{path}/summary"))["metrics"]
    platforms = metrics["posts"]["by_platform"]
    for platform in (None, *platforms):
        chosen = {} if platform is None else {"platform": platform}
        answer = await api.get(f"{path}/summary", **chosen)
        tone = await api.get(f"{path}/sentiment", **chosen)
        tiles = {
            "posts": "posts",
            "authors": "authors",
            "engagement": "engagement",
            "reach": "potential_reach",
        }
        for panel, metric in tiles.items():
            [row] = await looks("overview", panel, **chosen)
            assert row["m"] == close(answer["metrics"][metric]["value"]), (panel, platform)
        [net] = await looks("overview", "net-sentiment", **chosen)
        assert net["m"] == close(tone["metrics"]["net_sentiment"]["value"])
        headline = {row["b1"]: row["m0"] for row in await looks("overview", "headline", **chosen)}
        for one in answer["metrics"].values():
            assert headline.get(TITLES[one["definition"]]) == close(one["value"])
        timeline = await api.get(f"{path}/timeline", **chosen)
        for panel, measure in (("posts-by-day", "posts"), ("engagement-by-day", "engagement")):
            days = {row["l2x"]: row["l2y0"] for row in await looks("overview", panel, **chosen)}
            told = [one[measure] for one in timeline["buckets"]]
            assert sum(filter(None, days.values())) == sum(filter(None, told)), panel
            assert sorted(map(_known, days.values())) == sorted(map(_known, told)), panel
    [parts] = await looks("overview", "platforms")
    assert {one: parts.get(f"m0-{one}") for one in platforms} == platforms


def _known(value: float | None) -> float:
    return value or 0


async def compare_influencers(api: Api, looks: Looks, path: str) -> None:
    answer = await api.get(f"{path}/influencers", limit=100, exact="true")
    named = [row for row in answer["influencers"] if row["handle"]]
    shown = {(row["b0"], row["b1"]): row for row in await looks("influencers", "ranking")}
    assert shown.keys() == {(row["handle"], row["platform"]) for row in named}
    columns = {"m0": "score", "m1": "engagement", "m3": "er_pooled", "m4": "posts"}
    columns |= {"m5": "sentiment_mean", "m6": "amplification", "m7": "followers"}
    for row in named:
        found = shown[row["handle"], row["platform"]]
        for column, name in columns.items():
            assert found[column] == close(row[name]), (row["author"], name)
    trust = (await api.get(f"{path}/authenticity"))["metrics"]
    for panel, metric in (("top-share", "top_authors_share"), ("gini", "author_gini")):
        [tile] = await looks("influencers", panel)
        assert tile["m"] == close(trust[metric]["value"])


async def compare_shares(api: Api, looks: Looks, path: str) -> None:
    answer = await api.get(f"{path}/share-of-voice")
    brands = {one["name"]: one for one in answer["brands"]}
    shown = {(row["b0"], row["b1"]): row for row in await looks("share", "totals")}
    pies = {"posts": "posts", "users": "users", "engagement": "engagement"}
    pies |= {"potential_reach": "reach"}
    for measure, name in pies.items():
        pie = {row["g"]: row["m0"] for row in await looks("share", f"{name}-in-total")}
        for brand, told in brands.items():
            assert shown[brand, measure]["m0"] == close(told[measure]["value"])
            assert shown[brand, measure]["m1"] == close(told[measure]["share"])
            assert pie[brand] == close(told[measure]["value"])
    tone = {row["x"]: row["y0"] for row in await looks("share", "tone")}
    for brand, told in brands.items():
        assert tone[brand] == close(told["net_sentiment"])
    [both] = await looks("share", "overlap")
    assert (both["m"], both["n"]) == (answer["overlap"]["posts"], close(answer["overlap"]["share"]))


async def test_panels_show_the_numbers_of_tidytuesday(
    api: Api, store: Store, taglake: CommandLine, files: Mapping[str, Compiled]
) -> None:
    done = await taglake("import", TIDYTUESDAY)
    assert done.status == 0, done.err
    rivals = [{"name": "R", "hashtags": ["rstats"]}, {"name": "Viz", "hashtags": ["dataviz"]}]
    own = {"name": "Tidy", "hashtags": ["tidytuesday"], "competitors": rivals}
    campaign = await api.create(**own, **{"from": "2018-04-01", "to": "2019-01-01"})
    [found] = await roll_up(store, await store.campaigns.list())
    assert (found.state, found.error) == ("done", None)
    await store.refresh()

    looks, path = Looks(store, files, "Tidy"), f"/v1/campaigns/{campaign}"
    await compare_overview(api, looks, path)
    await compare_influencers(api, looks, path)
    await compare_shares(api, looks, path)
