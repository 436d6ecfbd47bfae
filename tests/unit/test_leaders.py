"""Which of very many authors are looked at, and what is known of those who are not."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from analysis.authors import Author
from analysis.index_parts import index_parts
from analysis.influencers import Scoring, can_be_estimated, in_order, outside_at_most, rows
from analysis.leaders import LEADS, found_in, leaders_body, sample_body, sample_in
from analysis.population import Population
from analysis.rankings import ORDERS, RANKINGS
from analysis.reach import Efficiency, estimated_reach
from lake.layout import Layout


def listed(*numbers: float, others: int = 5, counts: bool = False) -> dict[str, Any]:
    buckets = [
        {"key": f"x:{place}", "doc_count": number}
        | ({} if counts else {"number": {"value": number}})
        for place, number in enumerate(numbers)
    ]
    return {"authors": {"buckets": buckets, "sum_other_doc_count": others}}


def answer(*lists: dict[str, Any]) -> dict[str, Any]:
    return {"aggregations": {str(place): one for place, one in enumerate(lists)}}


def test_others_have_at_most_the_sum_of_the_last_of_each_index() -> None:
    found = found_in(answer(listed(9, 7), listed(6, 4)), "likes", 2, apart=True)

    assert found.at_most == 11
    assert found.keys == {"x:0", "x:1"}


def test_a_sample_comes_with_what_all_posts_tell() -> None:
    sums = {"followers": {"sum": 900, "count": 3}, "engagement": {"sum": 70, "count": 3}}
    sample = {"buckets": [{"key": "x:s", "doc_count": 1}]}

    found = sample_in({"aggregations": {**sums, "sample": sample}})

    assert found.keys == {"x:s"}
    assert (found.told.followers, found.told.engagement) == (900, 70)


def test_others_have_at_most_the_highest_of_the_last_followers() -> None:
    found = found_in(answer(listed(9, 7), listed(6, 4)), "reach", 2, apart=True)

    assert found.at_most == 7


def test_a_list_of_everybody_leaves_nobody() -> None:
    found = found_in(answer(listed(9, 7, others=0, counts=True)), "posts", 1, apart=True)

    assert found.at_most == 0


def test_nobody_knows_what_others_have_where_indices_are_mixed() -> None:
    found = found_in(answer(listed(9, 7)), "posts", 1, apart=False)

    assert found.at_most is None
    assert outside_at_most("posts", {"posts": found.at_most}) is None


def test_negative_sums_bound_others_by_0() -> None:
    found = found_in(answer(listed(3, -2)), "engagement", 1, apart=True)

    assert found.at_most == 0


@pytest.mark.parametrize("lead", sorted(LEADS))
def test_each_part_is_a_list_of_its_own(lead: str) -> None:
    parts = [{"term": {"a": 1}}, {"term": {"a": 2}}]

    body = leaders_body({"bool": {"filter": []}}, lead, parts, size=10)

    assert {"0", "1"} <= set(body["aggs"])
    assert body["aggs"]["1"]["filter"]["bool"]["filter"][0] == parts[1]
    only = {"originals": [{"term": {"kind": "post"}}], "posts": []}
    if lead in only:
        assert body["aggs"]["1"]["filter"]["bool"]["filter"][1:] == only[lead]


def test_the_sample_is_one_part_of_many() -> None:
    body = sample_body({"bool": {"filter": []}}, one_in=7, room=99)

    terms = body["aggs"]["sample"]["terms"]
    assert terms["include"] == {"partition": 0, "num_partitions": 7}
    assert (terms["size"], terms["shard_size"]) == (99, 99)


@pytest.mark.parametrize(
    ("start", "end", "by", "parts"),
    [
        ("2026-03-01", "2026-06-01", "year", 1),
        ("2026-01-01", "2027-01-01", "year", 1),
        ("2025-12-31", "2026-01-02", "year", 2),
        ("2015-06-01", "2026-02-01", "year", 12),
        ("2014-06-01", "2026-02-01", "year", 0),
        ("0001-01-01", "9999-01-01", "year", 0),
        ("2026-03-01", "2026-06-01", "month", 3),
        ("2026-03-31", "2026-04-02", "month", 2),
        ("2026-01-01", "2026-12-31", "month", 12),
        ("2026-01-01", "2027-03-31", "month", 0),
    ],
)
def test_a_window_is_cut_where_indices_meet(start: str, end: str, by: Any, parts: int) -> None:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    ends = datetime.fromisoformat(end).replace(tzinfo=UTC)

    found = index_parts(Layout("t-", by), begins, ends)

    assert len(found) == parts
    if parts == 1:
        assert found == [None]
    ranges = [one["range"]["@timestamp"] for one in found if one]
    assert all(one["lt"] == two["gte"] for one, two in pairwise(ranges))
    layout = Layout("t-", by)
    for one in ranges:
        first = datetime.fromisoformat(one["gte"])
        assert layout.posts(first) == layout.posts(first.replace(microsecond=1))
    names = {layout.posts(datetime.fromisoformat(one["gte"])) for one in ranges}
    assert len(names) == len(ranges)


def test_every_ranking_can_be_asked_for() -> None:
    assert set(RANKINGS) == {"score", *ORDERS}
    assert {by for by in RANKINGS if not can_be_estimated(by)} == {"er", "positive", "negative"}
    assert {lead for order in ORDERS.values() for lead in order.leads} <= set(LEADS)


def test_33_rankings_order_authors_by_their_number() -> None:
    loud = Author("x:loud", posts=9, originals=1, followers=10, lowest=10)
    liked = Author("x:liked", posts=4, originals=4, followers=500, lowest=500)
    rare = Author("x:rare", posts=2, originals=2, followers=900, lowest=900)
    for author, engagement, tone in ((loud, 90, -0.5), (liked, 100, 0.5), (rare, 80, 1.0)):
        author.sums["engagement"], author.known["engagement"] = engagement, author.posts
        author.score_sum, author.scored = tone * author.posts, author.posts
    everybody = [rare, loud, liked]
    scoring = Scoring(Population(everybody))

    def order(by: str) -> list[str]:
        return [one.key.removeprefix("x:") for one in in_order(everybody, by, scoring)]

    assert order("posts") == ["loud", "liked", "rare"]
    assert order("originals") == ["liked", "rare", "loud"]
    assert order("reach") == ["rare", "liked", "loud"]
    assert order("impact") == ["liked", "rare", "loud"]
    assert order("er") == ["loud", "liked"]
    assert order("positive") == ["liked", "loud"]
    assert order("negative") == ["loud", "liked"]
    assert order("likes") == ["liked", "loud", "rare"]


def test_32_components_come_with_value_rank_and_weight() -> None:
    authors = [Author(f"x:{n}", posts=1) for n in range(3)]
    for place, author in enumerate(authors, start=1):
        author.sums["engagement"], author.known["engagement"] = 10 * place, 1

    scoring = Scoring(Population(authors))
    first = rows([scoring.of(one) for one in in_order(authors, "score", scoring)])[0]

    assert first["components"]["engagement"] == {
        "value": 30,
        "percentile": pytest.approx(5 / 6),
        "weight": 0.35,
    }
    assert "potential_reach" not in first["components"]


def test_9_estimated_reach_is_followers_times_the_platforms_efficiency() -> None:
    people = Population(
        [
            Author("x:a", posts=3, followers=100_000, lowest=100_000),
            Author("tiktok:b", posts=1, followers=1_000, lowest=1_000),
            Author("x:c", posts=1),
        ]
    )

    half = Efficiency({"tiktok": 0.5})
    found = estimated_reach(people, half)

    assert (found.value, found.n, found.missing) == (20_500, 3, 1)
    assert Efficiency().of("x") == 0.2
    assert half.key() != Efficiency().key()
    assert half.key() == Efficiency({"tiktok": 0.5}).key()
