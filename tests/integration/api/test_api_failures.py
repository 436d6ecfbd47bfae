"""What the API does when the lake is away or something breaks, and that long answers are whole."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from analysis.membership import brand_queries, posts_query
from analysis.parts import aggregations
from analysis.share_of_voice import share_of_voice_body
from api import answers
from api.answers.authors import all_authors
from api.app import create_app
from api.reading import snapshot
from lake.access import Access
from lake.config import Config, WriterConfig
from lake.store import Store, open_store
from tests.fakes.plain_answers import Seeded
from tests.fakes.running_api import running_api


async def test_a_lake_that_is_away_is_503_with_retry_after_and_no_details(tmp_path: Path) -> None:
    config = Config(writer=WriterConfig(dead_letter_dir=tmp_path))

    @asynccontextmanager
    async def away() -> AsyncIterator[Store]:
        async with open_store(config, Access("http://127.0.0.1:9")) as store:
            yield store

    async with running_api(create_app(away, config)) as api:
        for path in ("/v1/campaigns", "/v1/campaigns/acme/summary", "/readyz"):
            async with api.session.get(path) as answer:
                body = await answer.json()

                assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
                assert "127.0.0.1" not in str(body)
        assert (await api.get("/healthz")) == {"status": "up"}


async def test_a_bug_is_500_without_details_and_is_logged(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(store, Config())

    async def broken() -> None:
        raise RuntimeError("password=hunter2")

    app.add_api_route("/broken", broken)
    async with running_api(app) as api:
        with caplog.at_level(logging.ERROR, "api.problems"):
            status, body = await api.refusal("GET", "/broken")

    assert (status, body["title"]) == (500, "Internal Server Error")
    assert "hunter2" not in str(body)
    (record,) = [record for record in caplog.records if record.name == "api.problems"]
    assert record.exc_info is not None


async def test_small_pages_give_the_same_authors_as_large_ones(
    seeded: Seeded, store: Store
) -> None:
    campaign = await store.campaigns.get(seeded.campaign)
    query, brands = posts_query(campaign), list(brand_queries(campaign).values())

    async with snapshot(store) as view:
        large = await all_authors(view, query, brands=brands)
        small = await all_authors(view, query, brands=brands, page_pairs=3)

    assert len(small) > 10
    assert [one.key for one in small] == [one.key for one in large]
    for one, two in zip(small, large, strict=True):
        assert (one.posts, one.followers, one.brands) == (two.posts, two.followers, two.brands)
        assert (one.sums, one.known, one.scored) == (two.sums, two.known, two.scored)


async def test_small_pages_export_the_same_posts_as_large_ones(
    seeded: Seeded, store: Store
) -> None:
    campaign = await store.campaigns.get(seeded.campaign)

    large = [row async for row in answers.export_rows(store, campaign)]
    small = [row async for row in answers.export_rows(store, campaign, page_posts=7)]

    assert small == large


async def test_the_largest_panel_can_be_asked(seeded: Seeded, store: Store) -> None:
    rivals = [{"name": f"r{n}", "hashtags": [f"tag{n}", "rival"]} for n in range(20)]
    campaign = await store.campaigns.change(seeded.campaign, {"competitors": rivals})
    brands = list(brand_queries(campaign).values())

    async with snapshot(store) as view:
        answer = await view.search(share_of_voice_body(posts_query(campaign), brands))
    shares = await answers.share_of_voice(store, campaign, counting="fractional")

    assert len(aggregations(answer)["named"]["buckets"]) == 20  # two brands to all 21
    assert sum(brand["posts"]["value"] for brand in shares["brands"]) == pytest.approx(shares["n"])
