"""What is kept of who asks, how often each may, and how soon a revoked key is refused."""

from __future__ import annotations

import time
from typing import Any

from api.app import create_app
from api.keyring import Keyring
from lake import times
from lake.config import ApiConfig, Config
from lake.store import Store
from tests.fakes.api_keys import (
    ELSEWHERE,
    audited,
    bearer,
    give_key,
    keys_of,
    status_of,
    until,
)
from tests.fakes.campaign_posts import SPEC
from tests.fakes.running_api import Api, running_api

LIST = "/v1/campaigns"


async def test_a_revoked_key_is_refused_by_a_running_server_within_seconds(
    guarded: Api, store: Store, texts: dict[str, str]
) -> None:
    assert await status_of(guarded, LIST, texts["write"]) == 200

    await keys_of(store).revoke(texts["write"][3:15], times.now())

    async def is_refused() -> bool:
        return await status_of(guarded, LIST, texts["write"]) == 401

    await until(is_refused)
    assert await status_of(guarded, LIST, texts["read"]) == 200


async def test_keys_are_read_again_before_they_are_five_seconds_old(store: Store) -> None:
    now_s = 100.0
    keyring = Keyring(keys_of(store), clock=lambda: now_s)
    key, _ = await give_key(store, "read")
    assert (await keyring.keys())[key.id].revoked_at is None
    await keys_of(store).revoke(key.id, times.now())
    now_s += 2.9
    assert (await keyring.keys())[key.id].revoked_at is None  # not asked for each request

    now_s += 1.5

    assert (await keyring.keys())[key.id].revoked_at is not None


async def test_writes_by_a_key_are_audited_and_reads_are_not(
    guarded: Api, store: Store, texts: dict[str, str]
) -> None:
    headers = bearer(texts["write"]) | {"X-Request-Id": "my-write"}
    async with guarded.session.post(LIST, json=SPEC, headers=headers) as answer:
        made = (await answer.json())["id"]
    path = f"{LIST}/{made}"
    for method, address in (("GET", path), ("PATCH", path), ("DELETE", path), ("DELETE", path)):
        body = {"name": "New"} if method == "PATCH" else None
        async with guarded.session.request(method, address, json=body, headers=headers):
            pass

    async def four() -> Any:
        found = await audited(store, "api.")
        return found if len(found) >= 4 else None

    entries = await until(four)
    told = [(entry.action, entry.subject, entry.details["status"]) for entry in entries]
    assert sorted(told) == [
        ("api.change_campaign", made, 200),
        ("api.create_campaign", made, 201),
        ("api.delete_campaign", made, 204),
        ("api.delete_campaign", made, 404),
    ]
    assert {entry.actor for entry in entries} == {f"key:{texts['write'][3:15]}"}
    assert {entry.details["request_id"] for entry in entries} == {"my-write"}


async def test_refusals_are_audited_once_a_second_with_their_number(
    guarded: Api, store: Store, texts: dict[str, str]
) -> None:
    began_s = time.monotonic()
    for _ in range(60):
        assert await status_of(guarded, LIST, "garbled", **ELSEWHERE) in (401, 429)
    for _ in range(10):
        assert await status_of(guarded, LIST, texts["revoked"]) == 401
    for _ in range(10):
        async with guarded.session.post(LIST, json=SPEC, headers=bearer(texts["read"])) as answer:
            assert answer.status == 403

    async def all_told() -> Any:
        found = await audited(store, "api.refused")
        return found if sum(int(one.details["count"]) for one in found) >= 80 else None

    entries = await until(all_told)
    took_s = time.monotonic() - began_s
    by_reason: dict[str, list[Any]] = {}
    for entry in entries:
        by_reason.setdefault(entry.reason or "", []).append(entry)
    counts = {why: sum(int(e.details["count"]) for e in es) for why, es in by_reason.items()}
    assert counts == {"garbled key": 60, "revoked key": 10, "role write needed": 10}
    assert len(entries) <= 3 * (took_s + 1)
    actors = {why: {(e.actor, e.subject) for e in es} for why, es in by_reason.items()}
    assert actors == {
        "garbled key": {("address:203.0.113.9", "203.0.113.9")},
        "revoked key": {(f"key:{texts['revoked'][3:15]}", "127.0.0.1")},
        "role write needed": {(f"key:{texts['read'][3:15]}", "127.0.0.1")},
    }
    assert {entry.details["status"] for entry in by_reason["role write needed"]} == {403}


async def test_the_day_of_a_keys_last_use_is_kept(
    guarded: Api, store: Store, texts: dict[str, str]
) -> None:
    before = times.now().date()
    for _ in range(3):
        assert await status_of(guarded, LIST, texts["read"]) == 200
    await status_of(guarded, LIST, texts["revoked"])

    async def used() -> Any:
        await store.refresh()
        return await keys_of(store).uses()

    uses = await until(used)

    assert set(uses) == {texts["read"][3:15]}
    assert before <= uses[texts["read"][3:15]] <= times.now().date()


async def test_each_key_has_a_limit_of_its_own(store: Store) -> None:
    config = Config(api=ApiConfig(requests_per_min=1, requests_burst=2))
    _, one = await give_key(store, "read")
    _, two = await give_key(store, "read")
    async with running_api(create_app(store, config)) as api:
        found = [await status_of(api, LIST, one, **ELSEWHERE) for _ in range(3)]
        async with api.session.get(LIST, headers=bearer(two)) as answer:
            left = answer.headers["RateLimit-Remaining"]

    assert found == [200, 200, 429]
    assert (answer.status, left) == (200, "1")
