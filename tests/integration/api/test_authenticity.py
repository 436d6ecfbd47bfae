"""Concentration, repeated texts and bursts, against plain Python and by hand."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from api.answers.authenticity import authenticity
from lake.store import Store
from tests.fakes.campaign_posts import START
from tests.fakes.found_posts import a_post, seed_found
from tests.fakes.plain_answers import Seeded, key_of
from tests.fakes.running_api import Api

NOON = START + timedelta(hours=12)


async def test_the_concentration_equals_a_count_by_hand(api: Api, seeded: Seeded) -> None:
    posts = seeded.own.posts
    counts = Counter(key for post in posts if (key := key_of(post)))
    ordered = sorted(counts.values(), reverse=True)
    spread = sum(abs(one - other) for one in ordered for other in ordered)

    answer = await api.get(f"/v1/campaigns/{seeded.campaign}/authenticity")

    metrics = answer["metrics"]
    authored = sum(ordered)
    assert answer["n"] == len(posts)
    assert answer["missing"] == len(posts) - authored > 0
    assert metrics["authors"]["value"] == len(ordered)
    share = metrics["top_authors_share"]
    assert share["value"] == pytest.approx(100 * sum(ordered[:10]) / authored)
    assert metrics["author_gini"]["value"] == pytest.approx(spread / (2 * len(ordered) * authored))
    assert [row["posts"] for row in share["authors"]] == ordered[:10]
    for row in share["authors"]:
        assert row["posts"] == counts[row["author"]]
        assert row["handle"].upper() == row["name"]
    assert metrics["duplicate_text_share"]["value"] == 0
    reshares = sum(post.kind == "reshare" for post in posts)
    assert metrics["duplicate_text_share"]["n"] == len(posts) - reshares


async def test_repeated_texts_are_found_in_any_spelling_and_by_their_hash(
    api: Api, store: Store
) -> None:
    same = ["Buy now", "Buy now", "Buy now", "buy NOW https://t.co/1", "@you Buy now"]
    copies = [
        a_post(f"c{n}", NOON + timedelta(hours=n), text=text, author=f"a{n % 4}")
        for n, text in enumerate(same)
    ]
    shares = [
        a_post(f"r{n}", NOON + timedelta(hours=n), text="shared", kind="reshare") for n in range(4)
    ]
    silent = [a_post(f"s{n}", NOON + timedelta(hours=n), text="") for n in range(4)]
    own = [a_post(f"o{n}", NOON + timedelta(hours=n)) for n in range(5)]
    await seed_found(store, [*copies, *shares, *silent, *own])
    campaign = await store.campaigns.get(await api.create())

    read = (await authenticity(store, campaign))["metrics"]["duplicate_text_share"]
    hashed = (await authenticity(store, campaign, most_read=5))["metrics"]["duplicate_text_share"]

    assert (read["value"], read["posts"], read["exact"]) == (50, 5, True)
    assert (read["n"], read["missing"], read["compared"]) == (14, 4, "normalised")
    text = read["texts"][0]
    assert (text["text"], text["posts"], text["authors"]) == ("Buy now", 5, 4)
    assert (text["first"], text["last"]) == ("2025-03-29T12:00:00.000Z", "2025-03-29T16:00:00.000Z")
    assert (hashed["value"], hashed["posts"], hashed["exact"]) == (30, 3, False)
    assert (hashed["texts"][0]["authors"], hashed["compared"]) == (3, "as_posted")


async def test_a_burst_is_of_many_authors_in_one_minute(api: Api, store: Store) -> None:
    burst = [
        a_post(f"b{n}", NOON + timedelta(seconds=6 * n), author=f"a{n}", text=f"t {n}")
        for n in range(8)
    ]
    one_author = [
        a_post(f"n{n}", NOON + timedelta(hours=2, seconds=n), author="loud") for n in range(20)
    ]
    # A lively hour: the same six authors in each of its minutes.
    lively = [
        a_post(f"l{m}-{n}", NOON + timedelta(hours=4, minutes=m), author=f"a{n}")
        for m in range(60)
        for n in range(6)
    ]
    reshares = [
        a_post(f"r{n}", NOON + timedelta(hours=8), kind="reshare", author=f"a{n}") for n in range(9)
    ]
    await seed_found(store, [*burst, *one_author, *lively, *reshares])

    answer = await api.get(f"/v1/campaigns/{await api.create()}/authenticity")

    found = answer["metrics"]["burst_synchrony"]
    assert found["bursts_total"] == 1
    assert found["bursts"][0]["minute"] == "2025-03-29T12:00:00.000Z"
    assert (found["bursts"][0]["posts"], found["bursts"][0]["authors"]) == (8, 8)
    assert found["n"] == 8 + 20 + 360
    assert found["value"] == pytest.approx(100 * 8 / 388)


async def test_small_pages_give_the_same_answer(
    store: Store, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = [
        a_post(f"s{n}", NOON + timedelta(seconds=n), author=f"a{n}", text=f"Same @you{n % 2}")
        for n in range(8)
    ]
    await seed_found(store, same)
    campaign = await store.campaigns.get(seeded.campaign)
    whole = (await authenticity(store, campaign))["metrics"]

    monkeypatch.setattr("api.answers.authors._PAGE_BUCKETS", 40)
    for name in ("_PAIRS_A_PAGE", "_TEXTS_A_PAGE", "_MINUTES_A_REQUEST"):
        monkeypatch.setattr(f"api.answers.authenticity.{name}", 3)
    paged = (await authenticity(store, campaign))["metrics"]

    assert whole["burst_synchrony"]["bursts_total"] > 1
    assert whole["duplicate_text_share"]["texts"][0]["authors"] == 8
    for name in whole:
        assert without_time(paged[name]) == without_time(whole[name]), name


def without_time(metric: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metric.items() if name != "as_of"}


async def test_bursts_of_every_month_are_found(api: Api, store: Store) -> None:
    moments = [
        *(NOON, NOON + timedelta(days=40), NOON + timedelta(days=400)),
        *(NOON.replace(year=1), NOON.replace(year=9999, month=12)),
    ]
    posts = [
        a_post(f"b{moment.year}-{moment.month}-{n}", moment, author=f"a{n}", text=f"{moment} {n}")
        for moment in moments
        for n in range(5)
    ]
    await seed_found(store, posts)

    campaign = await api.create(**{"from": "0001-01-01", "to": "9999-12-31"})
    answer = await api.get(f"/v1/campaigns/{campaign}/authenticity")

    assert answer["metrics"]["burst_synchrony"]["bursts_total"] == 5
    assert answer["metrics"]["burst_synchrony"]["value"] == 100


async def test_of_an_empty_lake_nothing_is_known(api: Api) -> None:
    answer = await api.get(f"/v1/campaigns/{await api.create()}/authenticity", exact="true")

    metrics = answer["metrics"]
    assert answer["n"] == 0
    assert metrics["authors"]["value"] == 0
    for name in ("top_authors_share", "author_gini", "duplicate_text_share", "burst_synchrony"):
        assert metrics[name]["value"] is None, name
        assert metrics[name]["definition"] == f"{name}.v1"
