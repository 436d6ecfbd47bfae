"""From a key that a platform renamed to numbers that are right again, and through the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingestors.platforms import mastodon
from ingestors.platforms.mastodon import connect
from ingestors.poll import poll
from lake.store import Store
from tests.fakes.mastodon import FakeMastodon, run_mastodon
from tests.fakes.mastodon_poll import VANS, options
from tests.fakes.remapped import AT, DAY, body, lake, run, saw, without
from tests.fakes.renaming import Repaired, rename
from tests.lakes import CommandLine

TWEET = {
    "user_id": "1",
    "status_id": "10",
    "created_at": "2026-03-05T00:00:00Z",
    "screen_name": "ann",
    "text": "no tag here",
    "favorite_count": 3,
    "hashtags": ["Spring"],
}


async def _poll_renamed(store: Store, old: str, new: str) -> Any:
    async with run_mastodon() as fake:
        await _poll(fake, store)
        fake.add(30, favourites_count=2)
        await _poll(fake, store)
        rename(fake, fake.add(3, favourites_count=7), old, new)
        return await _poll(fake, store)


async def _poll(fake: FakeMastodon, store: Store) -> Any:
    async with connect(options(fake)) as platform:
        return await poll(platform, VANS, store)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("favourites_count", "favourites_total", "metrics.likes"),
        ("content", "body", "text"),
    ],
)
async def test_a_renamed_key_is_found_and_repaired(
    store: Store, monkeypatch: pytest.MonkeyPatch, old: str, new: str, field: str
) -> None:
    met = await _poll_renamed(store, old, new)
    raw = await lake(store, "raw")

    assert met.drift > 0
    assert len([one for one in raw if new in one["payload"]]) == 3
    assert (await run(store)).changes == 0  # the mapper is not repaired yet
    monkeypatch.setattr(mastodon, "normalise", Repaired(**{old: new}))
    shown = await run(store)
    assert shown.posts.fields[field].changed == 3
    await run(store, apply=True)

    posts = await lake(store, "posts")
    assert sorted(post["metrics"].get("likes") for post in posts) == [2] * 30 + [7] * 3
    assert all(post["text"] for post in posts)
    seen = [m for m in await lake(store, "metrics") if m["entity"]["type"] == "post"]
    assert sorted(m["metrics"]["likes"] for m in seen) == [2] * 30 + [7] * 3
    assert (await run(store, apply=True)).changes == 0


async def test_payloads_that_were_unusable_are_posts_after_the_repair(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = await _poll_renamed(store, "created_at", "posted_at")
    assert met.dead_letters == 3

    unrepaired = await run(store, apply=True)
    monkeypatch.setattr(mastodon, "normalise", Repaired(created_at="posted_at"))
    shown = await run(store)
    done = await run(store, apply=True)

    assert (unrepaired.letters, unrepaired.usable) == (3, 0)
    assert (shown.letters, shown.usable, done.usable) == (3, 3, 3)
    assert len(await lake(store, "posts")) == 33
    assert (await run(store, apply=True)).changes == 0


async def test_the_command_shows_the_diff_and_then_applies_it(
    store: Store, taglake: CommandLine
) -> None:
    await saw(store, body(1, favourites_count=4), broken=without("likes"))
    asked = ("remap", "--platform", "mastodon", "--since", "2026-01-01")

    shown = await taglake(*asked)
    as_json = (await taglake(*asked, "--json")).json()
    done = await taglake(*asked, "--apply")
    again = await taglake(*asked, "--apply")

    assert "1 of 1 posts change" in shown.out
    assert "– → 4" in shown.out
    assert "with --apply" in shown.out
    assert as_json["posts"]["fields"]["metrics.likes"]["known_after"] == 1
    assert (as_json["applied"], as_json["changes"]) == (False, 2)
    assert (done.status, "nothing to change" in done.out) == (0, False)
    assert "nothing to change" in again.out
    [post] = await lake(store, "posts")
    assert post["metrics"]["likes"] == 4
    for wrong in (("--since", "soon"), ("--since", "2026-02-01", "--until", "2026-01-01")):
        refused = await taglake("remap", "--platform", "mastodon", *wrong)
        assert (refused.status, wrong[-2] in refused.err) == (2, True)


async def test_imported_payloads_are_mapped_as_their_import_said(
    store: Store, taglake: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "tweets.jsonl"
    path.write_text(json.dumps(TWEET))
    await taglake("import", path, "--hashtag", "given", "--observed-at", "2026-04-01")
    await store.client.update(
        index=store.layout.posts(AT), id="x:10", doc={"metrics": {"likes": 1}, "hashtags": ["x"]}
    )

    asked = ("remap", "--since", "2026-01-01", "--json", "--platform")
    report = (await taglake(*asked, "archive", "--apply")).json()

    assert report["posts"]["changed"] == 1
    [post] = await lake(store, "posts")
    assert post["hashtags"] == ["spring", "given"]
    assert post["metrics"]["likes"] == 3
    again = await taglake(*asked, "x")
    assert again.json()["changes"] == 0


async def test_a_remap_that_was_cut_off_is_finished_by_the_next(store: Store) -> None:
    """As after a kill between a post and its observations: what is left is still found."""
    await saw(store, body(1, favourites_count=4), broken=without("likes"))
    await saw(store, body(1, favourites_count=6), at=AT + DAY, broken=without("likes"))
    await store.client.update(
        index=store.layout.posts(AT),
        id=f"mastodon:{body(1)['uri']}",
        doc={"metrics": {"likes": 6}, "engagement": {"value": 8}},
    )

    report = await run(store, apply=True)

    assert (report.observations.changed, report.observations.created) == (1, 1)
    assert sorted(one["metrics"]["likes"] for one in await lake(store, "metrics")) == [4, 6]
    assert (await run(store, apply=True)).changes == 0


async def _repaired(store: Store, kind: str) -> int:
    await store.refresh()
    body = {"size": 0, "track_total_hits": True, "query": {"exists": {"field": "metrics.likes"}}}
    answer = await store.search(store.layout.every(kind), body)
    return int(answer["hits"]["total"]["value"])


async def test_a_remap_that_is_killed_is_finished_by_running_it_again(
    store: Store, taglake: CommandLine
) -> None:
    for first in range(0, 900, 300):
        bodies = [body(number, favourites_count=number) for number in range(first, first + 300)]
        await saw(store, *bodies, broken=without("likes"))
    asked = ("remap", "--platform", "mastodon", "--since", "2026-01-01", "--apply")
    process = await taglake.start(*asked)
    while not await _repaired(store, "posts") and process.returncode is None:
        pass  # looking is waiting enough
    if process.returncode is None:
        process.kill()
    await process.communicate()

    again = await taglake(*asked)

    assert again.status == 0
    assert [await _repaired(store, kind) for kind in ("posts", "metrics")] == [900, 900]
    assert "nothing to change" in (await taglake(*asked)).out
