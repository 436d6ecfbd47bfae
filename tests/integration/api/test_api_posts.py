"""Posts page by page, and all of them as a file."""

from __future__ import annotations

import csv
import io
from typing import Any

from api.answers.cursor import Cursor
from lake.records import Author, Post
from lake.store import Store
from tests.fakes.campaign_posts import END, START, seed_store
from tests.fakes.plain_answers import Seeded
from tests.fakes.running_api import Api


async def test_paging_gives_every_post_once_in_order(api: Api, seeded: Seeded) -> None:
    path, own = f"/v1/campaigns/{seeded.campaign}/posts", seeded.own
    for sort in ("engagement", "created_at", "likes", "comments"):
        page = await api.get(path, sort=sort, limit=17)
        items = page["items"]
        while page["next"] is not None:
            page = await api.get(path, limit=17, cursor=page["next"])
            assert page["total"] == len(own.posts)
            items += page["items"]

        assert sorted(item["id"] for item in items) == sorted(p.native_id for p in own.posts)
        values = [_sort_value(item, sort) for item in items]
        assert values == sorted(values, reverse=True)


def _sort_value(item: dict[str, Any], sort: str) -> Any:
    if sort == "created_at":
        return item["created_at"]
    value = item["engagement"] if sort == "engagement" else item["metrics"][sort]
    return float("-inf") if value is None else value


async def test_pages_are_of_the_moment_of_the_first(api: Api, seeded: Seeded, store: Store) -> None:
    campaign, own = seeded.campaign, seeded.own
    path = f"/v1/campaigns/{campaign}/posts"
    first = await api.get(path, sort="created_at", limit=10)
    late = Post("x", "post", "late", START, END, "late", hashtags=("acme",))

    await seed_store(store, [late], {})
    rest = await api.get(path, limit=500, cursor=first["next"])

    assert len(first["items"]) + len(rest["items"]) == len(own.posts)
    assert (await api.get(path, limit=1))["total"] == len(own.posts) + 1


async def test_a_cursor_that_cannot_be_used_is_refused_with_the_mend(
    api: Api, seeded: Seeded, store: Store
) -> None:
    campaign = seeded.campaign
    path = f"/v1/campaigns/{campaign}/posts"
    cursor = (await api.get(path, limit=5))["next"]
    view = Cursor.decode(cursor, await store.secrets.get("cursor")).view

    for bad in ("x", "é", "", cursor[:-9], cursor[:40] + "AAAA" + cursor[44:], "A" * 6000):
        status, body = await api.refusal("GET", path, params={"cursor": bad})
        assert (status, "without" in body["detail"]) == (400, True), bad
    status, _ = await api.refusal("GET", path, params={"cursor": cursor, "sort": "likes"})
    assert status == 400
    await store.client.close_point_in_time(id=view)
    status, body = await api.refusal("GET", path, params={"cursor": cursor})
    assert (status, "start again" in body["detail"]) == (410, True)
    await store.campaigns.change(campaign, {"name": "Other"})
    status, body = await api.refusal("GET", path, params={"cursor": cursor})
    assert (status, "changed" in body["detail"]) == (410, True)


async def test_an_export_holds_every_post(api: Api, seeded: Seeded) -> None:
    campaign, own = seeded.campaign, seeded.own
    path = f"/v1/campaigns/{campaign}/export"

    rows = await api.get(path, format="json")
    async with api.session.get(path, params={"format": "csv"}) as answer:
        table = list(csv.DictReader(io.StringIO(await answer.text(), newline="")))
        assert f'filename="{campaign}.csv"' in answer.headers["Content-Disposition"]

    ids = [row["id"] for row in rows]
    assert sorted(ids) == sorted(post.native_id for post in own.posts)
    assert [row["id"] for row in table] == ids
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    by_id = {post.native_id: post for post in own.posts}
    for row in table:
        likes = by_id[row["id"]].metrics.get("likes")
        assert row["likes"] == ("" if likes is None else str(likes))


async def test_text_that_is_a_formula_leaves_the_lake_as_text(api: Api, store: Store) -> None:
    campaign = await api.create()
    text = '=HYPERLINK("http://x")\nsecond; "line"\x00'
    post = Post(
        "x",
        "post",
        "f1",
        START,
        END,
        text,
        Author(handle="@h"),
        hashtags=("acme",),
        metrics={"score": -3},
    )
    await seed_store(store, [post], {})

    async with api.session.get(f"/v1/campaigns/{campaign}/export") as answer:
        (row,) = csv.DictReader(io.StringIO(await answer.text(), newline=""))

    assert row["text"] == "'" + text.replace("\x00", "�")
    assert row["author_handle"] == "'@h"
    assert row["score"] == "-3"


async def test_an_empty_export_is_a_header_or_an_empty_array(api: Api) -> None:
    campaign = await api.create()
    path = f"/v1/campaigns/{campaign}/export"

    async with api.session.get(path) as answer:
        text = await answer.text()

    assert text.startswith("platform,kind,id,")
    assert text.endswith("\r\n")
    assert await api.get(path, format="json") == []
