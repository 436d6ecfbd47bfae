"""``taglake enrich``: how far it is, the history scored again, and clear refusals."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from enrichment.vader import vader_name
from lake.enrich_status import enrich_status
from lake.rescoring import Rescoring
from lake.store import Store
from tests.conftest import ROOT
from tests.fakes.scoring import Steered, a_post, a_worker, kept, score_of, seed
from tests.lakes import CommandLine, LakeOfTest

_LONG_ENOUGH_S = 300


@pytest.fixture
def taglake(lake_of_test: LakeOfTest) -> CommandLine:
    """The command line with VADER for a model: it needs no file."""
    config = lake_of_test.config_file(enrichment={"model": "vader", "interval_s": 0.2})
    return CommandLine(config, ROOT, {"TAGLAKE_TEST_PASSWORD": lake_of_test.access.password or ""})


def _models(posts: dict[str, dict[str, Any]]) -> list[str]:
    return [posts[number]["sentiment"]["model"] for number in sorted(posts, key=int)]


async def test_status_tells_backlog_rate_failures_and_what_is_left(
    taglake: CommandLine, store: Store
) -> None:
    empty = await enrich_status(store)
    await seed(store, [a_post(n, "poison" if n < 3 else f"text {n}") for n in range(10)])
    await a_worker(store, Steered()).drain()
    await seed(store, [a_post(n) for n in range(10, 15)])
    await seed(store, [a_post(15)], enrich={"state": "stale"})

    table = await taglake("enrich", "status")
    told = (await taglake("enrich", "status", "--json")).json()

    assert (empty["waiting"]["posts"], empty["rate_per_s"], empty["left_s"]) == (0, None, None)
    waiting = told["waiting"]
    assert (waiting["posts"], waiting["pending"], waiting["stale"]) == (6, 5, 1)
    assert waiting["longest_s"] > 0
    assert waiting["new_longest_s"] is None  # they were seen long ago
    assert told["failed"] == {"posts": 3, "reasons": {"a poison text": 3}}
    assert told["scored"] == {"posts": 7, "by_model": {"steered": 7}}
    assert told["rescoring"] is None
    assert table.status == 0
    for word in ("waiting", "6 posts", "time left", "a poison text", "by steered"):
        assert word in table.out


async def test_a_model_that_cannot_be_loaded_is_told_before_anything_waits_for_it(
    lake_of_test: LakeOfTest, store: Store
) -> None:
    config = lake_of_test.config_file(enrichment={"model": "no-such-model"})
    password = {"TAGLAKE_TEST_PASSWORD": lake_of_test.access.password or ""}
    taglake = CommandLine(config, ROOT, password)

    idle = await taglake("enrich", "--once", "--json")
    plain = await taglake("enrich", "--once")
    await seed(store, [a_post(1)])
    needed = await taglake("enrich", "--once", "--json")

    assert idle.status == plain.status == 0
    told = idle.json()
    assert (told["posts"], told["failed"]) == (0, 0)
    assert "no-such-model" in told["model_problem"]
    assert "model cannot be loaded" in idle.err
    assert "nothing waits; the model cannot be loaded" in plain.out
    assert needed.status != 0
    assert "no-such-model" in needed.err


async def test_a_rate_is_told_while_scores_are_fresh(store: Store) -> None:
    await seed(store, [a_post(n, f"text {n}") for n in range(30)])
    await a_worker(store, Steered()).drain()
    await seed(store, [a_post(n) for n in range(30, 40)])

    told = await enrich_status(store)

    if told["rate_per_s"] is not None:  # on a very slow machine the minute is over
        assert 0 < told["rate_per_s"] <= 30
        assert told["left_s"] == pytest.approx(10 / told["rate_per_s"], rel=0.1, abs=0.1)
    assert told["waiting"]["posts"] == 10


async def test_the_history_is_scored_again_and_once(taglake: CommandLine, store: Store) -> None:
    await seed(store, [a_post(n, f"I love it {n}") for n in range(6)], **score_of("old-1"))

    first = await taglake("enrich", "--rescore", "--since", "2026-01-01", "--json")
    again = await taglake("enrich", "--rescore", "--since", "2026-01-01", "--json")

    assert (first.status, first.json()) == (0, {"posts": 3, "failed": 0}), first.err
    assert again.json() == {"posts": 0, "failed": 0}
    posts = await kept(store)
    assert _models(posts) == ["old-1", vader_name()] * 3
    assert posts["1"]["sentiment"]["label"] == "positive"
    assert first.err == ""  # no bar where nobody looks


async def test_running_workers_score_the_history_when_asked(
    taglake: CommandLine, store: Store
) -> None:
    await seed(store, [a_post(n, f"I love it {n}") for n in range(6)], **score_of("old-1"))

    asked = await taglake(
        "enrich", "--rescore", "--since", "2025-01-01", "--platform", "x", "--detach"
    )
    told = (await taglake("enrich", "status", "--json")).json()["rescoring"]
    worker = await taglake.start("enrich")
    async with asyncio.timeout(_LONG_ENOUGH_S):
        while await Rescoring(store.client, store.layout).wanted() is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    worker.terminate()
    await worker.communicate()

    assert (asked.status, asked.out.partition(" ")[0]) == (0, "6"), asked.err
    assert (told["model"], told["posts_left"], told["platform"]) == (vader_name(), 6, "x")
    assert told["served"] is False
    assert _models(await kept(store)) == [vader_name()] * 6


async def test_a_request_can_be_taken_back(taglake: CommandLine, store: Store) -> None:
    await taglake("enrich", "--rescore", "--since", "2025-01-01", "--detach")

    back = await taglake("enrich", "--rescore", "--cancel")
    again = await taglake("enrich", "--rescore", "--cancel")

    assert back.out.startswith("taken back")
    assert again.out == "nothing was asked for\n"
    assert await Rescoring(store.client, store.layout).wanted() is None


async def test_what_failed_is_tried_again_only_when_asked(
    taglake: CommandLine, store: Store
) -> None:
    failed = {"state": "failed", "reason": "it could not"}
    await seed(store, [a_post(1), a_post(2)], enrich=failed)

    without = await taglake("enrich", "--once", "--json")
    asked = await taglake("enrich", "--once", "--retry-failed", "--json")

    assert without.json() == {"posts": 0, "failed": 0}
    assert asked.json() == {"posts": 2, "failed": 0}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rescore",), "--since 2026-01-01"),
        (("--rescore", "--since", "yesterday"), "not an ISO 8601 time"),
        (("--rescore", "--since", "2026-02-01", "--until", "2026-01-01"), "after --since"),
        (("--rescore", "--since", "2026-02-01", "--detach", "--model", "vader"), "leave out"),
        (("--since", "2026-02-01"), "goes with --rescore"),
        (("--detach",), "goes with --rescore"),
        (("--rescore", "--since", "2026-02-01", "--retry-failed"), "does not go with"),
    ],
)
async def test_options_that_mean_nothing_are_refused(arguments: tuple[str, ...], said: str) -> None:
    refused = await CommandLine(ROOT / "config.yaml", ROOT)("enrich", *arguments)

    assert refused.status == 2
    assert said in refused.err
    assert len(refused.err.splitlines()) == 1
