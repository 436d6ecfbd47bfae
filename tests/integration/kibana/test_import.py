"""``import`` into a Kibana on loopback: what it says, and what is there then."""

from __future__ import annotations

import json
from collections import deque

import pytest
from aiohttp import web
from pydantic import SecretStr

from kibana.importing import Existing
from lake.errors import ConflictError, UnavailableError
from tests.fakes.kibana import API_KEY, FakeKibana, kibana_on_loopback
from tests.fakes.kibana_import import brought
from tests.fakes.kibana_objects import (
    DASHBOARD,
    LENS,
    POSTS,
    data_view,
    sample,
)


async def test_objects_are_brought_looked_at_and_linked() -> None:
    fake = FakeKibana()

    done = await brought(fake)

    assert (done.objects, done.kept, done.version) == (3, 0, "8.19.21")
    link = f"{fake.base}/app/dashboards#/view/{DASHBOARD}"
    assert done.links == {"Übersicht – test": link}
    assert {key for _, key in fake.objects} == {
        ("index-pattern", POSTS), ("lens", LENS), ("dashboard", DASHBOARD)
    }  # fmt: skip
    assert fake.paths("_import") == ["POST /api/saved_objects/_import?overwrite=false"]
    assert fake.paths("_bulk_get")


async def test_a_kibana_that_is_not_ready_for_20_seconds_is_waited_for() -> None:
    fake, said = FakeKibana(ready_at_s=20), []

    done = await brought(fake, wait_s=60, said=said)

    assert done.objects == 3
    assert fake.now_s >= 20
    assert len(fake.paths("status")) > 5
    assert said[0].startswith("waiting for Kibana (0 of 60 s):")
    assert any("Elasticsearch is not available" in line for line in said)
    assert len(said) < len(fake.paths("status"))  # not a line a call
    assert fake.calls.index("POST /api/saved_objects/_import?overwrite=false") > 5


async def test_a_kibana_that_never_gets_ready_ends_the_wait_with_its_reason() -> None:
    fake = FakeKibana(ready_at_s=1e9)

    with pytest.raises(UnavailableError, match=r"not ready within 30 s: .*503"):
        await brought(fake, wait_s=30)

    assert 30 <= fake.now_s < 60
    assert not fake.paths("_import")


async def test_without_a_wait_it_is_asked_once() -> None:
    fake = FakeKibana(ready_at_s=20)

    with pytest.raises(UnavailableError):
        await brought(fake, wait_s=0)

    assert len(fake.calls) == 1


async def test_nobody_listening_is_not_ready() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake):
        pass  # its port is free again

    with pytest.raises(UnavailableError, match=r"not ready within 5 s: .*ClientConnectorError"):
        await brought(fake, wait_s=5)


async def test_an_api_key_opens_too() -> None:
    assert (await brought(FakeKibana(), api_key=SecretStr(API_KEY))).objects == 3


async def test_what_exists_is_refused_by_name_and_left_alone() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake):
        await brought(fake, [data_view("theirs-*")])

        with pytest.raises(ConflictError) as caught:
            await brought(fake)

    assert "data view 'taglake-posts-*' (test-posts) exists already" in str(caught.value)
    assert "--overwrite replaces it" in str(caught.value)
    assert fake.objects["", ("index-pattern", POSTS)]["attributes"]["title"] == "theirs-*"


async def test_twice_in_a_row_with_overwrite_is_the_same() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake):
        first = await brought(fake, existing=Existing.REPLACE)
        there = set(fake.objects)
        second = await brought(fake, existing=Existing.REPLACE)

    assert first == second
    assert set(fake.objects) == there
    assert len(fake.paths("_import")) == 2


async def test_what_people_changed_is_kept_and_what_lacks_is_brought() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake):
        await brought(fake, [data_view("theirs-*")])

        done = await brought(fake, existing=Existing.KEEP)
        again = await brought(fake, existing=Existing.KEEP)

    assert (done.objects, done.kept) == (2, 1)
    assert (again.objects, again.kept) == (0, 3)
    assert again.links == done.links
    assert len(fake.paths("_import")) == 2
    assert fake.objects["", ("index-pattern", POSTS)]["attributes"]["title"] == "theirs-*"


async def test_copies_have_ids_of_their_own_and_refer_to_each_other() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake):
        await brought(fake)

        done = await brought(fake, existing=Existing.COPY)

    copies = {key for _, key in fake.objects if not key[1].startswith("test-")}
    assert len(copies) == 3
    [copy] = [id_ for type_, id_ in copies if type_ == "dashboard"]
    assert list(done.links.values()) == [f"{fake.base}/app/dashboards#/view/{copy}"]
    needs = fake.objects["", ("dashboard", copy)]["references"]
    assert {(one["type"], one["id"]) for one in needs} < copies


async def test_a_space_has_objects_and_links_of_its_own() -> None:
    fake = FakeKibana()

    done = await brought(fake, space="marketing")

    assert {space for space, _ in fake.objects} == {"marketing"}
    assert fake.paths("_import") == ["POST /s/marketing/api/saved_objects/_import?overwrite=false"]
    [link] = done.links.values()
    assert link == f"{fake.base}/s/marketing/app/dashboards#/view/{DASHBOARD}"


async def test_a_busy_moment_while_overwriting_is_passed_over() -> None:
    async def busy(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503, text="License is not available.")

    fake = FakeKibana(faults={"_import": deque([busy, busy])})

    done = await brought(fake, existing=Existing.REPLACE)

    assert done.objects == 3
    assert len(fake.paths("_import")) == 3


async def test_without_overwrite_an_import_is_never_sent_twice() -> None:
    async def busy(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503, text="License is not available.")

    fake = FakeKibana(faults={"_import": deque([busy])})

    with pytest.raises(UnavailableError):
        await brought(fake, existing=Existing.COPY)

    assert len(fake.paths("_import")) == 1


async def test_what_is_sent_is_sorted_and_whole() -> None:
    fake = FakeKibana()

    await brought(fake)

    stored = fake.objects["", ("dashboard", DASHBOARD)]["attributes"]
    sent = sample()[2].attributes
    assert json.loads(stored["panelsJSON"]) == json.loads(sent["panelsJSON"])
    assert stored["controlGroupInput"]["controlStyle"] == "oneLine"
