"""``export`` from a Kibana on loopback, and TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from kibana.client import connected
from kibana.exporting import dashboard_id, with_needs
from kibana.importing import Existing, import_objects
from kibana.saved_objects import SavedObject, as_ndjson
from lake.config import KibanaConfig
from lake.errors import ConfigError, InvalidError, NotFoundError
from tests.fakes.kibana import PASSWORD, USER, FakeKibana, kibana_on_loopback
from tests.fakes.kibana_objects import DASHBOARD, LENS, POSTS, dashboard, data_view, sample


def _config(fake: FakeKibana, ca_file: Path | None = None, url: str = "") -> KibanaConfig:
    return KibanaConfig(
        url=url or fake.base, user=USER, password=SecretStr(PASSWORD), ca_file=ca_file
    )


async def _bring(config: KibanaConfig, objects: list[SavedObject]) -> int:
    async with connected(config) as kibana:
        return (await import_objects(
            kibana, objects, Existing.REPLACE, wait_s=0, say=lambda _line: None
        )).objects  # fmt: skip


@pytest.mark.parametrize("wanted", [DASHBOARD, "Übersicht – test", "ÜBERSICHT – TEST"])
async def test_a_dashboard_comes_back_with_its_needs_as_it_was(wanted: str) -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake), connected(_config(fake)) as kibana:
        await _bring(_config(fake), [*sample(), data_view().__class__(
            data_view("unrelated-*").body | {"id": "unrelated"}
        )])  # fmt: skip

        id_ = await dashboard_id(kibana, wanted)
        found = await with_needs(kibana, ("dashboard", id_))

    assert as_ndjson(found) == as_ndjson(sample())


async def test_a_dashboard_that_is_not_there_is_told_with_those_that_are() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake), connected(_config(fake)) as kibana:
        await _bring(_config(fake), sample())

        with pytest.raises(NotFoundError, match="no dashboard 'Nope' here; there are: Übersicht"):
            await dashboard_id(kibana, "Nope")


async def test_a_title_is_enough_without_the_number_before_it() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake), connected(_config(fake)) as kibana:
        await _bring(_config(fake), [*sample(), dashboard("first", "Taglake 1: Campaign overview")])

        assert await dashboard_id(kibana, "campaign overview") == "first"


async def test_two_dashboards_of_one_title_are_told_apart_by_id() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake), connected(_config(fake)) as kibana:
        await _bring(_config(fake), [*sample(), dashboard("second")])

        with pytest.raises(InvalidError, match=f"name one: second, {DASHBOARD}"):
            await dashboard_id(kibana, "Übersicht – test")


async def test_a_need_that_was_deleted_is_named() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake), connected(_config(fake)) as kibana:
        await _bring(_config(fake), sample())
        del fake.objects["", ("lens", LENS)]

        with pytest.raises(NotFoundError, match=f"not to be seen by us: lens {LENS}"):
            await with_needs(kibana, ("dashboard", DASHBOARD))


async def test_objects_that_need_each_other_end_the_walk() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake), connected(_config(fake)) as kibana:
        await _bring(_config(fake), sample())
        back = {"type": "dashboard", "id": DASHBOARD, "name": "back"}
        fake.objects["", ("index-pattern", POSTS)]["references"] = [back]

        assert len(await with_needs(kibana, ("dashboard", DASHBOARD))) == 3


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


async def test_an_https_kibana_is_trusted_by_its_authority_alone(
    authority: trustme.CA, tmp_path: Path
) -> None:
    ca_file = tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    fake = FakeKibana()
    async with kibana_on_loopback(fake, ssl=context):
        assert await _bring(_config(fake, ca_file), sample()) == 3

        with pytest.raises(ConfigError, match="is not trusted; name its authority"):
            await _bring(_config(fake), sample())


async def test_https_to_a_plain_kibana_says_so_at_once() -> None:
    fake = FakeKibana()
    async with kibana_on_loopback(fake):
        url = fake.base.replace("http://", "https://")

        with pytest.raises(ConfigError, match="speaks no TLS; is it http:// "):
            await _bring(_config(fake, url=url), sample())


async def test_a_certificate_file_that_is_none_is_named(tmp_path: Path) -> None:
    fake = FakeKibana(base="https://127.0.0.1:9")

    with pytest.raises(ConfigError, match=r"kibana\.ca_file: .*gone\.crt: cannot be used"):
        await _bring(_config(fake, tmp_path / "gone.crt"), sample())
