"""The schedule over time: restarts, intervals, refusals, gaps, the past, and slow neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestors.about import About
from ingestors.platform import Target
from ingestors.platforms import mastodon
from ingestors.run import Run
from ingestors.schedule import Schedule
from lake import times
from lake.campaign import checked_spec
from lake.config import IngestConfig
from lake.store import Store
from tests.fakes.mastodon import START_MS, FakeMastodon, refusing, run_mastodon, silent
from tests.fakes.mastodon_poll import options

ABOUT = mastodon.about(None)
NO_PAST = About("Nothing", {"posts": "what is new"})


@pytest.fixture
async def fake() -> AsyncIterator[FakeMastodon]:
    async with run_mastodon() as server:
        yield server


def settings(**changes: Any) -> IngestConfig:
    return IngestConfig.model_validate({"interval_s": 1, "sync_s": 0.1} | changes)


async def register(store: Store, *tags: str, **changes: Any) -> str:
    year = datetime.now(UTC).year
    body = {"name": tags[0], "hashtags": list(tags), "from": f"{year}-01-01", "to": f"{year + 2}"}
    spec = checked_spec(body | {"to": f"{year + 2}-01-01"} | changes)
    return (await store.campaigns.create(spec)).id


async def runs(store: Store, kind: str = "hashtag") -> list[dict[str, Any]]:
    await store.refresh()
    body = {"size": 500, "sort": ["@timestamp"], "query": {"term": {"kind": kind}}}
    answer = await store.search(store.layout.every("runs"), body)
    return [hit["_source"] for hit in answer["hits"]["hits"]]


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Waits for as long as a slow machine may need."""
    for _ in range(600):
        if await holds():
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{what} did not happen within a minute")


async def until_runs(store: Store, count: int, **having: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def enough() -> bool:
        nonlocal found
        found = [run for run in await runs(store) if having.items() <= run.items()]
        return len(found) >= count

    await until(enough, f"{count} runs")
    return found


async def test_a_hashtag_of_many_campaigns_is_one_job(fake: FakeMastodon, store: Store) -> None:
    for name in ("one", "two", "three"):
        await register(store, "vans", name=name)
    async with (
        mastodon.connect(options(fake)) as platform,
        Schedule(store, {"mastodon": platform}, settings(interval_s=300)) as schedule,
    ):
        await until_runs(store, 1)
        await schedule.sync()

        found = await runs(store)

    assert [run["target"] for run in found] == ["mastodon:hashtag:vans"]
    assert (found[0]["interval_s"], found[0]["calls"]) == (300, len(fake.paths))


async def test_a_restart_polls_when_the_next_poll_is_due_and_not_before(
    fake: FakeMastodon, store: Store
) -> None:
    await register(store, "vans")
    async with mastodon.connect(options(fake)) as platform:
        async with Schedule(store, {"mastodon": platform}, settings(interval_s=300)):
            await until_runs(store, 1)
        # The campaign is polled again only when another one, that is due at once, was.
        await register(store, "other")
        async with Schedule(store, {"mastodon": platform}, settings(interval_s=300)):
            await until_runs(store, 1, value="other")
            found = await runs(store)

    assert sorted(run["value"] for run in found) == ["other", "vans"]


async def test_a_poll_of_tomorrow_does_not_put_off_the_next_one(
    fake: FakeMastodon, store: Store
) -> None:
    await register(store, "vans")
    async with mastodon.connect(options(fake)) as platform:
        wrong_clock = Run(Target("mastodon", "hashtag", "vans"), times.now() + timedelta(days=300))
        entry = wrong_clock.document(store.layout, wrong_clock.started_at)
        await (await store.writer.submit([entry])).done()
        await store.refresh()
        async with Schedule(store, {"mastodon": platform}, settings()):
            found = await until_runs(store, 2)

    assert found[0]["@timestamp"] < found[-1]["@timestamp"]


async def test_a_poll_that_was_missed_is_caught_up_once_and_is_a_gap(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(1)
    await register(store, "vans")
    async with mastodon.connect(options(fake)) as platform:
        async with Schedule(store, {"mastodon": platform}, settings(max_interval_s=1)):
            await until_runs(store, 2)
        [*_, last] = await runs(store)
        await asyncio.sleep(4)  # four polls are missed
        fake.add(3)
        slow = settings(interval_s=60)
        async with Schedule(store, {"mastodon": platform}, slow):
            [run] = [run for run in await until_runs(store, 3) if run["created"] == 3]

    started = times.from_text(last["@timestamp"])
    assert run["gap"]["reason"] == "overdue"
    assert run["gap"]["recovered"] is True
    gap_start = times.from_text(run["gap"]["start"])
    assert gap_start - started == timedelta(seconds=run["interval_s"])
    assert run["gap"]["end"] == run["@timestamp"]
    assert run["covered"] == {"start": last["@timestamp"], "end": run["@timestamp"]}


async def test_the_interval_follows_the_velocity(fake: FakeMastodon, store: Store) -> None:
    await register(store, "vans")
    quiet = settings(interval_s=1, max_interval_s=600)
    async with (
        mastodon.connect(options(fake)) as platform,
        Schedule(store, {"mastodon": platform}, quiet),
    ):
        found = await until_runs(store, 3)

    intervals = [run["interval_s"] for run in found]
    assert intervals == sorted(intervals)
    assert intervals[-1] > intervals[0] == 1
    assert found[-1]["new_posts_per_h"] == 0


async def test_a_refusal_is_a_gap_and_the_platform_is_asked_again_later(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(2)
    await register(store, "vans")
    often = settings(max_interval_s=1, blocked_s=1)
    async with (
        mastodon.connect(options(fake)) as platform,
        Schedule(store, {"mastodon": platform}, often),
    ):
        await until_runs(store, 1)
        fake.faults.append(refusing(403))
        fake.add(2)
        found = await until_runs(store, 4)

    refused = next(n for n, run in enumerate(found) if "error" in run)
    again = next(run for run in found[refused:] if "error" not in run)
    assert found[refused]["error"]["class"] == "BlockedError"
    assert found[refused]["gap"]["reason"] == again["gap"]["reason"] == "blocked"
    assert again["gap"]["start"] == found[refused - 1]["@timestamp"]
    assert again["gap"]["recovered"] is True
    assert sum(run["created"] for run in found) == 4


async def test_the_past_is_collected_where_it_is_offered_and_said_to_be_missing_where_not(
    fake: FakeMastodon, store: Store
) -> None:
    fake.add(130)  # a second apart, in the past
    born = datetime.fromtimestamp(START_MS / 1000, UTC)
    baseline = times.to_text(born + timedelta(seconds=10))
    start = times.to_text(born + timedelta(days=60))
    await register(store, "vans", baseline=baseline, **{"from": start})
    abouts = {"mastodon": ABOUT, "other": NO_PAST}
    async with (
        mastodon.connect(options(fake, first_poll_pages=1)) as platform,
        Schedule(
            store, {"mastodon": platform, "other": platform}, settings(interval_s=300), abouts
        ),
    ):
        done = [run for run in await until_runs(store, 4) if run.get("window")]

        async def walked() -> bool:
            nonlocal done
            done = [run for run in await runs(store) if run.get("window")]
            return any("covered" in run for run in done)

        await until(walked, "the walk through the past")

    collected = next(run for run in done if "covered" in run)
    missing = next(run for run in done if run.get("error", {}).get("class") == "NoHistory")
    assert collected["covered"]["start"] == collected["window"]["start"] == baseline
    assert missing["window"] == collected["window"]
    assert "Nothing offers no posts of the past" in missing["error"]["message"]
    await store.refresh()
    query = {"range": {"@timestamp": {"gte": baseline}}}
    count = await store.client.count(index=store.layout.every("posts"), query=query)
    assert count["count"] == 120


async def test_a_platform_that_does_not_answer_delays_no_other(store: Store) -> None:
    await register(store, "vans")
    async with run_mastodon() as slow, run_mastodon() as fast:
        slow.faults.extend([silent] * 50)
        async with (
            mastodon.connect(options(slow, timeout_s=30)) as first,
            mastodon.connect(options(fast)) as second,
            Schedule(store, {"slow": first, "fast": second}, settings(max_interval_s=1)),
        ):
            found = await until_runs(store, 3, platform="fast")
            slow_ones = await until_runs(store, 0, platform="slow")

    assert slow_ones == []
    assert all(run["late_s"] < 20 for run in found)


async def test_a_poll_by_hand_keeps_its_limits_for_the_next_process(
    fake: FakeMastodon, store: Store
) -> None:
    async with mastodon.connect(options(fake)) as platform:
        schedule = Schedule(store, {"mastodon": platform}, settings())
        await schedule.poll(Target("mastodon", "hashtag", "vans"))
        await store.limits.save("mastodon", platform.limits, last=True)
        known = platform.limits.state()
    async with mastodon.connect(options(fake)) as again:
        await store.limits.load("mastodon", again.limits)

        assert known
        assert again.limits.state() == known
