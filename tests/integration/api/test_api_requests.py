"""What the API accepts and refuses, and how it says so."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api import answers
from lake.store import Store
from tests.fakes.campaign_posts import SPEC
from tests.fakes.plain_answers import Seeded
from tests.fakes.running_api import Api


async def test_a_campaign_lives_through_its_routes(api: Api) -> None:
    campaign = await api.create()
    path = f"/v1/campaigns/{campaign}"

    async with api.session.patch(path, json={"hashtags": ["#NEW"], "to": "2026-01-01"}) as answer:
        changed = await answer.json()
    listed = await api.get("/v1/campaigns")

    assert changed["hashtags"] == ["new"]
    assert changed["to"] == "2026-01-01T00:00:00.000Z"
    assert (changed["name"], changed["revision"]) == ("Acme spring", 2)
    assert listed["campaigns"] == [changed]
    async with api.session.delete(path) as answer:
        assert (answer.status, await answer.read()) == (204, b"")
    assert (await api.refusal("GET", path))[0] == 404
    assert (await api.refusal("DELETE", path))[0] == 404
    assert (await api.refusal("PATCH", path, json={"name": "x"}))[0] == 404
    assert (await api.refusal("GET", f"{path}/summary"))[0] == 404


async def test_a_campaign_that_breaks_a_rule_is_refused_field_by_field(api: Api) -> None:
    cases: list[tuple[Any, str]] = [
        ({**SPEC, "hashtags": []}, "hashtags"),
        ({**SPEC, "from": "2026-01-01"}, "campaign"),
        ({**SPEC, "from": "soon"}, "from"),
        ({**SPEC, "color": "red"}, "color"),
        ([], "campaign"),
        ("x", "campaign"),
    ]
    for body, field in cases:
        status, problem = await api.refusal("POST", "/v1/campaigns", json=body)

        assert status == 422
        assert [error["field"] for error in problem["errors"]] == [field]


async def _chunked(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1000):
        yield b" " * 1000


async def test_bodies_that_cannot_be_read_are_refused(api: Api) -> None:
    json_type = {"Content-Type": "application/json"}
    cases: list[tuple[int, dict[str, Any]]] = [
        (413, {"data": io.BytesIO(b" " * 5_000_000), "headers": json_type}),
        (413, {"data": _chunked(30_000), "headers": json_type}),
        (400, {"data": b"{", "headers": json_type}),
        (400, {"data": b"", "headers": json_type}),
        (400, {"data": b"[" * 15_000, "headers": json_type}),
        (400, {"data": b'{"name": "\xff"}', "headers": json_type}),
        (415, {"data": b"{}"}),
        (415, {"data": {"name": "x"}}),
    ]
    for expected, options in cases:
        status, _ = await api.refusal("POST", "/v1/campaigns", **options)
        assert status == expected, options


async def test_a_weird_id_is_a_campaign_that_is_not_there(api: Api) -> None:
    weird = ["nope", "%00", "%2e%2e", "..%2f..", "%C3%A9", "%ff%fe", "*", "_all", "a%20b", "%22"]
    for campaign in [*weird, "a" * 10_000]:
        for path in (f"/v1/campaigns/{campaign}", f"/v1/campaigns/{campaign}/summary"):
            assert await api.raw_status("GET", path) == 404, path
            assert await api.raw_status("DELETE", path) in (404, 405), path


async def test_wrong_parameters_addresses_and_methods_are_problems(api: Api) -> None:
    path = f"/v1/campaigns/{await api.create()}"
    cases = [
        (422, "GET", f"{path}/influencers?limit=0", "limit"),
        (422, "GET", f"{path}/influencers?limit=ten", "limit"),
        (422, "GET", f"{path}/influencers?by=luck", "by"),
        (422, "GET", f"{path}/timeline?interval=second", "interval"),
        (422, "GET", f"{path}/timeline?tz=Mars/Olympus", "tz"),
        (422, "GET", f"{path}/timeline?tz=%00", "tz"),
        (422, "GET", f"{path}/posts?limit=501", "limit"),
        (422, "GET", f"{path}/export?format=xlsx", "format"),
    ]
    for expected, method, url, field in cases:
        status, body = await api.refusal(method, url)
        assert (status, body["errors"][0]["field"]) == (expected, field), url
    assert (await api.refusal("GET", "/v1/nothing"))[0] == 404
    assert (await api.refusal("GET", "/"))[0] == 404
    assert (await api.refusal("PUT", path))[0] == 405


async def test_a_window_too_long_for_hours_names_the_interval_that_fits(api: Api) -> None:
    campaign = await api.create(to="2030-01-01")

    _, body = await api.refusal("GET", f"/v1/campaigns/{campaign}/timeline?interval=hour")

    assert "interval=day" in body["detail"]


@pytest.mark.parametrize(
    ("start", "end"), [("0001-01-01", "0001-02-01"), ("9999-12-01", "9999-12-31")]
)
async def test_windows_at_the_ends_of_time_are_answered_or_refused(
    api: Api, start: str, end: str
) -> None:
    campaign = await api.create(**{"from": start, "to": end})

    await api.get(f"/v1/campaigns/{campaign}/summary")
    for tz in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        for interval in ("hour", "day", "week", "month"):
            url = f"/v1/campaigns/{campaign}/timeline?interval={interval}&tz={tz}"
            async with api.session.get(url) as answer:
                assert answer.status in (200, 422), await answer.text()


async def test_health_readiness_and_definitions_are_served(api: Api) -> None:
    assert (await api.get("/healthz")) == {"status": "up"}
    assert (await api.get("/readyz")) == {"status": "ready"}
    rows = (await api.get("/v1/metrics/definitions"))["definitions"]
    assert {"posts.v1", "influencer_score.v1"} <= {row["definition"] for row in rows}


async def test_a_lake_without_templates_is_not_ready(api: Api, store: Store) -> None:
    await store.client.indices.delete_index_template(name=f"{store.layout.prefix}posts")

    async with api.session.get("/readyz") as answer:
        body = await answer.json()

    assert (answer.status, body["title"]) == (503, "Service Unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


async def test_the_document_describes_every_route_with_examples(api: Api, seeded: Seeded) -> None:
    campaign = seeded.campaign
    document = await api.get("/openapi.json")

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert operation["tags"], (method, path)
            for status, response in operation["responses"].items():
                kinds = list(response.get("content", {}))
                assert status < "400" or kinds == ["application/problem+json"], (method, path)
    answer = await api.get(f"/v1/campaigns/{campaign}/summary")
    shown = document["paths"]["/v1/campaigns/{campaign_id}/summary"]["get"]["responses"]["200"]
    example = shown["content"]["application/json"]["example"]
    assert example.keys() == answer.keys()
    assert example["metrics"].keys() == answer["metrics"].keys()


async def test_the_command_line_prints_the_bytes_of_the_api(
    api: Api, seeded: Seeded, store: Store
) -> None:
    campaign = seeded.campaign
    found = await store.campaigns.get(campaign)

    async with api.session.get(f"/v1/campaigns/{campaign}") as answer:
        body = await answer.read()

    assert body == answers.encode(answers.show_campaign(found))
