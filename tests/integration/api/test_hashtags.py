"""Related hashtags against plain Python over the same posts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lake.records import Post
from lake.store import Store
from tests.fakes.campaign_posts import END, START, random_posts
from tests.fakes.found_posts import a_post, seed_found
from tests.fakes.plain_answers import KINDS, Seeded
from tests.fakes.running_api import OWN, Api


def tags_of(posts: list[Post]) -> Counter[str]:
    return Counter(tag for post in posts for tag in set(post.hashtags))


@pytest.mark.parametrize("exact", ["false", "true"])
async def test_every_related_hashtag_equals_a_count_by_hand(
    api: Api, seeded: Seeded, exact: str
) -> None:
    everybody = [
        post
        for post in random_posts(20_250_401)
        if post.kind in KINDS and START <= post.created_at < END
    ]
    own, everywhere = tags_of(list(seeded.own.posts)), tags_of(everybody)
    n, all_n = len(seeded.own.posts), len(everybody)
    path = f"/v1/campaigns/{seeded.campaign}/hashtags"

    answer = await api.get(path, min_posts=1, exact=exact)

    assert (answer["n"], answer["all_posts"], answer["exact"]) == (n, all_n, True)
    assert answer["definition"] == "related_hashtags.v1"
    rows = {row["tag"]: row for row in answer["hashtags"]}
    assert set(rows) == set(own) - OWN
    for tag, row in rows.items():
        assert (row["posts"], row["all_posts"]) == (own[tag], everywhere[tag])
        expected = (own[tag] / n) / (everywhere[tag] / all_n)
        assert row["lift"] == pytest.approx(expected)
    lifts = [row["lift"] for row in answer["hashtags"]]
    assert lifts == sorted(lifts, reverse=True)
    assert {lift > 1 for lift in lifts} | {lift < 1 for lift in lifts} == {True, False}


async def test_small_pages_give_the_same_hashtags(
    api: Api, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/campaigns/{seeded.campaign}/hashtags"
    whole = await api.get(path, min_posts=1)

    monkeypatch.setattr("api.answers.hashtags._TAGS_A_PAGE", 2)
    monkeypatch.setattr("api.answers.hashtags._NAMES_A_REQUEST", 2)
    paged = await api.get(path, min_posts=1, exact="true")

    assert paged["hashtags"] == whole["hashtags"]
    assert len(paged["hashtags"]) > 2


async def test_rare_hashtags_are_left_out_and_the_first_ones_are_shown(
    api: Api, seeded: Seeded
) -> None:
    path = f"/v1/campaigns/{seeded.campaign}/hashtags"
    everything = await api.get(path, min_posts=1, sort="posts")
    least = everything["hashtags"][2]["posts"]

    few = await api.get(path, min_posts=least, sort="posts", limit=2)

    assert few["hashtags"] == everything["hashtags"][:2]
    assert few["hashtags_total"] == sum(row["posts"] >= least for row in everything["hashtags"])


async def test_hashtags_of_any_spelling_and_of_several_indices_are_counted(
    api: Api, store: Store
) -> None:
    odd = ['a"b', "<script>", "日本語", "a.b", "x" * 200, "[a-z]", "*", "\u202ertl"]
    moments = [datetime(year, 1, 5, tzinfo=UTC) for year in (2023, 2024, 2025)]
    posts = [
        a_post(f"{moment.year}-{number}", moment, tags=["acme", *odd])
        for moment in moments
        for number in range(2)
    ]
    others = [a_post("without", moments[0], tags=["elsewhere"])]
    await seed_found(store, [*posts, *others])
    campaign = await api.create(**{"from": "2023-01-01", "to": "2026-01-01"})

    answer = await api.get(f"/v1/campaigns/{campaign}/hashtags")

    found = {row["tag"]: (row["posts"], row["all_posts"]) for row in answer["hashtags"]}
    assert found == dict.fromkeys(odd, (6, 6))
    assert answer["exact"] is True
    assert {row["lift"] for row in answer["hashtags"]} == {7 / 6}


async def test_an_empty_lake_has_no_related_hashtags(api: Api) -> None:
    path = f"/v1/campaigns/{await api.create()}/hashtags"

    for exact in ("false", "true"):
        answer: Any = await api.get(path, exact=exact)

        assert (answer["n"], answer["hashtags"], answer["exact"]) == (0, [], True)


@pytest.mark.parametrize("params", [{"limit": "501"}, {"min_posts": "0"}, {"sort": "best"}])
async def test_a_value_out_of_range_is_refused(api: Api, params: dict[str, str]) -> None:
    path = f"/v1/campaigns/{await api.create()}/hashtags"

    status, problem = await api.refusal("GET", path, params=params)

    assert status == 422
    assert problem["errors"][0]["field"] in params


async def test_only_posts_of_the_window_count(api: Api, store: Store) -> None:
    inside = [a_post(f"in{n}", START + timedelta(hours=n), tags=["acme", "co"]) for n in range(5)]
    outside = [a_post(f"out{n}", END + timedelta(hours=n), tags=["acme", "co"]) for n in range(5)]
    await seed_found(store, [*inside, *outside])

    answer = await api.get(f"/v1/campaigns/{await api.create()}/hashtags")

    row = answer["hashtags"][0]
    assert (row["tag"], row["posts"], row["all_posts"], row["lift"]) == ("co", 5, 5, 1)
