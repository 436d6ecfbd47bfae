"""The command line on platforms: what they can do, what a campaign costs, when it was watched."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestors.about import CAPABILITIES
from tests.conftest import ROOT
from tests.fakes.mastodon import run_mastodon
from tests.fakes.x import TOKEN, FakeX, run_x
from tests.lakes import CommandLine, LakeOfTest

EVERY = {
    *("bluesky", "instagram", "mastodon", "reddit"),
    *("threads", "tiktok", "x", "youtube"),
}


def _taglake(folder: Path, **platforms: dict[str, Any]) -> CommandLine:
    """The command line with these platforms, and no lake."""
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({"platforms": platforms}))
    return CommandLine(path, ROOT)


async def test_the_table_of_platforms_is_complete_without_any_credentials(tmp_path: Path) -> None:
    taglake = _taglake(tmp_path, mastodon={})

    found = await taglake("platforms", "--json")
    shown = await taglake("platforms")

    entries = {entry["name"]: entry for entry in found.json()}
    assert entries.keys() == EVERY
    for entry in entries.values():
        assert set(entry["capabilities"]) <= set(CAPABILITIES)
        assert "posts" in entry["capabilities"]
        assert all(key["page"].startswith("https://") for key in entry["keys"])
        assert all(limit["calls"] > 0 and limit["source"] for limit in entry["limits"])
    assert [name for name, entry in entries.items() if entry["configured"]] == ["mastodon"]
    assert {key["option"] for key in entries["x"]["keys"] if key["required"]} == {"bearer_token"}
    assert entries["x"]["price"]["per_post_usd"] == 0.005
    assert entries["tiktok"]["off_because"]
    assert all(name in shown.out for name in EVERY)
    assert (found.status, shown.status) == (0, 0)


async def test_credentials_are_tried_with_one_call(tmp_path: Path) -> None:
    async with run_mastodon() as mastodon, run_x() as x:
        taglake = _taglake(
            tmp_path,
            mastodon={"instances": [mastodon.base]},
            x={"base": x.base, "bearer_token": TOKEN},
        )
        open_one = await taglake("platforms", "check", "mastodon")
        paid = await taglake("platforms", "check", "x", "--json")
        calls = _calls(x)

    assert open_one.status == 0, open_one.err
    assert open_one.out.startswith("mastodon: ")
    assert paid.json()["name"] == "x"
    assert len(calls) == 1


def _calls(fake: FakeX) -> list[Any]:
    return list(fake.calls)


@pytest.mark.parametrize(
    ("name", "section", "status", "said"),
    [
        ("x", {"bearer_token": "wrong"}, 1, "bearer_token"),
        ("youtube", None, 2, "platforms.youtube: is not in config.yaml"),
        ("myspace", None, 2, "there is no such platform"),
    ],
)
async def test_what_does_not_work_is_said_in_a_line(
    tmp_path: Path, name: str, section: dict[str, Any] | None, status: int, said: str
) -> None:
    async with run_x() as x:
        platforms = {} if section is None else {name: {"base": x.base} | section}
        done = await _taglake(tmp_path, mastodon={}, **platforms)("platforms", "check", name)

    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert "Traceback" not in done.err


async def test_a_campaign_is_planned_polled_and_its_coverage_told(
    lake_of_test: LakeOfTest, taglake: CommandLine
) -> None:
    year = datetime.now(UTC).year
    async with run_mastodon() as fake:
        fake.add(3)
        x = {"bearer_token": "not-used-by-a-plan"}
        lake_of_test.config_file(platforms={"mastodon": {"instances": [fake.base]}, "x": x})
        window = ("--from", f"{year}-01-01", "--to", f"{year + 2}-01-01")
        await taglake("campaign", "create", "--name", "v", "--hashtag", "vans", *window)
        plan = await taglake("plan", "v", "--posts-per-day", "1000", "--json")
        shown = await taglake("plan", "v")
        endless = await taglake("plan", "v", "--posts-per-day", "inf")
        before = await taglake("coverage", "v")
        for _ in range(2):
            await taglake("ingest", "--once", "--target", "mastodon:hashtag:vans")
        after = await taglake("coverage", "v", "--json")
        strip = await taglake("coverage", "v")

    platforms = {one["platform"]: one for one in plan.json()["platforms"]}
    assert platforms["x"]["cost_per_day_usd"] > 1_000 * 0.005
    assert platforms["mastodon"]["cost_per_day_usd"] is None
    assert "warning: x: posts are paid" in shown.out
    assert (endless.status, endless.out) == (2, "")
    assert "--posts-per-day inf" in endless.err
    assert all(one["from"].endswith("Z") for one in plan.json()["past"])
    assert "nothing was polled" in before.out
    [row] = after.json()["targets"]
    assert (row["platform"], row["hashtag"]) == ("mastodon", "vans")
    assert 0 < row["coverage"] < 1
    assert row["gaps"][0]["reason"] == "not_polled"
    assert "░" in strip.out
    assert [done.status for done in (plan, shown, before, after, strip)] == [0] * 5


async def test_every_wrong_section_is_told_before_anything_is_polled(
    lake_of_test: LakeOfTest, taglake: CommandLine
) -> None:
    wrong = {"mastodon": {"instances": ["ftp://x"]}, "youtube": {"key": 5, "foo": 1}}
    lake_of_test.config_file(platforms=wrong)

    done = await taglake("ingest")

    assert (done.status, done.out) == (2, "")
    for said in (
        "platforms.mastodon: instances",
        "platforms.youtube: key",
        "platforms.youtube: foo",
    ):
        assert said in done.err
