"""What ``import`` tells of a Kibana that does not take what it is given; one clear line each."""

from __future__ import annotations

from collections import deque

import pytest
from aiohttp import web
from pydantic import SecretStr

from kibana.saved_objects import SavedObject
from lake.errors import ConfigError, InvalidError
from tests.fakes.kibana import FakeKibana, refusal
from tests.fakes.kibana_import import brought
from tests.fakes.kibana_objects import (
    DASHBOARD,
    LENS,
    changed,
    dashboard,
    data_view,
    lens,
)


async def test_a_wrong_password_is_told_at_once_and_not_shown() -> None:
    fake = FakeKibana()

    with pytest.raises(ConfigError) as caught:
        await brought(fake, wait_s=60, password=SecretStr("wrong-word-77"))

    assert "refuses the user 'ana' (401)" in str(caught.value)
    assert "TAGLAKE_KIBANA_PASSWORD" in str(caught.value)
    assert "wrong-word-77" not in str(caught.value)
    assert len(fake.calls) == 1


async def test_a_user_without_a_password_is_told_where_it_belongs() -> None:
    with pytest.raises(ConfigError, match="'ana' has no password; set TAGLAKE_KIBANA_PASSWORD"):
        await brought(FakeKibana(), password=None)


async def test_a_user_who_may_not_import_is_told_what_is_needed() -> None:
    async def forbid(_: web.Request) -> web.StreamResponse:
        return refusal(403, "Unable to bulk_create dashboard")

    fake = FakeKibana(faults={"_import": deque([forbid])})

    with pytest.raises(ConfigError, match=r"does not allow importing to the user 'ana' \(403\)"):
        await brought(fake)


async def test_a_space_that_is_not_there_is_named() -> None:
    fake = FakeKibana()

    with pytest.raises(InvalidError, match="has no space 'sales'; make it in Kibana"):
        await brought(fake, space="sales")

    assert not fake.paths("_import")


async def test_a_lost_reference_names_both_ends() -> None:
    with pytest.raises(InvalidError) as caught:
        await brought(FakeKibana(), [dashboard(), data_view()])

    assert str(caught.value) == (
        "dashboard 'Übersicht – test' needs visualization test-lens, which is neither in the file "
        "nor in this space"
    )


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (changed(lens(), typeMigrationVersion="8.12.0"), "newer version than this Kibana .422: "),
        (changed(dashboard(), attributes={"panels": []}), "refuses the objects .400: .*panels"),
        (changed(lens(), attributes={"colour": 1}), "refuses the objects .500: .*log says which"),
    ],
    ids=["newer", "attribute-of-a-dashboard", "attribute-of-a-lens"],
)  # fmt: skip
async def test_what_kibana_does_not_take_is_one_clear_line(one: SavedObject, told: str) -> None:
    fake = FakeKibana()

    with pytest.raises(InvalidError, match=told) as caught:
        await brought(fake, [data_view(), lens(), one] if one.key[0] != "lens" else [one])

    assert "\n" not in str(caught.value)
    assert not fake.objects


async def test_a_finding_of_the_import_itself_tells_a_newer_version_too() -> None:
    message = 'Document "x" belongs to a more recent version of Kibana [9.1.0].'

    async def answer(_: web.Request) -> web.StreamResponse:
        error = {"type": "unknown", "statusCode": 422, "message": message}
        finding = {"type": "lens", "id": LENS, "error": error}
        return web.json_response({"success": False, "successCount": 0, "errors": [finding]})

    with pytest.raises(InvalidError, match="visualization 'Posts over time': is of a newer versi"):
        await brought(FakeKibana(faults={"_import": deque([answer])}))


async def test_a_success_that_emptied_the_panels_is_no_success() -> None:
    with pytest.raises(InvalidError) as caught:
        await brought(FakeKibana(empties=True))

    lines = str(caught.value).splitlines()
    assert lines[0] == "Kibana answered success, but not all is well:"
    assert "visualization 'Posts over time' was emptied: 2 columns are gone, such as l1.x" in lines
    assert any("has the panel 'Share', which was emptied" in line for line in lines)


async def test_an_object_that_is_not_there_after_a_success_is_named() -> None:
    with pytest.raises(InvalidError, match="dashboard 'Übersicht – test' was imported, and is not"):
        await brought(FakeKibana(loses={("dashboard", DASHBOARD)}))


async def test_an_older_kibana_is_not_asked_to_import() -> None:
    fake = FakeKibana(version="8.9.2")

    with pytest.raises(ConfigError, match=r"is Kibana 8\.9\.2; the dashboards are of 8\.12"):
        await brought(fake)

    assert not fake.paths("_import")


async def test_a_kibana_that_tells_no_version_is_taken_as_it_is() -> None:
    assert (await brought(FakeKibana(version=None))).version is None


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(text="<html>Welcome to nginx!</html>", content_type="text/html"),
        web.Response(text='{"cluster_name": "docker"}', content_type="application/json"),
        web.Response(text="[]", content_type="application/json"),
        web.Response(status=404, text="<h1>Not Found</h1>", content_type="text/html"),
        web.Response(status=400, text='{"error": "no handler"}', content_type="application/json"),
        web.Response(status=302, headers={"Location": "http://127.0.0.1:9/login"}),
    ],
    ids=["page", "elasticsearch", "list", "404", "400", "redirect"],
)
async def test_what_is_no_kibana_is_called_so(answer: web.Response) -> None:
    async def other(_: web.Request) -> web.StreamResponse:
        return answer

    with pytest.raises(ConfigError, match="is no Kibana; set"):
        await brought(FakeKibana(faults={"status": deque([other])}), wait_s=60)
