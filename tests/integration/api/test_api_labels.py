"""Labels over HTTP: given, listed, forgotten, shown beside posts, and compared with the model."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.answers.labels import _cursor
from lake.erasure import erase
from lake.records import Erasure
from lake.store import Store
from tests.fakes.labelled_posts import AT, CAMPAIGN, write_scored
from tests.fakes.running_api import Api

NEG, NEU, POS = (0.9, 0.05, 0.05), (0.1, 0.8, 0.1), (0.05, 0.05, 0.9)
PATH = "/v1/labels"


async def _say(api: Api, post: str, label: str, by: str = "ann", **more: str) -> tuple[int, Any]:
    body = {"post": post, "label": label, "by": by, **more}
    async with api.session.post(PATH, json=body) as answer:
        return answer.status, await answer.json()


async def test_a_label_is_made_corrected_listed_and_forgotten(api: Api, store: Store) -> None:
    await write_scored(store, ("one", NEG, "negative"))

    made, first = await _say(api, "x:1", "positive", note="irony")
    corrected, second = await _say(api, "x:1", "neutral")
    async with api.session.post(PATH, json={"post": "x:1", "label": "negative"}) as answer:
        nobody = await answer.json()
    listed = await api.get(PATH, post="x:1")

    assert (made, corrected) == (201, 200)
    assert (first["note"], first["model"]["label"], first["language"]) == (
        "irony",
        "negative",
        "en",
    )
    assert (second["id"], second["note"]) == (first["id"], None)
    assert second["history"] == [{"label": "positive", "at": first["at"]}]
    assert nobody["by"] == "anonymous"
    assert {one["id"]: one for one in listed["items"]} == {
        second["id"]: second,
        nobody["id"]: nobody,
    }
    assert listed["next"] is None
    async with api.session.delete(f"{PATH}/{first['id']}") as answer:
        assert answer.status == 204
    assert [one["by"] for one in (await api.get(PATH))["items"]] == ["anonymous"]
    status, _ = await api.refusal("DELETE", f"{PATH}/{first['id']}")
    assert status == 404


async def test_what_cannot_be_is_refused_with_the_reason(api: Api, store: Store) -> None:
    await write_scored(store, ("one", NEG, "negative"), ("gone", NEG, "negative"))
    gone = Erasure("x", "2", observed_at=AT + timedelta(days=1), reason="deleted")
    await erase(store, [gone])

    for body, status, word in (
        ({"post": "x:9", "label": "neutral"}, 404, "no post 'x:9'"),
        ({"post": "x:1", "label": "happy"}, 422, "negative, neutral or positive"),
        ({"post": "x:1"}, 422, "label is missing"),
        ({"post": "1", "label": "neutral"}, 422, "PLATFORM:ID"),
        ({"post": "x:2", "label": "neutral"}, 409, "taken away"),
        ([], 422, "must be an object"),
        ({"post": "x:" + "a" * 8_000, "label": "neutral"}, 404, "no post"),
    ):
        found, problem = await api.refusal("POST", PATH, json=body)
        assert (found, word in problem["detail"]) == (status, True), problem
    assert (await api.refusal("POST", PATH, data=b"{"))[0] == 415
    headers = {"Content-Type": "application/json"}
    assert (await api.refusal("POST", PATH, data=b"{", headers=headers))[0] == 400
    assert (await api.refusal("GET", PATH, params={"campaign": "nope"}))[0] == 404
    assert (await api.refusal("GET", PATH, params={"limit": 0}))[0] == 422
    assert (await api.refusal("GET", f"{PATH}/agreement", params={"campaign": "No!"}))[0] == 404


async def test_paging_gives_every_label_once_whatever_is_corrected_meanwhile(
    api: Api, store: Store
) -> None:
    await write_scored(store, *((f"post {number}", NEG, "negative") for number in range(7)))
    await write_scored(store, ("elsewhere", NEG, "negative"), tag="other", start=20)
    for number in (*range(1, 8), 20):
        await _say(api, f"x:{number}", "positive")
    campaign = await api.create(**CAMPAIGN, competitors=[])

    page = await api.get(PATH, campaign=campaign, limit=3)
    posts = [one["post"] for one in page["items"]]
    await _say(api, "x:1", "negative")
    while page["next"] is not None:
        page = await api.get(PATH, campaign=campaign, limit=3, cursor=page["next"])
        posts += [one["post"] for one in page["items"]]

    assert posts == [f"x:{number}" for number in range(7, 0, -1)]
    cursor = (await api.get(PATH, campaign=campaign, limit=3))["next"]
    for bad in ("x", "é", cursor[:-9], "A" * 6_000, _cursor([]), _cursor(["", 0, "no time", "x"])):
        status, body = await api.refusal("GET", PATH, params={"cursor": bad})
        assert (status, "without" in body["detail"]) == (400, True), bad
    assert (await api.refusal("GET", PATH, params={"cursor": cursor}))[0] == 400
    await store.campaigns.change(campaign, {"name": "Other"})
    asked = {"campaign": campaign, "cursor": cursor}
    assert (await api.refusal("GET", PATH, params=asked))[0] == 410


async def test_labels_stand_beside_what_the_model_says(api: Api, store: Store) -> None:
    await write_scored(store, ("one", NEG, "negative"), ("two", NEU, "neutral"))
    campaign = await api.create(**CAMPAIGN, competitors=[])
    await _say(api, "x:1", "positive")
    await _say(api, "x:1", "neutral", "bob")

    page = await api.get(f"/v1/campaigns/{campaign}/posts", sort="created_at")
    rows = await api.get(f"/v1/campaigns/{campaign}/export", format="json")
    await write_scored(store, ("one, edited", NEG, "negative"))
    edited = await api.get(f"/v1/campaigns/{campaign}/posts", sort="created_at")

    for found in (page["items"], rows):
        labels = {post["id"]: post["labels"] for post in found}
        said = [(one["by"], one["label"], one["stale"]) for one in labels["1"]]
        assert said == [("ann", "positive", False), ("bob", "neutral", False)]
        assert labels["2"] == []
        assert {post["id"]: post["sentiment"]["label"] for post in found} == {
            "1": "negative",
            "2": "neutral",
        }
    assert [one["stale"] for post in edited["items"] for one in post["labels"]] == [True, True]


async def test_agreement_compares_people_the_model_and_vader(api: Api, store: Store) -> None:
    shares = (NEG, NEU, POS, POS, (0.4, 0.3, 0.3))
    vader = ("negative", "neutral", "positive", "negative", "neutral")
    rows = [(f"post {n}", *row) for n, row in enumerate(zip(shares, vader, strict=True))]
    await write_scored(store, *rows, ("changed", NEG, "negative"), ("tied", NEG, "negative"))
    people = ("negative", "neutral", "positive", "positive", "neutral", "negative", "negative")
    for number, label in enumerate(people, start=1):
        await _say(api, f"x:{number}", label)
    await _say(api, "x:1", "negative", "bob")
    await _say(api, "x:2", "positive", "bob")
    await _say(api, "x:2", "neutral", "cyd")
    await _say(api, "x:7", "positive", "bob")
    await write_scored(store, ("another text", NEG, "negative"), start=6)

    found = await api.get(f"{PATH}/agreement")

    assert (found["labels"], found["posts"], found["ties"]) == (11, 7, 1)
    model, vaders, each = (found[f"people_{name}"] for name in ("model", "vader", "people"))
    assert (model["n"], model["missing"], model["models"]) == (5, 1, {"test-1": 5})
    assert model["observed"]["value"] == pytest.approx(0.8)
    assert model["confusion"]["neutral"]["unsure"] == 1
    assert (vaders["n"], vaders["observed"]["value"]) == (5, pytest.approx(0.8))
    assert vaders["confusion"]["positive"] == {"negative": 1, "neutral": 0, "positive": 1}
    assert (each["n"], each["people"]) == (3, 3)
    assert each["pairs"][0]["people"] == ["ann", "bob"]
    empty = await api.get(f"{PATH}/agreement", campaign=await api.create(name="None"))
    assert (empty["labels"], empty["people_model"]["kappa"]["value"]) == (0, None)
    text = (await api.get("/v1/metrics/definitions"))["definitions"]
    tags = {row["definition"] for row in text}
    assert {model["kappa"]["definition"], each["alpha"]["definition"]} <= tags
