"""A running API over the test's own store, and a campaign with random posts in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from api.app import create_app
from lake import times
from lake.config import ApiConfig, Config
from lake.store import Store
from tests.fakes.api_keys import give_key
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


@pytest.fixture
async def texts(store: Store) -> dict[str, str]:
    """A key of each role, and some that are no longer taken."""
    past = times.now() - timedelta(minutes=1)
    made = await asyncio.gather(
        give_key(store, "read"),
        give_key(store, "write"),
        give_key(store, "admin"),
        give_key(store, "admin", revoked_at=past),
        give_key(store, "admin", expires_at=past),
    )
    names = ("read", "write", "admin", "revoked", "expired")
    return {name: text for name, (_, text) in zip(names, made, strict=True)}


@pytest.fixture
async def guarded(store: Store, texts: dict[str, str]) -> AsyncIterator[Api]:
    """An API whose lake has keys."""
    async with running_api(create_app(store, Config())) as api:
        yield api
