"""A running API over the test's own store, and a campaign with random posts in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api.app import create_app
from lake.config import ApiConfig, Config
from lake.store import Store
from tests.fakes.campaign_posts import END, START, random_posts, random_scores, seed_store
from tests.fakes.plain_answers import Plain, Seeded, chosen
from tests.fakes.running_api import BRANDS, OWN, Api, running_api


@pytest.fixture
async def api(store: Store) -> AsyncIterator[Api]:
    async with running_api(create_app(store, Config(api=ApiConfig(body_bytes=20_000)))) as api:
        yield api


@pytest.fixture
async def seeded(api: Api, store: Store) -> Seeded:
    posts = random_posts(20_250_401)
    scores = random_scores(7, posts)
    await seed_store(store, posts, scores)
    everyone = set[str]().union(*BRANDS.values())
    own = Plain(chosen(posts, OWN, START, END), scores)
    panel = Plain(chosen(posts, everyone, START, END), scores)
    return Seeded(await api.create(), own, panel)
