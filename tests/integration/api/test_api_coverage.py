"""When a campaign was watched, as the API tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from lake import times
from lake.store import Store
from tests.fakes.campaign_posts import END, START
from tests.fakes.running_api import Api

HOUR = timedelta(hours=1)


async def _run(
    store: Store, platform: str, tag: str, start: datetime, end: datetime, **more: Any
) -> None:
    source: dict[str, Any] = {
        "@timestamp": times.to_text(end),
        "run": f"{platform}-{tag}-{times.to_text(end)}",
        "platform": platform,
        "target": f"{platform}:hashtag:{tag}",
        "kind": "hashtag",
        "value": tag,
        "covered": {"start": times.to_text(start), "end": times.to_text(end)},
    }
    source |= more
    source = {name: value for name, value in source.items() if value is not None}
    index = store.layout.runs(end)
    await store.client.index(index=index, id=source["run"], document=source, refresh=True)


def _span(start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    return {"start": times.to_text(start), "end": times.to_text(end)} | more


async def test_every_gap_has_its_time_and_its_reason(api: Api, store: Store) -> None:
    campaign = await api.create()
    later = START + 10 * HOUR
    overdue = _span(START + 4 * HOUR, START + 6 * HOUR, reason="overdue", recovered=True)
    missed = _span(START + 6 * HOUR, START + 8 * HOUR, reason="no_overlap", recovered=False)
    await _run(store, "x", "acme", START, START + 6 * HOUR, gap=overdue)
    await _run(store, "x", "acme", START, START + 8 * HOUR, gap=missed, covered=None)
    await _run(store, "x", "acme", START + 8 * HOUR, later, interval_s=300.0)
    blocked = _span(later, later + HOUR, reason="blocked", recovered=False)
    await _run(store, "x", "acme", later, later + HOUR, gap=blocked, covered=None)

    answer = await api.get(f"/v1/campaigns/{campaign}/coverage")

    [row] = answer["targets"]
    assert [(gap["from"], gap["s"], gap["reason"], gap["recovered"]) for gap in row["gaps"]] == [
        (overdue["start"], 7200, "overdue", True),
        (missed["start"], 7200, "no_overlap", False),
        (blocked["start"], 3600, "blocked", False),
        (blocked["end"], (END - later - HOUR).total_seconds(), "not_polled", False),
    ]
    assert row["blind_s"] == sum(gap["s"] for gap in row["gaps"])
    assert row["recovered_s"] == 7200
    whole_s = (END - START).total_seconds()
    assert row["coverage"] == answer["value"] == pytest.approx(1 - row["blind_s"] / whole_s)
    assert (row["platform"], row["hashtag"], row["interval_s"]) == ("x", "acme", None)
    summary = await api.get(f"/v1/campaigns/{campaign}/summary")
    assert summary["coverage"] == answer["value"]


async def test_what_a_platform_does_not_offer_of_the_past_is_said(api: Api, store: Store) -> None:
    campaign = await api.create()
    window = _span(START - 48 * HOUR, START)
    error = {"class": "NoHistory", "message": "Threads offers no posts of the past here"}
    await _run(
        store, "threads", "acme", START, START + HOUR, window=_span(START, START + HOUR),
        error=error, covered=None,
    )  # fmt: skip

    answer = await api.get(f"/v1/campaigns/{campaign}/coverage")

    assert window["start"] < answer["window"]["from"]
    assert answer["targets"] == []
    assert answer["value"] is None
    assert [(one["platform"], one["reason"]) for one in answer["not_offered"]] == [
        ("threads", error["message"])
    ]


async def test_a_platform_that_never_answered_was_not_watched(api: Api, store: Store) -> None:
    campaign = await api.create()
    error = {"class": "UnavailableError", "message": "answered 503"}
    await _run(store, "x", "acme", START, START + HOUR, covered=None, error=error)
    await _run(store, "mastodon", "acme", START, END)

    answer = await api.get(f"/v1/campaigns/{campaign}/coverage")

    found = {row["platform"]: row["coverage"] for row in answer["targets"]}
    assert found == {"mastodon": 1, "x": 0}
    assert (answer["value"], answer["n"]) == (0.5, 2)


async def test_a_campaign_that_nobody_polled_has_no_coverage(api: Api) -> None:
    answer = await api.get(f"/v1/campaigns/{await api.create()}/coverage")

    assert (answer["value"], answer["n"], answer["targets"]) == (None, 0, [])


async def test_an_unknown_campaign_is_not_found(api: Api) -> None:
    assert (await api.refusal("GET", "/v1/campaigns/nobody/coverage"))[0] == 404
