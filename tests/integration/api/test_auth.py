"""Who may ask the API what, and what is kept of it: on a real Elasticsearch and a real server."""

from __future__ import annotations

import hmac
import logging
from typing import Any

import pytest

from api.app import create_app
from lake import times
from lake.config import ApiConfig, Config
from lake.errors import ConfigError
from lake.key import made_key
from lake.store import Store
from taglake.services import check_keys
from tests.fakes.api_keys import ELSEWHERE, bearer, give_key, status_of, until
from tests.fakes.campaign_posts import SPEC
from tests.fakes.running_api import Api, running_api

LIST = "/v1/campaigns"
OPEN = ("/healthz", "/readyz", "/openapi.json", "/docs", "/v1/metrics/definitions")


async def test_each_role_may_do_what_it_is_for(guarded: Api, texts: dict[str, str]) -> None:
    made = f"{LIST}/acme-spring"
    steps = [
        ("read", "GET", LIST, 200),
        ("read", "HEAD", LIST, 200),
        ("read", "GET", "/v1/nothing", 404),
        ("read", "POST", LIST, 403),
        ("read", "PATCH", made, 403),
        ("read", "DELETE", made, 403),
        ("read", "PUT", made, 403),
        ("write", "POST", LIST, 201),
        ("write", "GET", made, 200),
        ("write", "PATCH", made, 200),
        ("write", "GET", "/v1/erasures", 403),
        ("write", "POST", "/v1/erasures", 403),
        ("write", "GET", "/v1/keys", 403),
        ("write", "DELETE", made, 204),
        ("admin", "POST", LIST, 201),
        ("admin", "GET", "/v1/keys", 404),
        ("admin", "DELETE", made, 204),
    ]
    for role, method, path, expected in steps:
        body = SPEC if method == "POST" else {"name": "Acme spring"} if method == "PATCH" else None
        headers = bearer(texts[role])
        async with guarded.session.request(method, path, json=body, headers=headers) as answer:
            told = await answer.text()
            assert answer.status == expected, (role, method, path, told)
            if expected == 403:
                needed = "admin" if role == "write" else "write"
                assert f"role {needed}" in told
                assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


async def test_wrong_unknown_revoked_and_expired_keys_are_refused_alike(
    guarded: Api, texts: dict[str, str]
) -> None:
    _, unknown = made_key("x", "admin", by="ann", now=times.now())
    wrong = texts["admin"][:-3] + "abc"
    bodies = []
    for text in (wrong, unknown, texts["revoked"], texts["expired"], "garbled"):
        for method, path in (("GET", LIST), ("DELETE", f"{LIST}/x"), ("GET", "/v1/nothing")):
            async with guarded.session.request(method, path, headers=bearer(text)) as answer:
                body = await answer.json()
                assert (answer.status, answer.content_type) == (401, "application/problem+json")
                challenge = answer.headers["WWW-Authenticate"]
                assert challenge == 'Bearer realm="taglake", error="invalid_token"'
            assert body.pop("request_id") == answer.headers["X-Request-Id"]
            bodies.append(body)

    assert len(bodies) == 15
    assert all(body == bodies[0] for body in bodies)
    assert not [text for text in texts.values() if text[3:15] in str(bodies)]


async def test_who_sends_no_bearer_is_told_how(guarded: Api, texts: dict[str, str]) -> None:
    words = [None, "", "Bearer", "Bearer ", "Basic {}", "{}", "bearer", "Bearer,{}", "Token {}"]
    for word in words:
        headers = {} if word is None else {"Authorization": word.format(texts["admin"])}
        for method in ("GET", "HEAD", "DELETE"):
            async with guarded.session.request(method, f"{LIST}/x", headers=headers) as answer:
                told = await answer.text()
                assert answer.status == 401, word
                assert answer.headers["WWW-Authenticate"] == 'Bearer realm="taglake"'
                assert "Authorization: Bearer <key>" in told or method == "HEAD"
                assert texts["admin"] not in told


async def test_two_keys_at_once_are_none(guarded: Api, texts: dict[str, str]) -> None:
    two = [("Authorization", f"Bearer {texts[name]}") for name in ("read", "admin")]

    async with guarded.session.get(LIST, headers=two) as answer:
        assert answer.status == 401


async def test_the_scheme_may_be_in_any_case(guarded: Api, texts: dict[str, str]) -> None:
    assert await status_of(guarded, LIST, Authorization=f"bEARER {texts['read']}") == 200


async def test_open_addresses_need_no_key(guarded: Api) -> None:
    for path in OPEN:
        assert await status_of(guarded, path) == 200, path
        assert await status_of(guarded, path, **ELSEWHERE) == 200, path
        assert await status_of(guarded, path, "garbled") == 200, path
    for path in ("/", "/v1", "//v1/campaigns", "/V1/campaigns", "/healthz/", "/docs/x", "/v1/"):
        assert await guarded.raw_status("GET", path) == 401, path


async def test_a_key_in_an_address_is_refused_even_beside_a_good_one(
    guarded: Api, texts: dict[str, str]
) -> None:
    for name in ("access_token", "api_key", "KEY", "token", "x"):
        for path in (LIST, "/healthz", "/v1/nothing"):
            async with guarded.session.get(
                path, params={name: texts["read"]}, headers=bearer(texts["read"])
            ) as answer:
                told = await answer.text()
                assert (answer.status, answer.content_type) == (400, "application/problem+json")
                assert "Authorization: Bearer" in told
                assert texts["read"] not in told


async def test_an_unknown_id_costs_as_much_work_as_a_known_one(
    guarded: Api, texts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    honest = hmac.compare_digest

    def counting(one: Any, two: Any) -> bool:
        compared.append(len(one))
        return honest(one, two)

    _, unknown = made_key("x", "admin", by="ann", now=times.now())
    monkeypatch.setattr(hmac, "compare_digest", counting)
    work = {}
    for name, text in (("known", texts["read"]), ("wrong", texts["read"][:-3] + "abc")):
        compared.clear()
        await status_of(guarded, LIST, text)
        work[name] = list(compared)
    compared.clear()
    await status_of(guarded, LIST, unknown)

    assert work == {"known": [64], "wrong": [64]}
    assert compared == [64]


async def test_without_keys_this_machine_alone_is_served_until_there_is_one(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "api.keyring"):
        async with running_api(create_app(store, Config())) as api:
            assert "the API has no keys: it serves this machine alone" in caplog.messages
            async with api.session.post(LIST, json=SPEC) as created:
                assert created.status == 201
            for elsewhere in ("203.0.113.9", "127.0.0.1, 203.0.113.9", "unknown"):
                assert await status_of(api, LIST, **{"X-Forwarded-For": elsewhere}) == 401
            assert await status_of(api, "/healthz", **ELSEWHERE) == 200

            _, text = await give_key(store, "read")

            async def is_closed() -> bool:
                return await status_of(api, LIST) == 401

            await until(is_closed)
            assert await status_of(api, LIST, text) == 200
            assert await status_of(api, LIST, text, **ELSEWHERE) == 200


async def test_where_keys_are_required_nobody_comes_in_before_the_first_one(store: Store) -> None:
    config = Config(api=ApiConfig(require_keys=True))
    async with running_api(create_app(store, config)) as api:
        assert await status_of(api, LIST) == 401
        assert await status_of(api, "/healthz") == 200


async def test_only_loopback_without_keys(store: Store) -> None:
    everywhere = ApiConfig(host="0.0.0.0")

    await check_keys(ApiConfig(), store)
    await check_keys(ApiConfig(host="0.0.0.0", require_keys=True), store)
    with pytest.raises(ConfigError, match="taglake key create"):
        await check_keys(everywhere, store)
    await give_key(store, "read")
    await check_keys(everywhere, store)
