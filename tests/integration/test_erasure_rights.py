"""Erasing on request with the rights that the API really has on the embedded node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.answers.erasures import erase, list_erasures
from api.rollups.making import roll_up, roll_up_lake
from lake.access import Access
from lake.campaign import checked_spec
from lake.client import open_client
from lake.config import Config, ElasticsearchConfig, WriterConfig
from lake.documents import Origin, RawPayload
from lake.node_start import NodeAccess
from lake.records import Author, Post, Profile
from lake.store import Sighting, Store, open_store
from lake.templates import install_templates

AT = datetime(2026, 3, 2, tzinfo=UTC)
ANN = Author("a1", "ann", "Ann", 5)
BODY = {"platform": "x", "author": "ann", "reason": "asked"}


@pytest.fixture
async def stores(node: NodeAccess, tmp_path: Path) -> AsyncIterator[dict[str, Store]]:
    """One lake under the prefix that the roles are for, entered in two roles; gone afterwards."""
    config = Config(
        elasticsearch=ElasticsearchConfig(url=node.url),
        writer=WriterConfig(dead_letter_dir=tmp_path),
    )
    prefix, admin = config.elasticsearch.index_prefix, node.users["admin"]
    client = open_client(node.url, config.elasticsearch, user=admin.user, password=admin.password)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.close)

        async def clean() -> None:
            found = await client.indices.get(index=f"{prefix}*", allow_no_indices=True)
            if found.body:
                await client.indices.delete(index=",".join(found.body))
            await client.indices.delete_index_template(name=f"{prefix}*")

        await install_templates(client, prefix)
        await clean()  # what other tests left under this prefix
        await install_templates(client, prefix)
        stack.push_async_callback(clean)
        users = {role: node.users[role] for role in ("api", "ingest")}
        yield {
            role: await stack.enter_async_context(
                open_store(config, Access(node.url, user.user, user.password))
            )
            for role, user in users.items()
        }


async def test_the_api_erases_with_the_rights_of_ingest(stores: dict[str, Store]) -> None:
    post = Post("x", "post", "9000001", AT, AT, "secret", ANN)
    records = [post, Profile("x", ANN, AT, description="secret")]
    sightings = [Sighting(RawPayload("tweet", {"is": str(one)}, AT), [one]) for one in records]
    ingest, api = stores["ingest"], stores["api"]
    await (await ingest.submit(sightings, Origin("r", "x:hashtag:a"))).done()

    done = await erase(api, BODY, by="key:1", changes=ingest)

    assert (done["posts"], done["erased"], done["profiles"]) == (1, 1, 1)
    assert (await list_erasures(api))["erasures"] == [done]
    for kind in ("posts-*", "profiles", "raw-*"):
        answer = await api.search(api.layout.one(kind), {})
        assert "secret" not in str(answer["hits"]["hits"]), kind


async def test_rollups_are_written_by_the_api_and_lose_what_ingest_erases(
    stores: dict[str, Store],
) -> None:
    ingest, api = stores["ingest"], stores["api"]
    post = Post("x", "post", "9000002", AT, AT, "secret #spring", ANN, hashtags=("spring",))
    seen = Sighting(RawPayload("tweet", {"is": "it"}, AT), [post])
    await (await ingest.submit([seen], Origin("r", "x:hashtag:spring"))).done()
    spec = {"name": "Spring", "hashtags": ["spring"], "from": "2026-03-02", "to": "2026-03-03"}
    campaign = await api.campaigns.create(checked_spec(spec))

    [made] = await roll_up(api, [campaign])
    whole = await roll_up_lake(api, [campaign])

    assert (made.state, whole.state) == ("done", "done"), (made, whole)
    rollups = api.layout.every("rollup")
    assert "secret" in str((await api.search(rollups, {"size": 1_000}))["hits"]["hits"])
    await erase(api, BODY, by="key:1", changes=ingest)
    await api.refresh()
    left = (await api.search(rollups, {"size": 1_000}))["hits"]["hits"]
    assert len(left) > 100
    assert "secret" not in str(left)
    assert "ann" not in str([hit["_source"].get("author") for hit in left])
