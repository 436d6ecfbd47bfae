"""Erasing because a person asks for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lake.documents import Origin, RawPayload
from lake.records import Author, Post, Profile, Record
from lake.store import Sighting, Store
from tests.fakes.running_api import Api

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = Author("a1", "Ann", "Ann Lee", 100)
BOB = Author("b1", "bob", "Bob", 7)
ORIGIN = Origin("run-1", "x:hashtag:spring")


def post(number: int, author: Author, **changes: Any) -> Post:
    return replace(
        Post(
            platform="x",
            kind="post",
            native_id=f"90000{number}",
            created_at=AT + timedelta(minutes=number),
            observed_at=AT + timedelta(hours=1),
            text=f"secret words {number} #spring",
            author=author,
            hashtags=("spring",),
            metrics={"likes": number},
        ),
        **changes,
    )


async def saw(store: Store, *records: Record) -> None:
    sightings = [
        Sighting(
            RawPayload("tweet", {"number": n, "says": str(one)}, AT + timedelta(hours=1)), [one]
        )
        for n, one in enumerate(records)
    ]
    await (await store.submit(sightings, ORIGIN)).done()
    await store.refresh()


async def everything(store: Store, kind: str) -> list[dict[str, Any]]:
    answer = await store.search(f"{store.layout.one(kind)}*", {"size": 100})
    return [hit["_source"] for hit in answer["hits"]["hits"]]


async def asked(api: Api, **body: Any) -> dict[str, Any]:
    body = {"platform": "x", "reason": "asked by mail", **body}
    async with api.session.post("/v1/erasures", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())


async def test_a_post_and_then_an_account_are_erased_and_asking_again_changes_nothing(
    api: Api, store: Store
) -> None:
    profile = Profile("x", ANN, AT, description="secret life", url="https://x.com/Ann", posts=3)
    await saw(store, post(1, ANN), post(2, ANN), post(3, ANN), post(4, BOB), profile)

    one = await asked(api, id="900001")
    again = await asked(api, id="900001")
    absent = await asked(api, id="42")

    assert (one["posts"], one["erased"], one["id"], one["author"]) == (1, 1, "900001", None)
    assert (again["posts"], again["erased"]) == (1, 0)
    assert (absent["posts"], absent["erased"]) == (0, 0)
    texts = {found["native_id"]: found["text"] for found in await everything(store, "posts")}
    assert texts["900001"] == ""
    assert "secret words 2" in texts["900002"]

    label = {"post": "x:900002", "label": "negative", "note": "secret note"}
    async with api.session.post("/v1/labels", json=label) as answer:
        assert answer.status == 201, await answer.text()

    account = await asked(api, author="@ANN")
    once_more = await asked(api, author="a1")

    assert (account["posts"], account["erased"], account["profiles"]) == (3, 2, 1)
    assert (once_more["posts"], once_more["erased"], once_more["profiles"]) == (3, 0, 0)
    await store.refresh()
    found = {one["native_id"]: one for one in await everything(store, "posts")}
    assert [found[f"90000{n}"]["text"] for n in (1, 2, 3)] == ["", "", ""]
    assert "secret words 4" in found["900004"]["text"]
    assert found["900002"]["erased"]["reason"] == "on request"
    assert found["900002"]["metrics"] == {"likes": 2}
    (kept,) = await everything(store, "profiles")
    assert kept["author"] == {"key": "x:a1", "id": "a1", "followers": 100}
    assert "secret" not in str(kept)
    (labelled,) = await everything(store, "labels")
    assert (labelled["label"], labelled["author"]) == ("negative", {"key": "x:a1", "id": "a1"})
    assert "secret" not in str(labelled)
    payloads = await everything(store, "raw")
    assert [one["native_id"] for one in payloads if "payload" in one] == ["900004"]

    async with api.session.get("/v1/erasures", params={"limit": 2}) as answer:
        listed = (await answer.json())["erasures"]
    assert listed == [once_more, account]
    assert {one["reason"] for one in listed} == {"asked by mail"}


async def test_a_handle_that_changed_hands_names_nobody(api: Api, store: Store) -> None:
    await saw(store, post(1, ANN), post(2, replace(ANN, id="a2")))

    status, problem = await api.refusal(
        "POST", "/v1/erasures", json={"platform": "x", "author": "ann", "reason": "r"}
    )

    assert status == 422
    assert "a1, a2" in problem["detail"]
    assert (await asked(api, author="a2"))["erased"] == 1
    texts = {found["native_id"]: found["text"] for found in await everything(store, "posts")}
    assert texts["900001"]


async def test_a_request_that_breaks_a_rule_erases_nothing(api: Api) -> None:
    good = {"platform": "x", "id": "1", "reason": "r"}
    cases: list[tuple[Any, str]] = [
        ({**good, "author": "a"}, "id"),
        ({"platform": "x", "reason": "r"}, "id"),
        ({"platform": "x", "id": "1"}, "reason"),
        ({**good, "reason": "  "}, "reason"),
        ({**good, "platform": "../x"}, "platform"),
        ({**good, "id": 7}, "id"),
        ({"platform": "x", "author": "@", "reason": "r"}, "author"),
        ({**good, "all": True}, "all"),
        ([], "id"),
    ]
    for body, field in cases:
        status, problem = await api.refusal("POST", "/v1/erasures", json=body)
        assert (status, problem["errors"][0]["field"]) == (422, field), body
    assert (await api.get("/v1/erasures"))["erasures"] == []
