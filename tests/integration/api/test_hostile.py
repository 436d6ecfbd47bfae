"""Hostile words in every place: no number changes, every answer is one, every refusal a problem."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lake.records import Author, Post
from lake.store import Store
from lake.text import normal_hashtags
from tests.fakes.campaign_posts import SPEC, random_posts, random_scores, seed_store
from tests.fakes.hostile_words import ADDRESSED, TAGS, WORDS
from tests.fakes.running_api import Api

_ROUTES = (
    *("summary", "timeline", "influencers", "share-of-voice", "sentiment", "coverage"),
    *("windows", "spikes", "peaks", "forecast", "comments", "authenticity", "posts"),
)


def _told(tag: str, posts: Sequence[Post], words: Sequence[str], tags: Sequence[str]) -> list[Post]:
    """The same posts once more, by a campaign of their own, with other words in every place."""
    found = []
    for place, post in enumerate(posts):
        word, second = words[place % len(words)], words[(place * 7 + 3) % len(words)]
        own = post.author.id or post.author.handle
        author = Author(f"{tag}-{own}", f"{second} {own}", word, post.author.followers)
        changed = {
            "native_id": f"{tag}-{post.native_id}",
            "text": f"{word} {place}",
            "author": author if own else Author(),
            "hashtags": (tag, *normal_hashtags([tags[place % len(tags)]])),
        }
        found.append(replace(post, **changed))
    return found


def _numbers(value: Any) -> Any:
    """An answer without its words: how it is built, and its numbers."""
    if isinstance(value, dict):
        return {key: _numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    return "word" if isinstance(value, str) else value


@pytest.fixture
async def twins(api: Api, store: Store) -> dict[str, str]:
    """Two campaigns over the same posts: one of calm words, one of hostile ones; their ids."""
    posts = random_posts(20_250_403, 200)
    found = {}
    places = range(len(posts))
    for tag, words, tags in (
        ("calm", [f"word {n} of many" for n in places][: len(WORDS)], [f"t{n}" for n in range(12)]),
        ("wild", WORDS, TAGS),
    ):
        told = _told(tag, posts, words, tags)
        scores = random_scores(3, posts)
        toned = {f"{tag}-{key}": score for key, score in scores.items()}
        for first in range(0, len(told), 20):  # some are large, and a request must not be
            await seed_store(store, told[first : first + 20], toned)
        rivals = [{"name": f"{words[0]} & co", "hashtags": [normal_hashtags([tags[0]])[0]]}]
        found[tag] = await api.create(name=words[1], hashtags=[tag], competitors=rivals)
    return found


async def test_hostile_words_change_no_number(api: Api, twins: dict[str, str]) -> None:
    for route in _ROUTES:
        calm, wild = [
            await api.get(f"/v1/campaigns/{twins[tag]}/{route}") for tag in ("calm", "wild")
        ]

        assert _numbers(wild) == _numbers(calm), route
    related = [
        (await api.get(f"/v1/campaigns/{twins[tag]}/hashtags", min_posts=1, exact="true"))
        for tag in ("calm", "wild")
    ]
    calm, wild = [
        Counter((row["posts"], row["all_posts"], row["lift"]) for row in answer["hashtags"])
        for answer in related
    ]
    assert len(related[1]["hashtags"]) == len(TAGS)
    assert wild == calm


async def test_a_file_of_hostile_words_is_whole_and_runs_nothing(
    api: Api, twins: dict[str, str]
) -> None:
    path = f"/v1/campaigns/{twins['wild']}"
    posts = (await api.get(f"{path}/summary"))["metrics"]["posts"]["value"]

    csv.field_size_limit(1_000_000)
    async with api.session.get(f"{path}/export", params={"format": "csv"}) as answer:
        rows = list(csv.DictReader(io.StringIO((await answer.read()).decode(), newline="")))
    listed = await api.get(f"{path}/export", format="json")

    assert len(rows) == len(listed) == posts > 60
    assert {row["id"] for row in rows} == {row["id"] for row in listed}
    for row in rows:
        for name in ("text", "author_name", "author_handle", "hashtags"):
            assert not row[name].startswith(("=", "+", "-", "@", "＝", "\t", "\r")), row[name][:50]
    assert any(row["text"].startswith("'=cmd") for row in rows)
    assert any(len(row["text"]) > 100_000 for row in listed)


async def test_a_campaign_of_a_hostile_name_is_kept_or_refused(api: Api) -> None:
    statuses = []
    for word in WORDS:
        rivals = [{"name": f"{word[:100]} too", "hashtags": ["rival"]}]
        body = json.dumps(SPEC | {"name": word, "competitors": rivals})
        sent = {"data": body, "headers": {"Content-Type": "application/json"}}
        async with api.session.post("/v1/campaigns", **sent) as answer:
            made = await answer.json()
            statuses.append(answer.status)
            if answer.status != 201:
                assert answer.content_type == "application/problem+json", word[:50]
                continue
        assert (await api.get(f"/v1/campaigns/{made['id']}"))["name"] == made["name"]
        shares = await api.get(f"/v1/campaigns/{made['id']}/share-of-voice")
        assert shares["brands"][0]["name"] == made["name"]
        assert made["name"].isprintable() or made["name"] == word.strip()
    assert set(statuses) <= {201, 400, 413, 422}
    assert statuses.count(201) > 15


async def test_hostile_addresses_are_nobodys(api: Api) -> None:
    routes = ("", *(f"/{route}" for route in (*_ROUTES, "hashtags", "export")))
    for place, word in enumerate(ADDRESSED):
        path = f"/v1/campaigns/{word}{routes[place % len(routes)]}"
        assert await api.raw_status("GET", path) == 404, path[:80]
        assert await api.raw_status("DELETE", f"/v1/campaigns/{word}") in (404, 405), word[:80]
        assert await api.raw_status("GET", f"/v1/tags/{word}") in (400, 404, 422), word[:80]
        assert await api.raw_status("GET", f"/v1/profiles/x/{word}") in (400, 404, 422), word[:80]
        assert await api.raw_status("DELETE", f"/v1/labels/{word}") in (400, 404), word[:80]


async def test_hostile_values_are_refused_with_reasons(api: Api) -> None:
    campaign = await api.create()
    document = await api.get("/openapi.json")
    for place, word in enumerate(ADDRESSED):
        for shift, route in enumerate((*_ROUTES, "hashtags", "export")):
            path = f"/v1/campaigns/{{campaign_id}}/{route}"
            known = [one["name"] for one in document["paths"][path]["get"]["parameters"][1:]]
            name = known[(place + shift) % len(known)] if known else "x"
            url = f"/v1/campaigns/{campaign}/{route}?{name}={word}"
            status = await api.raw_status("GET", url)
            assert status in (400, 414, 422), (status, url[:200])
