"""Files of every form imported by the command line, exported again, and read back elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.archive_files import FILES
from tests.lakes import CommandLine, LakeOfTest

CREATE = ("campaign", "create", "--name", "One", "--hashtag", "one")
PERIOD = ("--from", "2023-01-01", "--to", "2025-01-01")
KEPT = ("id", "kind", "platform", "text", "hashtags", "mentions", "media", "author", "metrics")
SAME = (*KEPT, "created_at", "observed_at", "url", "reply_to")


def files(folder: Path, names: list[str]) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(FILES[name][1])
    return [folder / name for name in names]


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_everything_goes_in_and_an_export_of_it_goes_in_again(
    taglake: CommandLine, lake_of_test: LakeOfTest, tmp_path: Path, form: str
) -> None:
    names = [name for name, (kind, _) in FILES.items() if kind not in ("table", "taglake")]
    export = tmp_path / f"posts.{form}"

    first = await taglake("import", *files(tmp_path, names), "--json")
    await taglake(*CREATE, *PERIOD)
    before = (await taglake("campaign", "export", "one", "--format", "json")).json()
    await taglake("campaign", "export", "one", "--format", form, "--output", export)
    lake_of_test.config_file(elasticsearch={"index_prefix": f"{lake_of_test.prefix}again-"})
    second = await taglake("import", export, "--json")
    await taglake(*CREATE, *PERIOD)
    after = (await taglake("campaign", "export", "one", "--format", "json")).json()

    assert first.status == second.status == 0, first.err + second.err
    done = first.json()["files"]
    assert all(one["dead_letters"] + one["rejected"] == 0 for one in done), done
    assert sum(one["created"] for one in done) == len(before) > 60
    [again] = second.json()["files"]
    assert (again["created"], again["rejected"], again["dead_letters"]) == (len(before), 0, 0)
    assert [shown(post) for post in after] == [shown(post) for post in before]


def shown(post: dict[str, object]) -> str:
    return json.dumps({name: post[name] for name in SAME}, sort_keys=True)
