"""200 clients at the same time get answers, or are told to wait."""

from __future__ import annotations

import aiohttp
import pytest

from api.app import create_app
from benchmarks.load import storm
from lake.config import ApiConfig, Config
from lake.store import Store
from tests.fakes.plain_answers import Seeded
from tests.fakes.running_api import running_api

_ROUTES = ("summary", "timeline", "influencers", "share-of-voice", "sentiment", "posts", "windows")


@pytest.mark.parametrize("per_min", [6, None])
async def test_many_clients_get_answers_or_are_told_to_wait(
    store: Store, seeded: Seeded, per_min: int | None
) -> None:
    addresses = [f"/v1/campaigns/{seeded.campaign}/{route}" for route in _ROUTES]
    connector = aiohttp.TCPConnector(limit=0)
    patience = aiohttp.ClientTimeout(total=300)
    config = Config(api=ApiConfig(requests_per_min=per_min, requests_burst=10))
    async with (
        running_api(create_app(store, config)) as api,
        aiohttp.ClientSession(
            f"http://127.0.0.1:{api.port}", connector=connector, timeout=patience
        ) as session,
    ):
        found = await storm(session, addresses, clients=200, seconds=3)

    assert not found.surprises()
    assert found.statuses[200] >= len(addresses)
    assert found.statuses.total() >= 200
    assert (found.statuses[429] > 0) is (per_min is not None)
