"""One hashtag's answer, and how complete a campaign's are."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from api.answers.completeness import completeness
from api.reading import snapshot
from lake.documents import Origin, tag_observation
from lake.records import TagCounter
from lake.store import Store
from tests.fakes.campaign_posts import START
from tests.fakes.found_posts import a_post, seed_found
from tests.fakes.running_api import Api

NOON = START + timedelta(hours=12)
WINDOW = {"from": "2025-03-29", "to": "2025-04-08"}


async def seed_counter(store: Store, counter: TagCounter) -> None:
    document = tag_observation(store.layout, counter, Origin("run-1", "x:hashtag:acme"))
    await store.client.index(
        index=document.index, id=document.id, document=document.source, refresh=True
    )


async def test_a_hashtag_with_its_counters_its_use_and_its_grade(api: Api, store: Store) -> None:
    acme = [
        a_post(f"p{n}", NOON, tags=["acme", "co"], author=f"a{n % 3}", shares=10, views=100)
        for n in range(6)
    ]
    late = [a_post("late", NOON + timedelta(days=20), platform="reddit")]
    panel = [
        a_post(f"q{tag}-{n}", NOON, tags=[f"t{tag}"], shares=1, views=1)
        for tag in range(20)
        for n in range(1 + tag // 2)
    ]
    await seed_found(store, [*acme, *late, *panel])
    for hours, posts in ((0, 100), (3, 160)):
        observed = NOON + timedelta(hours=hours)
        await seed_counter(store, TagCounter("instagram", "acme", observed, posts=posts))
    await seed_counter(
        store, TagCounter("mastodon", "acme", NOON, "a.example", START, NOON, posts=24, authors=9)
    )

    answer = await api.get("/v1/tags/%23AcMe", **WINDOW)

    assert answer["hashtag"] == "acme"
    assert answer["window"]["from"] == "2025-03-29T00:00:00.000Z"
    assert answer["known"]["posts"] == 7
    assert answer["known"]["last_post"] == "2025-04-18T12:00:00.000Z"
    assert (answer["posts"]["value"], answer["authors"]["value"]) == (6, 3)
    assert answer["posts"]["by_platform"] == {"x": 6}
    sources = {row["platform"]: row for row in answer["counters"]["sources"]}
    assert sources["instagram"]["growth_per_h"]["posts"]["value"] == 20
    assert sources["mastodon"]["growth_per_h"]["posts"]["value"] == 2
    assert sources["mastodon"]["latest"]["authors"] == 9
    related = answer["related"]
    assert [row["tag"] for row in related["hashtags"]] == ["co"]
    assert related["hashtags"][0]["lift"] == pytest.approx((6 / 6) / (6 / related["all_posts"]))
    grade = answer["grade"]
    assert (grade["value"], grade["n"], grade["exact"]) == ("great", 21, True)
    assert grade["rates"]["posts_per_h"] == pytest.approx(6 / 240)
    assert grade["rates"]["reshares_per_h"] == pytest.approx(60 / 240)


async def test_a_window_and_platforms_narrow_the_answer(api: Api, store: Store) -> None:
    posts = [a_post("1", NOON), a_post("2", NOON, platform="reddit")]
    await seed_found(store, posts)
    await seed_counter(store, TagCounter("instagram", "acme", NOON, posts=5))

    narrow = await api.get("/v1/tags/acme", **WINDOW, platform="reddit")
    early = await api.get("/v1/tags/acme", **{"from": "2025-03-01", "to": "2025-03-02"})
    now = await api.get("/v1/tags/acme")

    assert (narrow["posts"]["value"], narrow["counters"]["sources"]) == (1, [])
    assert early["posts"]["value"] == 0
    assert early["known"]["posts"] == 2
    assert now["posts"]["value"] == 0
    since, until = (datetime.fromisoformat(now["window"][edge]) for edge in ("from", "to"))
    assert until - since == timedelta(days=30)


async def test_what_a_platform_counted_is_known_without_any_post(api: Api, store: Store) -> None:
    await seed_counter(store, TagCounter("instagram", "acme", NOON, posts=5))

    answer = await api.get("/v1/tags/acme", **WINDOW)

    assert answer["posts"]["value"] == 0
    assert answer["counters"]["sources"][0]["latest"]["posts"] == 5
    assert answer["grade"]["value"] is None


async def test_an_earlier_moment_knows_less(api: Api, store: Store) -> None:
    await seed_found(store, [a_post("1", NOON), a_post("2", NOON + timedelta(days=2))])
    for days, posts in ((0, 5), (2, 9)):
        observed = NOON + timedelta(days=days)
        await seed_counter(store, TagCounter("instagram", "acme", observed, posts=posts))

    answer = await api.get("/v1/tags/acme", as_of="2025-03-30")

    assert answer["as_of"] == "2025-03-30T00:00:00.000Z"
    assert answer["window"]["to"] == "2025-03-30T00:00:00.000Z"
    assert answer["posts"]["value"] == 1
    assert answer["counters"]["sources"][0]["latest"]["posts"] == 5


@pytest.mark.parametrize(
    "tag",
    [
        *("nobodysaysthis", "%23", "%20", "%00", "a%2Fb", "..%2F..%2Fetc", "%ED%A0%80", "*"),
        *("%3Cscript%3E", "acme%22%7D", "%F0%9F%A6%84" * 80, "a" * 5000, "%E2%80%AE", "%25"),
    ],
)
async def test_an_unknown_hashtag_is_not_found(api: Api, store: Store, tag: str) -> None:
    await seed_found(store, [a_post("1", NOON)])

    assert await api.raw_status("GET", f"/v1/tags/{tag}") == 404


async def test_a_refusal_names_the_hashtag(api: Api) -> None:
    status, problem = await api.refusal("GET", "/v1/tags/Nobody")

    assert status == 404
    assert problem["detail"].startswith("the lake knows no hashtag 'Nobody'")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "0001-01-01"}, "to"),
        ({"from": "2025-04-01", "to": "2025-03-01"}, "from"),
        ({"platform": "../x"}, "platform"),
        ({"as_of": "2999-01-01"}, "as_of"),
    ],
)
async def test_a_window_that_is_none_is_refused(
    api: Api, params: dict[str, str], field: str
) -> None:
    status, problem = await api.refusal("GET", "/v1/tags/acme", params=params)

    assert status == 422
    assert problem["errors"][0]["field"].startswith(field)


async def test_two_captures_of_an_hour_tell_how_much_both_missed(
    api: Api, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.answers.completeness._HOURS_A_PAGE", 1)
    poll, push = "x:hashtag:acme", "x:push:home"
    found_by = {"both": [poll, push], "poll": [poll], "push": [push]}
    for name, count in (("both", 7), ("poll", 13), ("push", 7)):
        posts = [a_post(f"{name}{n}", NOON + timedelta(minutes=n)) for n in range(count)]
        await seed_found(store, posts, targets=found_by[name])
    other_hour = [a_post(f"late{n}", NOON + timedelta(hours=2)) for n in range(6)]
    await seed_found(store, other_hour, targets=found_by["both"])
    alone = [a_post(f"love{n}", NOON, tags=["acmelove"]) for n in range(9)]
    await seed_found(store, alone, targets=["x:hashtag:acmelove"])
    campaign = await store.campaigns.get(await api.create())

    async with snapshot(store) as view:
        answer = await completeness(view, campaign)

    assert answer["definition"] == "completeness.v1"
    assert (answer["estimate"], answer["seen"], answer["value"]) == (40, 27, 27 / 40)
    assert (answer["n"], answer["missing"]) == (2, 1)
    row = answer["targets"][0]
    assert (row["platform"], row["hashtag"]) == ("x", "acme")
    assert set(row["captures"]) == {poll, push}
    assert row["hours"][0]["m"] == 7
    assert len(answer["targets"]) == 1


async def test_without_a_second_capture_completeness_is_unknown(api: Api, store: Store) -> None:
    campaign = await store.campaigns.get(await api.create())

    async with snapshot(store) as view:
        empty = await completeness(view, campaign)
    await seed_found(store, [a_post(f"p{n}", NOON) for n in range(9)])
    async with snapshot(store) as view:
        alone = await completeness(view, campaign)

    assert (empty["value"], alone["value"], alone["targets"]) == (None, None, [])
