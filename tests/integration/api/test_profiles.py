"""An account: now, over time, its posts and its campaigns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from api.answers.profiles import profile
from lake.documents import Origin, RawPayload
from lake.records import Author, Post, Profile, Record
from lake.store import Sighting, Store
from tests.fakes.campaign_posts import seed_store
from tests.fakes.running_api import Api

AT = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
ANN = Author("https://a.example/users/Ann", "Ann@a.example", "Ann", 100)
NUMBERS = ((100, 5), (150, None), (90, 9))


def post(number: int, likes: int | None, author: Author = ANN) -> Post:
    metrics = {} if likes is None else {"likes": likes}
    return Post(
        platform="mastodon",
        kind="reply" if number == 2 else "post",
        native_id=f"p{number}",
        created_at=AT + number * DAY,
        observed_at=AT + 10 * DAY,
        text=f"number {number}",
        author=author,
        hashtags=("spring",) if number < 3 else ("autumn",),
        metrics=metrics,
    )


async def saw(store: Store, *records: Record) -> None:
    for number, one in enumerate(records):
        sighting = Sighting(RawPayload("account", {"n": number}, AT), [one])
        batch = await store.submit([sighting], Origin("run-1", "mastodon:profile:ann"))
        await batch.done()
    await store.refresh()


@pytest.fixture
async def ann(store: Store) -> None:
    """Three observations of one account, three posts of it, one of another."""
    await saw(
        store,
        *(
            Profile("mastodon", replace(ANN, followers=count), AT + n * DAY, posts=posts)
            for n, (count, posts) in enumerate(NUMBERS)
        ),
    )
    posts = [post(1, 30), post(2, None), post(3, 15), post(4, 99, Author("b", "bob", None, 5))]
    await seed_store(store, posts, {"p1": ("positive", 0.9), "p3": ("negative", -0.5)})


async def test_an_account_is_shown_with_its_history_posts_and_campaigns(
    api: Api, ann: None
) -> None:
    dates = {"from": "2026-03-01", "to": "2026-04-01", "competitors": []}
    spring = await api.create(name="Spring", hashtags=["spring"], **dates)
    await api.create(name="Winter", hashtags=["winter"], **dates)
    mine = await api.create(name="Mine", hashtags=[], profiles=["mastodon:ann@a.example"], **dates)

    answer = await api.get("/v1/profiles/mastodon/Ann@a.example")

    now = answer["profile"]
    assert answer["definition"] == "profile.v1"
    assert (now["followers"], now["posts"], now["source"]) == (90, 9, "profile")
    history = answer["history"]
    assert [one["followers"] for one in history["observations"]] == [100, 150, 90]
    growth = history["followers_growth"]
    assert (growth["value"], growth["n"], growth["per_day"]) == (-10, 3, pytest.approx(-5))
    assert growth["percent"] == pytest.approx(-10)
    metrics = {name: one["value"] for name, one in answer["posts"]["metrics"].items()}
    assert (metrics["posts"], metrics["likes"], metrics["engagement"]) == (3, 45, 45)
    # The third post was seen within a week of its creation, when 100 followed; 90 do now.
    assert metrics["er_pooled"] == pytest.approx(100 * 45 / (90 + 100))
    daily = answer["posts"]["metrics"]["er_daily"]
    assert (daily["value"], daily["days"]) == (pytest.approx(100 * 45 / (3 * 90)), 3)
    assert metrics["net_sentiment"] == 0
    assert metrics["views"] is None
    assert answer["posts"]["metrics"]["likes"]["missing"] == 1
    assert answer["posts"]["by_kind"] == {"post": 2, "reply": 1}
    assert answer["posts"]["first_post"] == "2026-03-03T00:00:00.000Z"
    assert answer["campaigns"] == [
        {"id": mine, "name": "Mine", "posts": 3, "engagement": 45},
        {"id": spring, "name": "Spring", "posts": 2, "engagement": 30},
    ]


async def test_every_way_to_name_an_account_names_it(api: Api, ann: None) -> None:
    names = ["@ann@A.EXAMPLE", "%40Ann@a.example", "https://a.example/users/Ann"]
    names.append(quote(names[-1], safe=""))
    for name in names:
        async with api.session.get(f"/v1/profiles/mastodon/{name}") as answer:
            assert answer.status == 200, (name, await answer.text())
            assert (await answer.json())["profile"]["handle"] == "Ann@a.example", name


async def test_an_account_that_is_not_there_is_404_whatever_it_is_called(
    api: Api, ann: None
) -> None:
    weird = [
        "nobody",
        "%00",
        "%ff%fe",
        "*",
        "%22",
        "a%20b",
        "%2e%2e",
        "..%2f..",
        "%40",
        "a" * 9_000,
    ]
    for name in weird:
        assert await api.raw_status("GET", f"/v1/profiles/mastodon/{name}") == 404, name
    for platform in ("x", "nope", "%2a", "%00"):
        path = f"/v1/profiles/{platform}/Ann@a.example"
        assert await api.raw_status("GET", path) == 404, platform
    status, problem = await api.refusal("GET", "/v1/profiles/mastodon/nobody")
    assert status == 404
    assert "no account 'nobody' on 'mastodon'" in problem["detail"]


async def test_an_account_that_only_posts_tell_of_is_shown_without_a_history(
    api: Api, store: Store, ann: None
) -> None:
    answer = await profile(store, "mastodon", "BOB")

    assert answer["profile"]["source"] == "post"
    assert (answer["profile"]["followers"], answer["profile"]["posts"]) == (5, None)
    assert answer["history"]["observations"] == []
    growth = answer["history"]["followers_growth"]
    assert (growth["value"], growth["n"], growth["per_day"], growth["from"]) == (
        None,
        0,
        None,
        None,
    )
    assert answer["posts"]["metrics"]["er_pooled"]["value"] == pytest.approx(100 * 99 / 5)


async def test_a_window_bounds_posts_and_observations(store: Store, ann: None) -> None:
    answer = await profile(
        store, "mastodon", "ann@a.example", start=AT + DAY, end=AT + 3 * DAY, limit=1
    )

    assert [one["followers"] for one in answer["history"]["observations"]] == [90]
    assert answer["history"]["n"] == 2
    growth = answer["history"]["followers_growth"]
    assert (growth["value"], growth["percent"]) == (-60, pytest.approx(-40))
    assert answer["posts"]["metrics"]["posts"]["value"] == 2
    only = await profile(store, "mastodon", "ann@a.example", end=AT + DAY)
    assert only["history"]["followers_growth"]["value"] is None
    assert only["history"]["followers_growth"]["from"]["followers"] == 100
