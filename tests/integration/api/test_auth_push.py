"""Who may push: tokens, keys, and what holds while the lake is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from api.app import create_app
from lake import times
from lake.config import ApiConfig, Config, WriterConfig
from lake.key import made_key
from lake.store import Store, open_store
from tests.fakes.api_keys import ELSEWHERE, bearer, status_of, until
from tests.fakes.forwarder import forwarding, free_port
from tests.fakes.lakeless_api import TOKEN, api_without_lake, spooled
from tests.fakes.running_api import Api, running_api
from tests.lakes import LakeOfTest

URL = "/v1/push/mastodon"
LIST = "/v1/campaigns"
LINE = b'{"kind": "status", "payload": {"id": "1"}}\n'
TYPE = {"Content-Type": "application/x-ndjson"}


async def _push(api: Api, text: str | None, **headers: str) -> int:
    sent = TYPE | headers | (bearer(text) if text else {})
    async with api.session.post(URL, data=LINE, headers=sent) as answer:
        return answer.status


@pytest.mark.parametrize("tokens", [[], [TOKEN]])
async def test_a_key_that_may_write_pushes_and_a_token_still_does(
    store: Store, tmp_path: Path, texts: dict[str, str], tokens: list[str]
) -> None:
    api_config = ApiConfig.model_validate({"push_tokens": tokens, "spool_dir": tmp_path / "spool"})
    config = Config(api=api_config, writer=WriterConfig(dead_letter_dir=tmp_path))
    async with running_api(create_app(store, config, push_platforms=("mastodon",))) as api:
        found = {name: await _push(api, text) for name, text in texts.items()}
        found |= {"token": await _push(api, TOKEN), "nothing": await _push(api, None)}
        beyond = await status_of(api, LIST, TOKEN)

    assert found == {
        "write": 202,
        "admin": 202,
        "read": 403,
        "revoked": 401,
        "expired": 401,
        "token": 202 if tokens else 401,
        "nothing": 401,
    }
    assert beyond == 401  # a token is for pushing alone


async def test_while_the_lake_is_away_nobody_reads_with_whatever_key(tmp_path: Path) -> None:
    _, text = made_key("x", "admin", by="ann", now=times.now())
    async with api_without_lake(tmp_path) as api:
        for sent in (text, "garbled", None):
            for headers in ({}, ELSEWHERE):
                assert await status_of(api, LIST, sent, **headers) == 503
        assert await _push(api, text) == 503  # nobody knows whether it is a key
        assert await _push(api, None, **ELSEWHERE) == 401
        assert not spooled(tmp_path)
        assert await _push(api, None) == 202  # as ever without tokens: from this machine

    assert len(spooled(tmp_path)) == 1


async def test_while_the_lake_is_away_a_required_key_stays_required(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path, require_keys=True, push_tokens=[TOKEN]) as api:
        assert await _push(api, None) == 401
        assert await _push(api, "garbled") == 401
        assert await _push(api, TOKEN, **ELSEWHERE) == 202

    async with api_without_lake(tmp_path, require_keys=True) as api:
        assert await _push(api, None) == 401


async def test_a_push_during_an_outage_is_judged_by_the_keys_known_last(
    store: Store, lake_of_test: LakeOfTest, tmp_path: Path, texts: dict[str, str]
) -> None:
    port = free_port()
    access = replace(lake_of_test.access, url=f"http://127.0.0.1:{port}")
    config = lake_of_test.config.model_copy(update={"api": ApiConfig(spool_dir=tmp_path / "spool")})

    @asynccontextmanager
    async def lake() -> AsyncIterator[Store]:
        async with open_store(config, access) as opened:
            yield opened

    async with AsyncExitStack() as stack:
        forward = AsyncExitStack()
        await forward.enter_async_context(forwarding(port, lake_of_test.access.url))
        app = create_app(lake, config, push_platforms=("mastodon",))
        api = await stack.enter_async_context(running_api(app))
        assert await status_of(api, LIST, texts["write"]) == 200
        await forward.aclose()  # from now on the lake is away

        async def is_away() -> bool:
            return await status_of(api, LIST, texts["write"]) == 503

        await until(is_away)
        found = {name: await _push(api, text) for name, text in texts.items()}
        nothing = await _push(api, None)

    assert found == {"write": 202, "admin": 202, "read": 403, "revoked": 401, "expired": 401}
    assert nothing == 401
