"""What docs/add-a-platform.md says works: its code and payloads, in a copy of the project."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from lake.store import Store
from tests.conftest import ROOT, SHARED
from tests.lakes import CommandLine, LakeOfTest

PAGE = ROOT / "docs/add-a-platform.md"
ROOMS = (
    *("lake", "ingestors", "enrichment", "analysis", "api", "kibana", "taglake"),
    *("index_templates", "tests", "pyproject.toml"),
)
POSTS = [
    {"id": n, "at": f"2026-11-21T12:00:{n:02}Z", "by": "ann", "text": f"{n} #spring", "likes": n}
    for n in range(1, 26)
]


def _block(language: str, after: str) -> str:
    """The first block of a language below a line of the page."""
    text = PAGE.read_text(encoding="utf-8").partition(after)[2]
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project with one file more, and its payloads."""
    root = tmp_path / "project"
    for name in ROOMS:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, root / name, ignore=ignored)
        else:
            shutil.copy(source, root / name)
    (root / "ingestors/platforms/guestbook.py").write_text(_block("python", "## 1."))
    (tmp_path / "shared").symlink_to(SHARED.resolve())
    payloads = root / "tests/payloads/guestbook"
    payloads.mkdir(parents=True)
    (payloads / "posts.jsonl").write_text(_block("json", "## 2."))
    return root


@pytest.fixture
async def guestbook() -> AsyncIterator[str]:
    async def posts(request: web.Request) -> web.Response:
        after = int(request.query["after"])
        found = [post for post in POSTS if int(str(post["id"])) > after]
        return web.json_response({"posts": found[:10], "more": len(found) > 10})

    app = web.Application()
    app.router.add_get("/posts", posts)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_one_file_and_its_payloads_are_a_platform(
    copy: Path, guestbook: str, lake_of_test: LakeOfTest, store: Store
) -> None:
    config = lake_of_test.config_file(platforms={"guestbook": {"base": guestbook}})
    secret = {"TAGLAKE_TEST_PASSWORD": lake_of_test.access.password or ""}
    taglake = CommandLine(config, copy, secret | {"PYTHONPATH": str(copy)})

    known = await taglake("platforms", "--json")
    tried = await taglake("platforms", "check", "guestbook")
    target = ("--target", "guestbook:hashtag:spring")
    first = await taglake("ingest", "--once", *target, "--json")
    second = await taglake("ingest", "--once", *target, "--json")

    assert "guestbook" in [entry["name"] for entry in known.json()], known.err
    assert (tried.status, tried.out) == (0, "guestbook: the guestbook answers\n"), tried.err
    assert first.json()["runs"][0]["created"] == 25
    assert second.json()["runs"][0]["created"] == 0
    answer = await store.search(store.layout.every("posts"), {"size": 0, "track_total_hits": True})
    assert answer["hits"]["total"]["value"] == 25


def test_its_payloads_are_under_contract(copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/contract", "-k", "guestbook", "-p",
         "no:cacheprovider"],
        cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-2000:]
    assert " passed" in done.stdout


def test_a_platform_that_lets_an_error_out_breaks_the_contract(copy: Path) -> None:
    file = copy / "ingestors/platforms/guestbook.py"
    careless = file.read_text().replace('moment(body.get("at"))', 'moment(body["at"])')
    file.write_text(careless)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/contract", "-k", "guestbook", "-p",
         "no:cacheprovider"],
        cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "KeyError" in done.stdout


def test_the_pages_payloads_are_json() -> None:
    lines = _block("json", "## 2.").splitlines()

    assert {json.loads(line)["kind"] for line in lines} == {"post"}
