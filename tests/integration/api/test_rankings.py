"""Rankings, and answers about very many authors: exact or estimated, against plain Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analysis.assumptions import Assumptions
from analysis.leaders import Sizes
from analysis.reach import Efficiency
from api import answers
from lake.campaign import Campaign
from lake.store import Store
from tests.fakes import plain_answers as plain
from tests.fakes.campaign_posts import START, random_posts, seed_store
from tests.fakes.plain_answers import Plain, Seeded, chosen
from tests.fakes.running_api import BRANDS, OWN, Api

# The test's campaign has a few dozen authors.
SMALL = Sizes(few=3, leaders=6, sample=15, more=2)
COUNTED = {
    "engagement": "engagement",
    "posts": "posts",
    "originals": "originals",
    "likes": "likes",
    "shares": "shares",
    "comments": "comments",
    "reach": "followers",
    "impact": "potential_impressions",
}


async def test_every_ranking_is_in_order_and_exact(api: Api, seeded: Seeded) -> None:
    own = seeded.own
    shown = {"er": "er_pooled", "positive": "sentiment_mean", "negative": "sentiment_mean"}
    for by, field in {**COUNTED, **shown}.items():
        answer = await api.get(f"/v1/campaigns/{seeded.campaign}/influencers", by=by, limit=1000)

        sign = 1 if by == "negative" else -1
        order = [
            (float("inf") if row[field] is None else sign * row[field], row["author"])
            for row in answer["influencers"]
        ]
        assert order == sorted(order), by
        assert {row["author"] for row in answer["influencers"]} == _listed(own, by)
        assert answer["exact"] is True
        assert answer["title"]
        for row in answer["influencers"]:
            posts = own.by_author()[row["author"]]
            assert row["originals"] == sum(post.kind == "post" for post in posts)


def _listed(own: Plain, by: str) -> set[str]:
    """Whom a ranking lists: rates and means are only told of three posts or more."""
    authors, rows = own.by_author(), plain.influencer_rows(own)
    if by == "er":
        rated = {name for name, row in rows.items() if row["er_pooled"] is not None}
        return {name for name in rated if len(authors[name]) > 2}
    if by in ("positive", "negative"):
        scored = {
            name: sum(post.native_id in own.scores for post in posts)
            for name, posts in authors.items()
        }
        found = {name for name, count in scored.items() if count > 2}
        assert found
        return found
    return set(authors)


async def test_components_tell_their_value_rank_and_weight(api: Api, seeded: Seeded) -> None:
    answer = await api.get(f"/v1/campaigns/{seeded.campaign}/influencers", limit=1000)

    rows = answer["influencers"]
    for row in rows:
        parts = row["components"]
        weight = sum(part["weight"] for part in parts.values())
        points = sum(part["weight"] * part["percentile"] for part in parts.values())
        assert row["score"] == pytest.approx(100 * points / weight)
        assert parts["posts"]["value"] == row["posts"]
        assert parts.get("potential_reach", {"value": None})["value"] == row["followers"]


async def test_new_voices_never_spoke_before_the_window(api: Api, store: Store) -> None:
    posts = random_posts(11)
    await seed_store(store, posts, {})
    campaign = await api.create()
    start = START + timedelta(days=8)

    answer = await api.get(
        f"/v1/campaigns/{campaign}/influencers",
        **{"by": "new", "limit": 1000, "from": "2025-04-06"},
    )

    begins = datetime(1, 1, 1, tzinfo=UTC)
    end = datetime(2025, 4, 9, tzinfo=UTC)
    before = {plain.key_of(post) for post in chosen(posts, OWN, begins, start)}
    during = Plain(chosen(posts, OWN, start, end), {}).by_author()
    expected = set(during) - before
    assert {row["author"] for row in answer["influencers"]} == expected
    assert 0 < len(expected) < len(during)


async def _campaign(store: Store, seeded: Seeded) -> Campaign:
    return await store.campaigns.get(seeded.campaign)


async def test_an_estimated_summary_is_as_close_as_it_says(seeded: Seeded, store: Store) -> None:
    campaign = await _campaign(store, seeded)

    exact = (await answers.summary(store, campaign, exact=True))["metrics"]
    fast = (await answers.summary(store, campaign, exact=False, sizes=SMALL))["metrics"]
    small = (await answers.summary(store, campaign, sizes=SMALL))["metrics"]

    assert {name: one["value"] for name, one in small.items()} == {
        name: one["value"] for name, one in fast.items()
    }
    assert fast["posts"] == exact["posts"] | {"as_of": fast["posts"]["as_of"]}
    assert (exact["authors"]["exact"], fast["authors"]["exact"]) == (True, False)
    for name in ("authors", "potential_impressions", "potential_reach", "frequency", "er_pooled"):
        guess, truth = fast[name], exact[name]
        assert (guess["exact"], truth["exact"]) == (False, True)
        # A 95 % interval of a very small sample; the draw is the same each time.
        assert abs(guess["value"] - truth["value"]) <= 2 * guess["error_bound"] + 1e-9, name
    assert fast["potential_reach"]["error_bound"] > 0
    assert exact["potential_reach"]["followers_source"] == "at_post_or_latest"
    assert fast["potential_reach"]["followers_source"] == "at_post_or_highest"


async def test_estimated_rankings_show_true_numbers_and_say_how_sure_they_are(
    seeded: Seeded, store: Store
) -> None:
    campaign = await _campaign(store, seeded)
    expected = plain.influencer_rows(seeded.own)
    certain = []
    for by, field in COUNTED.items():
        exact = await answers.influencers(store, campaign, by=by, limit=4, exact=True)
        fast = await answers.influencers(store, campaign, by=by, limit=4, exact=False, sizes=SMALL)

        bound = fast["outside_at_most"]
        assert bound is not None
        if fast["exact"]:
            certain.append(by)
        for row in fast["influencers"]:
            for name in ("posts", "followers", "engagement", "likes", "sentiment_mean"):
                value = expected[row["author"]][name]
                assert row[name] == (pytest.approx(value) if value is not None else None), name
            assert row["handle"].upper() == row["name"]
        sure = [row["author"] for row in fast["influencers"] if (row[field] or 0) > bound]
        assert sure == [row["author"] for row in exact["influencers"]][: len(sure)]
    assert 0 < len(certain) < len(COUNTED)


async def test_an_estimated_score_is_as_close_as_it_says(seeded: Seeded, store: Store) -> None:
    campaign = await _campaign(store, seeded)
    expected = plain.influencer_rows(seeded.own)

    fast = await answers.influencers(store, campaign, limit=6, exact=False, sizes=SMALL)

    assert fast["exact"] is False
    assert 0 < fast["error_bound"] < 60
    assert fast["authors_looked_at"] < len(expected)
    for row in fast["influencers"]:
        assert abs(row["score"] - expected[row["author"]]["score"]) <= fast["error_bound"]


@pytest.mark.parametrize("counting", ["whole", "fractional"])
async def test_an_estimated_share_of_voice_is_as_close_as_it_says(
    seeded: Seeded, store: Store, counting: str
) -> None:
    campaign = await _campaign(store, seeded)
    expected = plain.brand_numbers(BRANDS, seeded.panel, fractional=counting == "fractional")

    fast = await answers.share_of_voice(
        store, campaign, counting=counting, exact=False, sizes=SMALL
    )

    assert fast["exact"] is False
    for brand in fast["brands"]:
        truth = expected[brand["name"]]
        for measure in ("posts", "engagement"):
            assert (brand[measure]["value"] or 0) == pytest.approx(truth[measure])
            assert "error_bound" not in brand[measure]
        for measure in ("users", "potential_reach"):
            found: dict[str, Any] = brand[measure]
            if found["value"] is None:
                assert truth[measure] == 0
                continue
            assert abs(found["value"] - truth[measure]) <= 2 * found["error_bound"] + 1e-9


async def test_estimated_reach_goes_by_the_efficiencies_that_are_configured(
    seeded: Seeded, store: Store
) -> None:
    campaign = await _campaign(store, seeded)
    parts = Efficiency({"reddit": 0.5})

    without = (await answers.summary(store, campaign))["metrics"]["estimated_reach"]
    found = (await answers.summary(store, campaign, assumed=Assumptions(parts)))["metrics"]

    followers = seeded.own.reaches()
    default = 0.2 * sum(count or 0 for count in followers.values())
    assert (without["value"], without["efficiency"]) == (
        *(pytest.approx(default), Efficiency().key()),
    )
    expected = sum(
        (0.5 if author.startswith("reddit:") else 0.2) * (count or 0)
        for author, count in followers.items()
    )
    assert found["estimated_reach"]["value"] == pytest.approx(expected)
    assert found["estimated_reach"]["efficiency"] == parts.key()
