"""The command line as people use it: answers, mistakes, and what they cost."""

from __future__ import annotations

import csv
import io
import json
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.lakes import CommandLine, LakeOfTest

CREATE = ("campaign", "create", "--name", "Spring", "--from", "2026-03-01", "--to", "2026-04-01")
TWEET = {
    "user_id": "1",
    "status_id": "10",
    "created_at": "2026-03-05T00:00:00Z",
    "screen_name": "=cmd()",
    "text": "=1+1 #spring",
    "favorite_count": 3,
    "retweet_count": 1,
    "hashtags": ["Spring"],
    "followers_count": 5,
}


def _archive(tmp_path: Path, lines: list[str]) -> Path:
    path = tmp_path / "tweets.jsonl"
    path.write_text("\n".join(lines))
    return path


async def test_a_campaign_from_its_registration_to_its_export(
    taglake: CommandLine, tmp_path: Path
) -> None:
    made = await taglake(
        *CREATE, "--hashtag", "#SPRING", "--competitor", "Rival:rival,r2", "--json"
    )
    await taglake("import", _archive(tmp_path, [json.dumps(TWEET)]))
    await taglake("enrich", "--once")

    campaign = made.json()
    assert {row["platform"] for row in campaign.pop("availability")} == {"mastodon"}
    assert (campaign["id"], campaign["hashtags"]) == ("spring", ["spring"])
    rival = {"name": "Rival", "hashtags": ["rival", "r2"], "keywords": []}
    assert campaign["competitors"] == [rival]
    listed = await taglake("campaign", "list", "--json")
    assert [one["id"] for one in listed.json()["campaigns"]] == ["spring"]
    assert (await taglake("campaign", "show", "spring", "--json")).json() == campaign
    exported = await taglake("campaign", "export", "spring", "--format", "csv")
    [row] = csv.DictReader(io.StringIO(exported.out))
    assert (row["text"], row["author_handle"], row["likes"]) == ("'=1+1 #spring", "'=cmd()", "3")
    as_json = (await taglake("campaign", "export", "spring", "--format", "json")).json()
    assert as_json[0]["text"] == "=1+1 #spring"
    for question in ("summary", "timeline", "influencers", "share-of-voice", "sentiment"):
        table = await taglake("campaign", question, "spring")
        assert table.status == 0, table.err
        assert "=cmd()" in table.out or question != "influencers"
        assert (await taglake("campaign", question, "spring", "--json")).json()["campaign"]
    assert (await taglake("campaign", "delete", "spring")).status == 0
    assert (await taglake("campaign", "show", "spring")).status == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*CREATE, "--hashtag", " # "), "is no hashtag"),
        (CREATE, "hashtags: must name at least one hashtag"),
        (("campaign", "summary", "nope"), "there is no campaign 'nope'"),
        (("campaign", "create", "--name", "x", "--hashtag", "a", "--from", "2026-02-02", "--to",
          "2026-02-01"), "must be before the end"),
        (("import", "README.md"), "not an archive that Taglake knows"),
        (("import", "/nope/tweets.jsonl"), "there is no such file"),
        (("ingest", "--once", "--target", "x"), "write PLATFORM:KIND:VALUE"),
        (("api", "--host", "0.0.0.0", "--port", "0"), "not a loopback address"),
        (("frobnicate",), "No such command"),
    ],
)  # fmt: skip
async def test_a_mistake_is_one_clear_line_and_status_2(
    taglake: CommandLine, arguments: tuple[str, ...], says: str
) -> None:
    answer = await taglake(*arguments)

    assert answer.status == 2
    assert says in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""


async def test_mistakes_in_the_configuration_are_told_before_anything_is_done(
    lake_of_test: LakeOfTest, taglake: CommandLine
) -> None:
    lake_of_test.config_file(api={"prot": 1}, platforms={"mastodon": {"instances": ["x"]}})
    unknown_key = await taglake("campaign", "list")
    lake_of_test.config_file(elasticsearch={"password": "${NOT_THERE_AT_ALL}"})
    no_secret = await taglake("campaign", "list")
    lake_of_test.config_file(platforms={"mastodn": {}})
    no_platform = await taglake("ingest", "--once")

    assert (unknown_key.status, no_secret.status, no_platform.status) == (2, 2, 2)
    assert "api.prot: unknown key" in unknown_key.err
    assert "NOT_THERE_AT_ALL is not set" in no_secret.err
    assert "platforms.mastodn: there is no such platform" in no_platform.err


async def test_a_taken_port_is_named(taglake: CommandLine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        answer = await taglake("api", "--port", str(port))

    assert answer.status == 2
    assert f"api.port: {port} is taken by another program" in answer.err


async def test_a_bad_line_stops_no_file_and_is_kept_with_its_number(
    taglake: CommandLine, tmp_path: Path
) -> None:
    lines = [json.dumps(TWEET), '{"half": ', json.dumps(TWEET | {"status_id": "11"}), "[1]"]
    path = _archive(tmp_path, lines)

    done = await taglake("import", path, "--json")
    letters = await taglake("deadletter", "list", "--json")
    replayed = await taglake("deadletter", "replay", "--json")

    assert done.json()["files"][0]["created"] == 2
    assert done.json()["files"][0]["dead_letters"] == 2
    places = [letter["place"] for letter in letters.json()["dead_letters"]]
    assert places == ["tweets.jsonl:2", "tweets.jsonl:4"]
    assert replayed.json() == {"replayed": 0, "failed": 2}


async def test_a_dry_run_shows_posts_and_writes_nothing(
    taglake: CommandLine, tmp_path: Path
) -> None:
    path = _archive(tmp_path, [json.dumps(TWEET | {"status_id": str(n)}) for n in range(9)])

    shown = await taglake("import", "--dry-run", "-n", "3", path)
    campaign = await taglake(*CREATE, "--hashtag", "spring")
    summary = await taglake("campaign", "summary", campaign.out.strip(), "--json")

    posts = [json.loads(line) for line in shown.out.splitlines()]
    assert [post["native_id"] for post in posts] == ["0", "1", "2"]
    assert summary.json()["metrics"]["posts"]["value"] == 0


@pytest.mark.parametrize(
    "command",
    [
        (), ("demo",), ("up",), ("campaign",), ("campaign", "create"), ("campaign", "export"),
        ("import",), ("ingest",), ("enrich",), ("api",), ("deadletter",), ("node",), ("doctor",),
        ("label",), ("model",), ("model", "train"),
    ],
)  # fmt: skip
async def test_help_has_examples(taglake: CommandLine, command: tuple[str, ...]) -> None:
    answer = await taglake(*command, "--help")

    assert answer.status == 0
    assert "Usage: taglake" in answer.out
    assert "Examples:" in answer.out or command == ("campaign", "create")


def test_sigterm_ends_what_a_script_started_in_the_background() -> None:
    code = (
        "import signal; from taglake.__main__ import run; "
        "run(['--version']); signal.raise_signal(signal.SIGTERM)"
    )
    script = f"trap '' INT; exec {shlex.join([sys.executable, '-c', code])}"  # as & does

    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True)

    assert done.stderr.strip().endswith("KeyboardInterrupt")
