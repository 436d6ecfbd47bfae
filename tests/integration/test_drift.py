"""The radar, from a renamed key to the line that an operator reads."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingestors.drift import Radar
from ingestors.platform import Payload
from ingestors.platforms.mastodon import connect
from ingestors.poll import poll
from ingestors.run import Run
from lake import times
from lake.access import Access
from lake.drift_book import DriftBook, KeptShape, ShapeKey
from lake.errors import ConflictError
from lake.store import Store, open_store
from tests.fakes.mastodon import FakeMastodon, run_mastodon
from tests.fakes.mastodon_poll import VANS, options
from tests.fakes.renaming import rename
from tests.lakes import CommandLine, LakeOfTest


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


async def _poll(fake: FakeMastodon, store: Store) -> Run:
    async with connect(options(fake)) as platform:
        return await poll(platform, VANS, store)


async def _findings(store: Store) -> dict[tuple[str, str], dict[str, Any]]:
    found = await DriftBook(store.client, store.layout).findings()
    return {(one["change"], one["path"]): one for one in found}


async def test_a_renamed_key_is_told_by_the_poll_that_met_it(
    fake: FakeMastodon, store: Store, taglake: CommandLine, caplog: pytest.LogCaptureFixture
) -> None:
    fake.add(40)
    first = await _poll(fake, store)
    rename(fake, fake.add(3), "favourites_count", "favourites_total")

    with caplog.at_level(logging.WARNING, "ingestors.drift"):
        second = await _poll(fake, store)

    assert (first.drift, second.written.created) == (0, 3)
    found = await _findings(store)
    gone, new = found["vanished", "favourites_count"], found["new", "favourites_total"]
    assert (gone["platform"], gone["kind"], gone["count"]) == ("mastodon", "status", 1)
    assert gone["after"] == "in none of 3; new beside it: favourites_total"
    assert new["examples"] == ["1"]
    assert found["null_rate", "post.likes"]["after"] == "missing from 3 of 3"
    told = [one for one in caplog.records if one.name == "ingestors.drift"]
    assert second.drift == len(found) == len(told) == 3
    shown = await taglake("drift", "--platform", "mastodon")
    assert "favourites_count" in shown.out
    assert "taglake remap --platform mastodon --since" in shown.out
    listed = (await taglake("drift", "--json", "--since", "2026-01-01")).json()["findings"]
    assert {one["run"] for one in listed} == {second.id}
    await taglake("drift", *(part for one in listed for part in ("--accept", one["id"])))
    assert "no drift" in (await taglake("drift")).out


async def test_the_same_drift_is_counted_and_not_told_again(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(40)
    await _poll(fake, store)
    rename(fake, fake.add(3), "content", "body")
    told = await _poll(fake, store)
    rename(fake, fake.add(3), "content", "body")

    again = await _poll(fake, store)

    assert told.drift > 0
    assert again.drift == 0
    assert (await _findings(store))["vanished", "content"]["count"] == 2


async def test_polls_of_the_same_structure_find_nothing(fake: FakeMastodon, store: Store) -> None:
    for number in range(6):
        fake.add(number + 1, **({"poll": {"id": "1"}} if number % 2 else {}))
        run = await _poll(fake, store)
        assert run.drift == 0, await _findings(store)


async def test_payloads_that_cannot_be_used_are_a_finding_too(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(40)
    await _poll(fake, store)
    rename(fake, fake.add(4), "created_at", "posted_at")

    run = await _poll(fake, store)

    assert run.dead_letters == 4
    found = await _findings(store)
    assert found["unusable", ""]["after"] == "4 of 4 payloads"
    assert ("vanished", "created_at") in found


async def test_two_polls_never_overwrite_what_the_other_learnt(store: Store) -> None:
    book, key, at = DriftBook(store.client, store.layout), ShapeKey("x", "tweet"), times.now()
    await book.keep_shape(key, {"payloads": 1}, KeptShape({}), at)
    kept = await book.shape(key)
    await book.keep_shape(key, {"payloads": 2}, kept, at)

    with pytest.raises(ConflictError):
        await book.keep_shape(key, {"payloads": 3}, kept, at)

    assert (await book.shape(key)).state == {"payloads": 2}


async def test_parts_that_are_no_payload_are_told_and_files_are_not_watched(store: Store) -> None:
    radar, of_file = Radar("x", "run-1", "hashtag"), Radar("x", "run-2", "file")
    for number in range(5):
        of_file.saw(Payload("tweet", {"id": number}, f"tweets.jsonl:{number}"), None)
    of_file.read(5, unreadable=0)
    radar.read(0, unreadable=4)

    found = [await one.report(store, times.now()) for one in (of_file, radar)]

    assert found == [0, 1]
    [finding] = (await _findings(store)).values()
    assert (finding["change"], finding["kind"], finding["run"]) == ("unusable", "", "run-1")


async def test_a_lake_that_does_not_answer_stops_no_poll(lake_of_test: LakeOfTest) -> None:
    radar = Radar("x", "run-1", "hashtag")
    radar.saw(Payload("tweet", {"id": "1"}), None)
    nobody = Access("http://127.0.0.1:1", "nobody", "nothing")

    async with open_store(lake_of_test.config, nobody) as away:
        assert await radar.report(away, times.now()) == 0
