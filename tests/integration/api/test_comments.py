"""Which comments are whose, and what they come to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lake import times
from lake.store import Store
from tests.fakes.campaign_posts import START
from tests.fakes.found_posts import a_post, seed_found
from tests.fakes.running_api import Api

NOON = START + timedelta(hours=12)
URI = "https://a.example/users/u/statuses/1"


async def digests(api: Api, **params: str | int) -> dict[str, Any]:
    answer = await api.get(f"/v1/campaigns/{await api.create()}/comments", **params)
    return {row["post"]["id"]: row for row in answer["posts"]}


def a_comment(
    name: str, minutes: float, reply_to: str | None, text: str = "ok", **more: Any
) -> Any:
    platform, likes = more.pop("platform", "youtube"), more.pop("likes", None)
    metrics = {} if likes is None else {"likes": likes}
    return a_post(
        name,
        NOON + timedelta(minutes=minutes),
        platform=platform,
        kind=more.pop("kind", "comment"),
        tags=(),
        text=text,
        reply_to=reply_to,
        **metrics,
    )


async def test_a_digest_equals_a_count_by_hand(api: Api, store: Store) -> None:
    video = a_post("v1", NOON, platform="youtube", comments=8, likes=5)
    await seed_found(store, [video], score=0.5)
    await seed_found(store, [a_post("v2", NOON, platform="youtube", comments=2)])
    happy = [a_comment("c1", 5, "v1", "why?", likes=3), a_comment("c2", 59, "v1", likes=9)]
    sad = [a_comment("c3", 60, "v1", "see https://y.be/a?b=c"), a_comment("c4", 90, "v1", "ok?")]
    await seed_found(store, happy, score=0.4)
    await seed_found(store, sad, score=-0.8)
    await seed_found(store, [a_comment("c5", 60 * 24 * 30, "v1", likes=3)])
    elsewhere = [a_comment("d1", 5, "v2"), a_comment("d2", 5, "v1", platform="tiktok")]
    await seed_found(store, elsewhere)

    found = await digests(api)

    assert list(found) == ["v1", "v2"]
    row = found["v1"]
    assert (row["comments"], row["collected"], row["collected_share"]) == (8, 5, 62.5)
    assert row["sentiment"]["mean"] == pytest.approx(-0.2)
    assert row["sentiment"]["difference"] == pytest.approx(-0.7)
    assert (row["sentiment"]["net"], row["sentiment"]["n"], row["sentiment"]["missing"]) == (
        0,
        5,
        1,
    )
    assert (row["questions"]["questions"], row["questions"]["value"]) == (2, 40)
    assert row["first_hour"]["comments"] == 2
    assert row["first_hour"]["sentiment_mean"] == pytest.approx(0.4)
    assert (row["later"]["comments"], row["later"]["scored"]) == (3, 2)
    assert row["later"]["sentiment_mean"] == pytest.approx(-0.8)
    assert [comment["id"] for comment in row["top_comments"]] == ["c2", "c1", "c5"]
    assert found["v2"]["collected"] == 1


async def test_answers_to_answers_belong_to_the_polled_discussion(api: Api, store: Store) -> None:
    root = a_post("100", NOON, comments=2)
    await seed_found(store, [root], targets=["x:hashtag:acme", "x:comments:100"])
    direct = a_comment("101", 5, "100", platform="x", kind="reply")
    nested = a_comment("102", 9, "101", platform="x", kind="reply")
    await seed_found(store, [direct, nested], targets=["x:comments:100"])

    row = (await digests(api))["100"]

    assert (row["collected"], row["collected_direct"]) == (2, 1)
    assert row["collected_share"] == 50  # the platform counts direct answers only


async def test_answers_to_a_post_on_many_servers_name_it_by_each_servers_id(
    api: Api, store: Store
) -> None:
    def seen_by(host: str) -> dict[str, Any]:
        return {"source": host, "home": True, "at": times.to_text(NOON)}

    status = a_post(URI, NOON, platform="mastodon", comments=3)
    await seed_found(store, [status], metrics_from=seen_by("a.example"))
    for host, local_id in (("a.example", "1"), ("b.example", "77")):
        await seed_payload(store, host, local_id)
    here = a_comment("h", 5, "1", platform="mastodon", kind="reply")
    there = a_comment("t", 5, "77", platform="mastodon", kind="reply")
    polled = a_comment("p", 5, "99", platform="mastodon", kind="reply")
    stranger = a_comment("s", 5, "77", platform="mastodon", kind="reply")
    await seed_found(store, [here], metrics_from=seen_by("a.example"))
    await seed_found(store, [there], metrics_from=seen_by("b.example"))
    await seed_found(store, [polled], targets=["mastodon:comments:b.example:77"])
    await seed_found(store, [stranger], metrics_from=seen_by("c.example"))

    row = (await digests(api))[URI]

    assert {comment["id"] for comment in row["top_comments"]} == {"h", "t", "p"}
    assert (row["collected"], row["collected_direct"]) == (3, 2)


async def seed_payload(store: Store, host: str, local_id: str) -> None:
    source = {
        "@timestamp": times.to_text(NOON),
        "platform": "mastodon",
        "kind": "status",
        "native_id": URI,
        "target": "mastodon:hashtag:acme",
        "run": "run-1",
        "source": host,
        "payload": {"id": local_id, "uri": URI},
    }
    index = store.layout.raw("mastodon", NOON)
    await store.client.index(index=index, id=f"{host}-{local_id}", document=source, refresh=True)


async def test_posts_whose_comments_nobody_counts_come_last(api: Api, store: Store) -> None:
    posts = [a_post("known", NOON, comments=0), a_post("unknown", NOON, likes=9)]
    await seed_found(store, posts)
    campaign = await api.create()

    answer = await api.get(f"/v1/campaigns/{campaign}/comments")
    by_likes = await api.get(f"/v1/campaigns/{campaign}/comments", sort="likes", limit=1)

    assert [row["post"]["id"] for row in answer["posts"]] == ["known", "unknown"]
    assert (answer["n"], answer["missing"], answer["definition"]) == (2, 1, "comment_digest.v1")
    assert [row["collected_share"] for row in answer["posts"]] == [None, None]
    assert [row["post"]["id"] for row in by_likes["posts"]] == ["unknown"]


async def test_a_hundred_posts_are_digested_at_once(api: Api, store: Store) -> None:
    posts = [a_post(f"v{n}", NOON, platform="youtube", comments=n) for n in range(105)]
    below = [a_comment(f"c{n}", n, f"v{n}", "who?") for n in range(105)]
    await seed_found(store, [*posts, *below])

    found = await digests(api, limit=100)

    assert len(found) == 100
    assert {row["collected"] for row in found.values()} == {1}
    assert {row["questions"]["value"] for row in found.values()} == {100}
    assert sum(row["first_hour"]["comments"] for row in found.values()) == 55


async def test_an_empty_lake_has_no_comments(api: Api) -> None:
    assert await digests(api) == {}
