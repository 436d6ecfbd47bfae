"""From a push to the lake: the same as polling, once each, whatever is cut off."""

from __future__ import annotations

import asyncio
import json
import os
import re
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from api.app import create_app
from ingestors.inbox import drain
from ingestors.platform import Page, Payload, Target
from ingestors.poll import poll
from lake.config import ApiConfig, Config, WriterConfig
from lake.documents import Document
from lake.inbox import Inbox
from lake.store import Store, open_store
from tests.conftest import ROOT
from tests.fakes.forwarder import forwarding, free_port
from tests.fakes.mastodon import FakeMastodon, run_mastodon
from tests.fakes.mastodon_poll import poll as poll_fake
from tests.fakes.pushes import (
    VANS,
    Recorded,
    documents,
    drained,
    inbox,
    lake_state,
    lines,
    push,
    until_posts,
)
from tests.fakes.running_api import Api, running_api
from tests.lakes import CommandLine, LakeOfTest


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


async def _pages_of(fake: FakeMastodon) -> list[Page]:
    """What a poll of the fake brings; some pages only move the cursor."""
    return [page for page in await poll_fake(fake, first_poll_pages=20) if page.payloads]


@pytest.fixture
async def pages(fake: FakeMastodon) -> list[Page]:
    fake.add(90)
    return await _pages_of(fake)


@pytest.fixture
async def api(store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    config = Config(
        api=ApiConfig(spool_dir=tmp_path / "spool"), writer=WriterConfig(dead_letter_dir=tmp_path)
    )
    async with running_api(create_app(store, config, push_platforms=("mastodon",))) as api:
        yield api


async def _until_empty(folder: Path) -> None:
    async with asyncio.timeout(60):
        while os.listdir(folder):  # noqa: ASYNC110, PTH208
            await asyncio.sleep(0.05)


def _uris(pages: list[Page]) -> set[str]:
    return {one.body["uri"] for page in pages for one in page.payloads if one.kind == "status"}


async def _forget(store: Store) -> None:
    indices = await store.client.indices.get(index=f"{store.layout.prefix}*")
    await store.client.indices.delete(index=",".join(indices.body))


async def test_pushed_payloads_become_what_polled_ones_do(
    api: Api, store: Store, pages: list[Page]
) -> None:
    await poll(Recorded(pages), Target("mastodon", "hashtag", "vans"), store)
    polled = await lake_state(store)
    assert len(polled["posts-"]) == 90
    await _forget(store)

    for page in pages:
        answer = await push(api.session, lines(page))
        assert answer["accepted"] == len(page.payloads)
    done = await drained(store)

    assert await lake_state(store) == polled
    posts = polled["posts-"].values()
    assert {post["enrich"]["state"] for post in posts} == {"pending"}
    assert done.lines == sum(len(page.payloads) for page in pages)
    assert await documents(store, "inbox") == {}
    body = {"query": {"term": {"provenance.targets": VANS}}}
    found = await store.client.count(index=store.layout.every("posts"), **body)
    assert found["count"] == 90


async def test_numbers_of_a_clock_that_stands_before_1970_are_kept_too(
    api: Api, store: Store, pages: list[Page]
) -> None:
    old = replace(pages[-1], observed_at=datetime(1969, 7, 20, tzinfo=UTC))
    await push(api.session, lines(old))
    done = await drained(store)

    posts = [one for one in old.payloads if one.kind == "status"]
    metrics = (await lake_state(store))["metrics-"].values()
    assert len([one for one in metrics if one["entity"]["type"] == "post"]) == len(posts) > 0
    assert [run.dead_letters for run in done.runs] == [0] * len(done.runs)


async def test_a_push_is_in_the_ledger(api: Api, store: Store, pages: list[Page]) -> None:
    await push(api.session, lines(pages[0]))
    await push(api.session, lines(pages[1], None), "?collector=attic")

    await drained(store)

    await store.refresh()
    answer = await store.search(store.layout.every("runs"), {"sort": ["target"]})
    entries = [hit["_source"] for hit in answer["hits"]["hits"]]
    assert [one["target"] for one in entries] == [
        "mastodon:push:attic", "mastodon:push:hashtag:vans",
    ]  # fmt: skip
    assert {one["kind"] for one in entries} == {"push"}
    assert sum(one["payloads"] for one in entries) == sum(len(p.payloads) for p in pages[:2])
    assert all("covered" not in one for one in entries)  # nobody here watched


async def test_a_push_that_is_repeated_changes_nothing(
    api: Api, store: Store, pages: list[Page]
) -> None:
    for _ in range(2):
        await push(api.session, lines(pages[0]))
    waiting = await documents(store, "inbox")
    await drained(store)
    first = await lake_state(store)

    await push(api.session, lines(pages[0]))
    again = await drained(store)

    assert len(waiting) == len(pages[0].payloads)
    assert await lake_state(store) == first
    written = again.runs[0].written
    assert (written.created, written.updated) == (0, 0)


async def test_what_cannot_be_used_lies_with_the_dead_letters(
    api: Api, store: Store, pages: list[Page]
) -> None:
    unusable = replace(pages[0], payloads=[Payload("status", {"id": None}), Payload("moon", {})])
    body = lines(unusable) + b"{\n" + lines(pages[0])

    answer = await push(api.session, body)
    done = await drained(store)
    await push(api.session, body)
    await drained(store)

    letters = list((await documents(store, "deadletter-")).values())
    assert [each["line"] for each in answer["refused"]] == [3]
    assert sorted((one["stage"], one["payload"]) for one in letters) == [
        ("normalise", '{"id":null}'), ("normalise", "{}"), ("read", "{"),
    ]  # fmt: skip
    [unread] = [one for one in letters if one["stage"] == "read"]
    assert unread["place"] == "line 3"
    statuses = [one for one in pages[0].payloads if one.kind == "status"]
    assert len(await documents(store, "posts-")) == len(statuses)
    assert sum(run.dead_letters for run in done.runs) == 3


class _KilledError(Exception):
    """The drain's process is gone."""


class _DyingInbox(Inbox):
    """An inbox whose user dies just before or just after it deletes."""

    def __init__(self, store: Store, *, after: bool) -> None:
        super().__init__(store, Path("nowhere"))
        self._after = after

    async def remove(self, documents: Sequence[Document]) -> None:
        if self._after:
            await super().remove(documents)
        raise _KilledError


@pytest.mark.parametrize("after", [False, True], ids=["before it deletes", "after it deleted"])
async def test_a_drain_that_dies_loses_and_doubles_nothing(
    api: Api, store: Store, lake_of_test: LakeOfTest, pages: list[Page], after: bool
) -> None:
    await push(api.session, b"".join(map(lines, pages)))
    await store.refresh()

    with pytest.raises(_KilledError):
        async with open_store(lake_of_test.config, lake_of_test.access) as dying:
            await drain(dying, _DyingInbox(dying, after=after))
    left = await documents(store, "inbox")
    before = await lake_state(store)
    await drained(store)

    posts = await documents(store, "posts-")
    assert len(posts) == 90
    assert {post["native_id"] for post in posts.values()} == _uris(pages)
    assert len(left) == (0 if after else sum(len(page.payloads) for page in pages))
    assert await lake_state(store) == before  # all of it was there before anything was deleted
    assert len(await documents(store, "runs-")) == 1
    assert await documents(store, "inbox") == {}


async def test_while_the_lake_is_away_pushes_wait_on_the_disk_and_come_in_order(
    store: Store, lake_of_test: LakeOfTest, pages: list[Page], tmp_path: Path
) -> None:
    port = free_port()
    access = replace(lake_of_test.access, url=f"http://127.0.0.1:{port}")
    config = lake_of_test.config.model_copy(
        update={"api": ApiConfig(spool_dir=tmp_path / "spool", push_bytes=1_000_000)}
    )

    @asynccontextmanager
    async def lake() -> AsyncIterator[Store]:
        async with open_store(config, access) as opened:
            yield opened

    async with running_api(create_app(lake, config, push_platforms=("mastodon",))) as api:
        for page in pages:
            await push(api.session, lines(page))
        on_disk = list((tmp_path / "spool").iterdir())
        before = await documents(store, "inbox")
        async with forwarding(port, lake_of_test.access.url):
            await _until_empty(tmp_path / "spool")

    assert on_disk
    assert before == {}
    wanted = [one.body for page in pages for one in page.payloads]
    await store.refresh()
    came = await inbox(store).oldest()
    assert [json.loads(one.source["payload"]) for one in came] == wanted
    await drained(store)
    assert len(await documents(store, "posts-")) == 90


async def _api_process(taglake: CommandLine) -> tuple[Process, str]:
    process = await taglake.start("api", "--port", "0")
    assert process.stderr is not None
    told = b""
    async with asyncio.timeout(60):
        while not (found := re.search(rb"API at (http://\S+)", told)):
            line = await process.stderr.readline()
            assert line, told.decode()
            told += line
    return process, found[1].decode()


async def test_an_api_that_is_killed_after_its_answers_loses_nothing(
    store: Store, lake_of_test: LakeOfTest, fake: FakeMastodon, tmp_path: Path
) -> None:
    fake.add(400)
    pages = await _pages_of(fake)
    secret = {"TAGLAKE_TEST_PASSWORD": lake_of_test.access.password or ""}
    api: dict[str, object] = {"spool_dir": str(tmp_path / "spool")}
    taglake = CommandLine(lake_of_test.config_file(api=api), ROOT, secret)

    process, url = await _api_process(taglake)
    async with aiohttp.ClientSession(url) as session:
        for page in pages:
            await push(session, lines(page))
    process.kill()
    await process.communicate()
    process, url = await _api_process(taglake)
    await until_posts(store, 400)
    process.terminate()
    await process.communicate()

    posts = await documents(store, "posts-")
    assert len(posts) == 400
    assert {post["native_id"] for post in posts.values()} == _uris(pages)
    assert await documents(store, "deadletter-") == {}
