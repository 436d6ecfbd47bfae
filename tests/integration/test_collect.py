"""``taglake collect``: a fake Mastodon here, a real API there, and everything between them."""

from __future__ import annotations

import asyncio
import json
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from tests.conftest import ROOT
from tests.fakes.forwarder import forwarding, free_port
from tests.fakes.lakeless_api import TOKEN, api_without_lake, spooled
from tests.fakes.mastodon import FakeMastodon, refusing, run_mastodon
from tests.fakes.running_api import Api
from tests.lakes import CommandLine

VANS = "mastodon:hashtag:vans"


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        server.add(50)
        yield server


@pytest.fixture
def home(fake: FakeMastodon, tmp_path: Path) -> CommandLine:
    """The command line of a machine that has no lake."""
    mastodon = {"instances": [fake.base], "lookback_s": 0, "backoff_s": 0.01, "attempts": 2}
    config = {
        "elasticsearch": {"url": "http://127.0.0.1:9"},
        "node": {"data_dir": str(tmp_path / "home")},
        "platforms": {"mastodon": mastodon},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return CommandLine(path, ROOT, {"TAGLAKE_PUSH_TOKEN": TOKEN})


def _collect(api: Api, *more: str) -> list[str]:
    return ["collect", "--push", f"http://127.0.0.1:{api.port}", "--target", VANS, *more]


def _ids(folder: Path) -> list[str]:
    """The ids of the statuses that the API keeps, in order of their arrival."""
    found = [json.loads(line["payload"]) for line in spooled(folder) if line["kind"] == "status"]
    return [str(status["id"]) for status in found]


def _cursor(folder: Path) -> str | None:
    try:
        state = json.loads((folder / "home" / "collect.json").read_text())
    except FileNotFoundError:
        return None
    found: str | None = state["cursors"].get(VANS)
    return found


async def _until_told(process: Process, words: bytes) -> bytes:
    assert process.stderr is not None
    told = b""
    async with asyncio.timeout(60):
        while words not in told:
            line = await process.stderr.readline()
            assert line, told.decode()
            told += line
    return told


async def test_each_walk_pushes_what_is_new(
    home: CommandLine, fake: FakeMastodon, tmp_path: Path
) -> None:
    async with api_without_lake(tmp_path, push_tokens=[TOKEN], push_bytes=1_000_000) as api:
        first = await home(*_collect(api, "--once", "--json", "--name", "attic"))
        before = _ids(tmp_path)
        new = fake.add(45)
        second = await home(*_collect(api, "--once"))

        kept = spooled(tmp_path)

    assert first.status == 0, first.err
    [done] = first.json()["targets"]
    assert (done["target"], done["refused"], done["error"]) == (VANS, 0, None)
    assert done["accepted"] == done["payloads"] >= 50
    assert sorted(before) == sorted(set(fake.statuses) - set(new))
    assert second.status == 0, second.err
    assert "payloads pushed" in second.out
    assert sorted(_ids(tmp_path)) == sorted(fake.statuses)
    assert {(one["target"], one["platform"]) for one in kept} == {(VANS, "mastodon")}
    assert kept[0]["collector"] == "attic"
    # The server's own time of the answer, not the time of the push.
    assert all(one["observed_at"] < one["received_at"] for one in kept)


async def test_a_collector_that_is_killed_goes_on_where_it_was(
    home: CommandLine, fake: FakeMastodon, tmp_path: Path
) -> None:
    hangs = asyncio.Event()
    killed = asyncio.Event()

    async def hanging(fake: FakeMastodon, request: web.Request) -> web.Response:
        hangs.set()
        await killed.wait()
        return fake.timeline(request)

    async with api_without_lake(tmp_path, push_tokens=[TOKEN], push_bytes=1_000_000) as api:
        await home(*_collect(api, "--once"))
        before, start = _ids(tmp_path), _cursor(tmp_path)
        fake.add(200)
        fake.faults.extend([None, None, hanging])
        process = await home.start(*_collect(api, "--once"))
        async with asyncio.timeout(60):
            await hangs.wait()
        process.kill()
        await process.communicate()
        killed.set()
        middle, reached = _ids(tmp_path), _cursor(tmp_path)
        last = await home(*_collect(api, "--once", "--json"))

        found = _ids(tmp_path)

    assert last.status == 0, last.err
    assert start != reached
    assert len(before) < len(middle) < len(found)
    assert set(found) == set(fake.statuses)
    # What came before the last place is not asked for again.
    assert last.json()["targets"][0]["payloads"] < 200


async def test_it_waits_for_an_api_that_is_away_and_loses_nothing(
    home: CommandLine, fake: FakeMastodon, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with api_without_lake(tmp_path, push_tokens=[TOKEN], push_bytes=1_000_000) as api:
        process = await home.start("collect", "--push", url, "--target", VANS, "--interval-s", "1")
        await _until_told(process, b"waiting for the API")
        assert _cursor(tmp_path) is None
        async with forwarding(port, f"http://127.0.0.1:{api.port}"), asyncio.timeout(60):
            while _cursor(tmp_path) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, err = await process.communicate()

        found = _ids(tmp_path)

    assert process.returncode == 130
    assert b"the API keeps all" in err
    assert set(found) == set(fake.statuses)


async def test_a_wrong_token_stops_it_with_one_clear_line(
    home: CommandLine, tmp_path: Path
) -> None:
    async with api_without_lake(tmp_path, push_tokens=["another-token-of-ours"]) as api:
        called = await home(*_collect(api))

    assert called.status == 2
    last = called.err.splitlines()[-1]
    assert last.startswith("taglake: --push")
    assert "refuses our token" in last
    assert "Traceback" not in called.err
    assert TOKEN not in called.err
    assert _cursor(tmp_path) is None


async def test_a_push_that_is_too_large_goes_in_parts(
    home: CommandLine, fake: FakeMastodon, tmp_path: Path
) -> None:
    async with api_without_lake(tmp_path, push_bytes=4_000) as api:
        called = await home(*_collect(api, "--once", "--json"))

        found = _ids(tmp_path)

    assert called.status == 0, called.err
    assert sorted(found) == sorted(fake.statuses)
    assert called.json()["targets"][0]["refused"] == 0


async def test_a_payload_that_the_api_never_takes_is_told_and_holds_nothing_up(
    home: CommandLine, fake: FakeMastodon, tmp_path: Path
) -> None:
    [large] = fake.add(1, content="x" * 9_000)
    async with api_without_lake(tmp_path, push_bytes=4_000) as api:
        called = await home(*_collect(api, "--once", "--json"))

        found = _ids(tmp_path)

    assert called.json()["targets"][0]["refused"] == 1
    assert "payload larger than the API takes" in called.err
    assert sorted(found) == sorted(set(fake.statuses) - {large})


async def test_a_platform_that_fails_is_told_and_the_status_says_so(
    home: CommandLine, fake: FakeMastodon, tmp_path: Path
) -> None:
    fake.faults.extend([refusing(403)] * 4)
    async with api_without_lake(tmp_path) as api:
        called = await home(*_collect(api, "--once"))

    assert called.status == 1
    assert f"not collected to the end: {VANS}" in called.err
    assert "platform stopped" in called.err


async def test_two_collectors_do_not_share_a_state(home: CommandLine, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    first = await home.start("collect", "--push", url, "--target", VANS)
    await _until_told(first, b"waiting for the API")

    second = await home("collect", "--push", url, "--target", VANS, "--once")

    first.terminate()
    await first.communicate()
    assert second.status == 2
    assert "collect.json.lock is held by process" in second.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--push", "http://lake.example.org", "--target", VANS], "use https, or a tunnel"),
        (["--push", "lake.example.org", "--target", VANS], "write the API's address"),
        (["--push", "https://u:p@x.org", "--target", VANS], "write the address alone"),
        (["--push", "https://x.org", "--target", "mastodon:moon:vans"], "PLATFORM:KIND:VALUE"),
        (["--push", "https://x.org", "--target", "x:hashtag:vans"], "platforms.x is not"),
        (["--push", "https://x.org", "--target", VANS, "--json"], "--json needs --once"),
        (["--push", "https://x.org", "--target", VANS, "--token-env", "NONE_SUCH"], "NONE_SUCH"),
    ],
)
async def test_what_is_asked_wrongly_is_one_line_and_status_two(
    home: CommandLine, arguments: list[str], words: str
) -> None:
    called = await home("collect", *arguments)

    assert called.status == 2
    assert words in called.err
    assert len(called.err.splitlines()) == 1


async def test_the_help_shows_how(home: CommandLine) -> None:
    called: Any = await home("collect", "--help")

    assert called.status == 0
    assert "taglake collect --push https://lake.example.org" in called.out
