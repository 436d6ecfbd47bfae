"""``taglake kibana import|export`` as people call them, against a Kibana on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kibana.saved_objects import as_ndjson
from tests.fakes.kibana import PASSWORD, USER, FakeKibana, kibana_on_loopback
from tests.fakes.kibana_objects import DASHBOARD, sample
from tests.lakes import Called, CommandLine

ROOT = Path(__file__).parents[3]
SECRET = {"TAGLAKE_KIBANA_USER": USER, "TAGLAKE_KIBANA_PASSWORD": PASSWORD}


async def called(
    folder: Path, *arguments: str | Path, secret: Mapping[str, str] = SECRET, text: str = ""
) -> Called:
    config = folder / "config.yaml"
    config.write_text(text)
    return await CommandLine(config, ROOT, dict(secret))("kibana", *arguments)


def _file(folder: Path) -> Path:
    path = folder / "sample.ndjson"
    path.write_text(as_ndjson(sample()), encoding="utf-8")
    return path


async def test_import_prints_a_link_a_dashboard_and_conflicts_the_second_time(
    tmp_path: Path,
) -> None:
    fake, path = FakeKibana(), _file(tmp_path)
    async with kibana_on_loopback(fake):
        first = await called(tmp_path, "import", path, "--url", fake.base)
        second = await called(tmp_path, "import", path, "--url", fake.base)
        third = await called(tmp_path, "import", path, "--url", fake.base, "--keep", "--json")

    link = f"{fake.base}/app/dashboards#/view/{DASHBOARD}"
    assert (first.status, first.out) == (0, f"Übersicht – test  {link}\n")
    assert "3 objects imported and found whole" in first.err
    assert second.status == 2
    assert "taglake: dashboard 'Übersicht – test' (test-dashboard) exists already" in second.err
    assert second.out == ""
    assert third.json() == {
        "imported": 0,
        "kept": 3,
        "links": {"Übersicht – test": link},
        "kibana": {"url": fake.base, "space": None, "version": "8.19.21"},
    }


async def test_import_brings_what_taglake_comes_with(tmp_path: Path) -> None:
    fake = FakeKibana(spaces={"marketing"})
    async with kibana_on_loopback(fake):
        text = f"kibana: {{url: '{fake.base}', space: marketing}}\n"
        done = await called(tmp_path, "import", "--json", text=text)

    assert done.status == 0, done.err
    shipped = sorted((ROOT / "kibana" / "dashboards").glob("*.ndjson"))
    assert len(done.json()["links"]) == len(shipped) > 0
    assert all(f"{fake.base}/s/marketing/" in link for link in done.json()["links"].values())


async def test_a_kibana_that_starts_is_waited_for_with_a_line(tmp_path: Path) -> None:
    fake = FakeKibana(ready_at_s=1e9)
    async with kibana_on_loopback(fake):
        done = await called(tmp_path, "import", _file(tmp_path), "--url", fake.base, "--wait", "1")

    assert done.status == 1
    lines = done.err.splitlines()
    assert lines[0].startswith("waiting for Kibana (0 of 1 s): ")
    assert lines[-1].startswith("taglake: Kibana was not ready within 1 s: ")


async def test_secrets_of_the_environment_go_before_the_files_and_are_never_shown(
    tmp_path: Path,
) -> None:
    fake = FakeKibana()
    text = "kibana: {user: old, password: '${OLD}', api_key: also-old-and-wrong}\n"
    async with kibana_on_loopback(fake):
        arguments = ("import", _file(tmp_path), "--url", fake.base, "--overwrite")
        right = await called(tmp_path, *arguments, secret=SECRET | {"OLD": "x"}, text=text)
        wrong = SECRET | {"TAGLAKE_KIBANA_PASSWORD": "secret-and-wrong"}
        refused = await called(tmp_path, *arguments, secret=wrong)

    assert right.status == 0, right.err
    assert refused.status == 2
    assert refused.err.count("\n") == 1
    assert "secret-and-wrong" not in refused.err


async def test_export_gives_back_the_same_bytes(tmp_path: Path) -> None:
    fake, path = FakeKibana(), _file(tmp_path)
    async with kibana_on_loopback(fake):
        await called(tmp_path, "import", path, "--url", fake.base)
        shown = await called(tmp_path, "export", DASHBOARD, "--url", fake.base)
        out = tmp_path / "out.ndjson"
        kept = await called(tmp_path, "export", "Übersicht – test", "-o", out, "--url", fake.base)
        missing = await called(tmp_path, "export", "Nope", "--url", fake.base)

    assert shown.status == kept.status == 0
    assert shown.out == out.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")
    assert missing.status == 2
    assert missing.err == (
        "taglake: there is no dashboard 'Nope' here; there are: Übersicht – test\n"
    )
