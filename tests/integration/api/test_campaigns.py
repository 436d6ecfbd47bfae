"""Which posts belong to a campaign, asked of a real index; and what a campaign is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from analysis.membership import posts_query
from api import answers
from api.app import create_app
from lake import times
from lake.campaign import Campaign, checked_spec
from lake.config import ApiConfig, Config
from lake.documents import Origin, post_document
from lake.platform_facts import PlatformFacts
from lake.records import Author, Post
from lake.store import Store
from tests.fakes.running_api import Api, running_api

DATES = {"from": "2026-03-01", "to": "2026-04-01"}
AT = times.from_text("2026-03-05T12:00:00Z")
OFFERS = dict.fromkeys(("posts", "counts", "profiles", "comments", "history", "refresh"), "all")
PLATFORMS: Mapping[str, PlatformFacts] = {
    "x": PlatformFacts("X", OFFERS, history=timedelta(days=7), reach_back=timedelta(days=7)),
    "mastodon": PlatformFacts("Mastodon", {"posts": "all"}),
    "reddit": PlatformFacts("Reddit", OFFERS, configured=False, needs=("client_id (an app)",)),
}
# What is told apart: id -> text, and what differs from an untagged English post by Zoe on X.
POSTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "tag": ("look", {"hashtags": ("espresso",)}),
    "word": ("My Espresso, today.", {}),
    "inside": ("espressomachine", {}),
    "phrase": ("Best COLD  brew!", {}),
    "apart": ("brew it cold", {}),
    "decaf": ("espresso but decaf", {}),
    "ad": ("espresso", {"hashtags": ("ad",)}),
    "ann": ("hello", {"author": Author("a1", "Ann")}),
    "ann_there": ("hello", {"author": Author("a1", "Ann"), "platform": "mastodon"}),
    "channel": ("hello", {"author": Author("UCxY", "Chan"), "platform": "youtube"}),
    "to_ann": ("@Ann hello", {"mentions": ("Ann",)}),
    "german": ("espresso bitte", {"language": "de-AT"}),
    "early": ("espresso", {"created_at": AT - timedelta(days=30)}),
    "comment": ("espresso", {"kind": "comment"}),
    "japanese": ("今日はコーヒーを飲む", {"language": "ja"}),
    "emoji": ("time for ☕ now", {}),
    "rival": ("ristretto", {"hashtags": ("ristretto",)}),
    "hostile": ("') OR 1=1 -- <script>alert(1)</script> =cmd()", {}),
}
WORDS = {"word", "decaf", "ad", "german"}


@pytest.fixture
async def lake(store: Store) -> Store:
    operations: list[dict[str, Any]] = []
    for name, (text, changes) in POSTS.items():
        usual = Post("x", "post", name, AT, AT, text, Author("z1", "Zoe"), language="en")
        document = post_document(store.layout, replace(usual, **changes), Origin("r", "x:a:b"))
        operations.append({"index": {"_index": document.index, "_id": document.id}})
        operations.append(document.source)
    answer = await store.client.bulk(operations=operations, refresh=True)
    assert not answer["errors"]
    return store


async def belonging(store: Store, **body: Any) -> set[str]:
    spec = checked_spec({"name": "C", **DATES, **body})
    one = Campaign(**dict(spec), id="c", created_at=AT, updated_at=AT, revision=1)
    found = await store.search(
        store.layout.every("posts"), {"query": posts_query(one), "size": 100, "_source": False}
    )
    return {hit["_id"].partition(":")[2] for hit in found["hits"]["hits"]}


async def test_lists_find_the_posts_that_they_say(lake: Store) -> None:
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"hashtags": ["espresso"]}, {"tag"}),
        ({"keywords": ["espresso"]}, WORDS),
        ({"hashtags": ["espresso"], "keywords": ['"cold brew"']}, {"tag", "phrase"}),
        ({"keywords": ["cold brew"], "exclude": ["best"]}, set()),
        ({"keywords": ["espresso"], "exclude": ["decaf", "#ad"]}, {"word", "german"}),
        ({"keywords": ["espresso"], "all_of": ["#ad"]}, {"ad"}),
        ({"keywords": ["espresso"], "all_of": ["but", "decaf"]}, {"decaf"}),
        ({"keywords": ["espresso"], "languages": ["de"]}, {"german"}),
        ({"keywords": ["espresso"], "languages": ["en", "ja"]}, WORDS - {"german"}),
        ({"keywords": ["espresso"], "platforms": ["mastodon"]}, set()),
        ({"keywords": ["espresso"], "from": "2026-02-01"}, {*WORDS, "early"}),
        ({"keywords": ["espresso"], "authors_exclude": ["x:ZOE"]}, set()),
        ({"profiles": ["x:@ann"]}, {"ann"}),
        ({"profiles": ["x:ann", "mastodon:ANN"]}, {"ann", "ann_there"}),
        ({"profiles": ["youtube:UCxY"]}, {"channel"}),
        ({"profiles": ["youtube:ucxy"]}, set()),
        ({"profiles": ["x:a1"], "keywords": ["ristretto"]}, {"ann", "rival"}),
        ({"keywords": ["コーヒー"]}, {"japanese"}),
        ({"keywords": ["☕"]}, {"emoji"}),
    ]
    for body, expected in cases:
        assert await belonging(lake, **body) == expected, body


async def test_boolean_queries_find_the_posts_that_they_say(lake: Store) -> None:
    cases: list[tuple[str, set[str]]] = [
        ("espresso", WORDS),
        ("#espresso OR espresso", {*WORDS, "tag"}),
        ('(espresso OR "cold brew") AND NOT decaf', {"word", "ad", "german", "phrase"}),
        ("espresso -decaf -#ad lang:en", {"word"}),
        ("brew AND cold", {"phrase", "apart"}),
        ('"brew cold"', set()),
        ("espresso NOT (decaf OR #ad OR lang:de)", {"word"}),
        ("@ANN", {"to_ann"}),
        ("from:ann", {"ann", "ann_there"}),
        ("from:mastodon:ann", {"ann_there"}),
        ("from:ann platform:x", {"ann"}),
        ("(hello -from:ann) OR #ristretto", {"channel", "to_ann", "rival"}),
        ('"OR 1=1" script', {"hostile"}),
        ('"espresso*"', WORDS),
    ]
    for query, expected in cases:
        assert await belonging(lake, query=query) == expected, query


async def test_what_was_detected_counts_before_what_a_platform_claims(lake: Store) -> None:
    await lake.client.update(
        index=lake.layout.posts(AT), id="x:german", doc={"lang": {"detected": "en"}}, refresh=True
    )

    assert "german" in await belonging(lake, keywords=["espresso"], languages=["en"])
    assert await belonging(lake, keywords=["espresso"], languages=["de"]) == set()


async def test_the_largest_campaign_that_is_taken_is_answered(lake: Store) -> None:
    words = ["".join(chr(0x4E00 + 39 * n + k) for k in range(38)) for n in range(50)]
    tags = [f"tag{n}" for n in range(50)]
    query = "from:zoe (" + " OR ".join(["(a OR (b -c))"] * 30) + " OR espresso)"

    assert await belonging(lake, keywords=words, hashtags=[*tags[1:], "espresso"]) == {"tag"}
    assert await belonging(lake, query=query) == WORDS


@pytest.fixture
async def api(lake: Store) -> AsyncIterator[Api]:
    app = create_app(lake, Config(api=ApiConfig(body_bytes=20_000)))
    app.state.platforms = PLATFORMS
    async with running_api(app) as running:
        yield running


async def test_a_campaign_of_words_is_answered_changed_and_kept(api: Api, lake: Store) -> None:
    body = {
        "hashtags": [],
        "query": "espresso lang:en",
        "competitors": [{"name": "Ristretto", "keywords": ["ristretto"]}],
        **DATES,
    }
    campaign = await api.create(**body)
    path = f"/v1/campaigns/{campaign}"

    summary = await api.get(f"{path}/summary")
    shares = await api.get(f"{path}/share-of-voice")
    coverage = await api.get(f"{path}/coverage")

    assert summary["metrics"]["posts"]["value"] == len(WORDS - {"german"})
    assert summary["coverage"] is None
    assert [brand["posts"]["value"] for brand in shares["brands"]] == [3, 1]
    assert coverage["targets"] == []
    async with api.session.patch(path, json={"hashtags": ["espresso"]}) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "query")
    changes = {"query": None, "profiles": ["x:@Ann"], "exclude": ["decaf"], "languages": ["en"]}
    async with api.session.patch(path, json=changes) as answer:
        changed = await answer.json()
    assert (changed["query"], changed["profiles"]) == (None, ["x:Ann"])
    assert await api.get(path) == changed
    assert (await api.get(f"{path}/summary"))["metrics"]["posts"]["value"] == 1
    kept = await lake.client.get(index=lake.layout.one("campaigns"), id=campaign)
    assert kept["_source"]["profiles"] == [{"platform": "x", "handle": "Ann"}]
    assert "query" not in kept["_source"]


async def test_labels_belong_to_the_campaigns_that_their_posts_belong_to(api: Api) -> None:
    by_ann = await api.create(hashtags=[], profiles=["x:ANN"], competitors=[], **DATES)
    german = await api.create(
        hashtags=[], keywords=["espresso"], languages=["de"], competitors=[], **DATES
    )
    asking = await api.create(hashtags=[], query="@Ann -from:ann", competitors=[], **DATES)
    for post in ("ann", "german", "word", "to_ann"):
        label = {"post": f"x:{post}", "label": "positive"}
        async with api.session.post("/v1/labels", json=label) as answer:
            assert answer.status == 201, await answer.text()

    for campaign, post in ((by_ann, "ann"), (german, "german"), (asking, "to_ann")):
        found = await api.get("/v1/labels", campaign=campaign)
        assert [one["post"] for one in found["items"]] == [f"x:{post}"]


async def test_a_campaign_is_told_what_will_not_be_there(api: Api) -> None:
    body = {"name": "A", "hashtags": ["a"], "keywords": ["b"], "from": "2026-01-01"}
    body |= {"to": "2100-01-01", "profiles": ["x:ann"]}
    async with api.session.post("/v1/campaigns", json=body) as answer:
        rows = {row["platform"]: row for row in (await answer.json())["availability"]}

    assert rows.keys() == {"mastodon", "x"}
    lacks = {name: {lack["what"] for lack in row["unavailable"]} for name, row in rows.items()}
    assert lacks["x"] == {"history", "profiles", "keywords"}
    assert lacks["mastodon"] == {"history", "counts", "comments", "refresh", "keywords"}
    async with api.session.post("/v1/campaigns", json=body | {"platforms": ["reddit"]}) as answer:
        (row, other) = (await answer.json())["availability"]
    assert (row["platform"], row["collected"]) == ("reddit", False)
    assert "client_id" in row["unavailable"][0]["reason"]
    assert other["platform"] == "x"


async def test_a_platform_that_there_is_not_is_refused_with_those_that_there_are(api: Api) -> None:
    body = {"name": "A", "hashtags": ["a"], **DATES}
    campaign = await api.create()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"platforms": ["x", "orkut"]}, "platforms"),
        ({"profiles": ["orkut:ann"]}, "profiles"),
        ({"authors_exclude": ["orkut:ann"]}, "authors_exclude"),
        ({"hashtags": [], "query": "a platform:orkut"}, "query"),
    ]
    for changes, field in cases:
        status, problem = await api.refusal("POST", "/v1/campaigns", json=body | changes)
        again, _ = await api.refusal("PATCH", f"/v1/campaigns/{campaign}", json=changes)

        assert (status, again) == (422, 422)
        assert problem["errors"][0]["field"] == field
        assert "'orkut'" in problem["detail"]
        assert "mastodon, reddit, x" in problem["detail"]
    assert (await api.get(f"/v1/campaigns/{campaign}"))["revision"] == 1


async def test_a_campaign_that_an_older_version_registered_reads_as_it_was(store: Store) -> None:
    old = {
        "id": "old",
        "name": "Old",
        "hashtags": ["a"],
        "competitors": [{"name": "R", "hashtags": ["r"]}],
        "start": "2026-03-01T00:00:00.000Z",
        "end": "2026-04-01T00:00:00.000Z",
        "created_at": "2026-03-01T00:00:00.000Z",
        "updated_at": "2026-03-01T00:00:00.000Z",
        "revision": 1,
    }
    index = store.layout.one("campaigns")
    await store.client.index(index=index, id="old", document=old, refresh=True)

    shown = answers.show_campaign(await store.campaigns.get("old"))
    made = await answers.create_campaign(store, {"name": "New", "hashtags": ["a"], **DATES})

    assert (shown["hashtags"], shown["query"], shown["keywords"]) == (["a"], None, [])
    assert shown["competitors"] == [{"name": "R", "hashtags": ["r"], "keywords": []}]
    assert made["availability"] is None
