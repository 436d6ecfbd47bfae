"""Metrics 34, 35 and 41, and bursts."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.authenticity import concentration, gini
from analysis.authors import Author
from analysis.bursts import Minutes, is_burst, synchrony, tail
from analysis.completeness import (
    Hour,
    captures_in,
    lincoln_petersen,
    overall,
    target_row,
)
from analysis.envelope import Context
from analysis.population import Population
from analysis.repeated_texts import (
    AS_POSTED,
    MOST_HASHES,
    NORMALISED,
    Texts,
    duplicate_share,
    normal_text,
    repeated_hashes,
)
from lake import times
from lake.text import digest

CONTEXT = Context("2026-03-02T00:00:00.000Z", 0.5)
START, END = times.from_text("2026-03-01"), times.from_text("2026-03-02")


def test_34_gini_is_0_where_all_wrote_as_many_and_high_where_one_wrote_all() -> None:
    assert gini([3, 3, 3]) == 0
    assert gini([1, 1, 1, 7]) == pytest.approx(0.45)
    assert gini([0, 0, 0, 10]) == pytest.approx(0.75)
    assert gini([5]) == 0
    assert gini([]) is None


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(2, 9))
def test_34_gini_is_half_the_relative_mean_difference_and_knows_no_scale(
    counts: list[int], times_more: int
) -> None:
    n = len(counts)
    differences = sum(abs(one - other) for one in counts for other in counts)
    expected = differences / (2 * n * sum(counts))

    assert gini(counts) == pytest.approx(expected)
    assert gini([times_more * count for count in counts]) == pytest.approx(expected)


def _everybody(counts: dict[str, int]) -> Population:
    return Population([Author(key, posts=count) for key, count in counts.items()])


def test_34_the_share_of_the_ten_most_active_is_of_posts_with_an_author() -> None:
    counts = {f"x:{number:02}": 1 for number in range(20)} | {"x:most": 11}

    found = concentration(_everybody(counts), 40, 31, CONTEXT)

    assert found["top_authors_share"]["value"] == pytest.approx(100 * 20 / 31)
    assert found["top_authors_share"]["missing"] == 9
    assert found["top_authors_share"]["exact"]
    assert found["authors"]["value"] == 21
    rows = found["top_authors_share"]["authors"]
    assert [row["author"] for row in rows[:3]] == ["x:most", "x:00", "x:01"]
    assert len(rows) == 10


def test_34_of_no_posts_concentration_is_unknown() -> None:
    found = concentration(_everybody({}), 0, 0, CONTEXT)

    assert found["top_authors_share"]["value"] is None
    assert found["author_gini"]["value"] is None


def test_34_a_weight_stands_for_as_many_authors_that_wrote_alike() -> None:
    assert gini([1, 3], [4, 2]) == pytest.approx(gini([1, 1, 1, 1, 3, 3]))


@pytest.mark.parametrize("seed", range(5))
def test_34_of_very_many_authors_the_estimate_and_its_bound_hold_the_truth(seed: int) -> None:
    dice = random.Random(seed)
    counts = sorted((int(dice.paretovariate(1.2)) for _ in range(30_000)), reverse=True)
    authors = [Author(f"x:{place:05}", posts=count) for place, count in enumerate(counts)]
    leaders, others = authors[:200], authors[200:]
    sample = dice.sample(others, 1_000)
    some = Population(leaders, sample, len(others), 0)
    at_most = others[0].posts

    found = concentration(some, sum(counts), sum(counts), CONTEXT, at_most=at_most)

    told, truth = found["author_gini"], gini(counts)
    assert truth is not None
    assert not told["exact"]
    assert 0 < told["error_bound"] < 0.1
    # The interval is one of 95 %; twice as wide, these five draws must all lie in it.
    assert abs(told["value"] - truth) < 2 * told["error_bound"]
    share = found["top_authors_share"]
    assert share["exact"]  # the leaders hold the ten for sure
    assert share["value"] == pytest.approx(100 * sum(counts[:10]) / sum(counts))


def test_34_ten_who_may_not_be_the_first_are_told_with_a_bound() -> None:
    some = Population([Author("x:a", posts=5)], [Author("x:b", posts=1)], 100, 3)

    found = concentration(some, 105, 105, CONTEXT, at_most=4)

    share = found["top_authors_share"]
    assert share["value"] == pytest.approx(100 * 6 / 105)
    assert (share["exact"], share["error_bound"]) == (False, pytest.approx(100 * 3 / 105))
    assert (found["authors"]["exact"], found["authors"]["error_bound"]) == (False, 3)


def hits(*texts: str) -> list[dict[str, Any]]:
    return [{"_source": {"text": text, "text_hash": digest(text)}} for text in texts]


def test_35_texts_are_equal_without_addresses_mentions_case_and_blanks() -> None:
    same = [
        "Buy  NOW #acme",
        "buy now #acme https://t.co/1",
        "@you Buy now #acme",
        "Ｂuy now #acme",
    ]

    assert {normal_text(text) for text in same} == {"buy now #acme"}
    assert normal_text("buy #acme") != normal_text("buy #rival")
    assert normal_text("https://t.co/1 @you") == ""
    assert normal_text("mail me@example.org") == "mail me@example.org"


def test_35_a_text_repeats_from_the_third_time_on() -> None:
    texts = Texts()
    texts.add(hits("Buy now", "buy NOW", "twice", "twice", "own words", "https://t.co/1"))
    texts.add(hits("buy now https://t.co/9", "Buy now"))

    found = texts.repeated()

    assert [(group.posts, len(group.hashes)) for group in found.groups] == [(4, 3)]
    assert found.groups[0].hashes[0] == digest("Buy now")
    assert (found.worded, found.compared) == (7, NORMALISED)
    share = duplicate_share(found, 9, CONTEXT)
    assert share["value"] == pytest.approx(100 * 4 / 7)
    assert (share["n"], share["missing"], share["exact"]) == (9, 2, True)


def test_35_addresses_alone_are_no_text_that_repeats() -> None:
    texts = Texts()
    texts.add(hits("https://t.co/1", "https://t.co/2", "https://t.co/3", "@you", "words"))

    found = texts.repeated()

    assert (found.groups, found.worded) == ([], 1)


def test_35_of_too_many_posts_only_hashes_are_compared_and_it_is_said() -> None:
    buckets = [{"key": "h1", "doc_count": 5}, {"key": "h0", "doc_count": 5}]
    answer = {"aggregations": {"texts": {"buckets": buckets, "doc_count_error_upper_bound": 0}}}

    found = repeated_hashes(answer, 20)

    assert [group.hashes for group in found.groups] == [("h0",), ("h1",)]
    share = duplicate_share(found, 25, CONTEXT)
    assert share["value"] == 50
    assert (share["compared"], share["exact"], share["lower_bound"]) == (AS_POSTED, False, True)


def test_35_more_repeated_texts_than_a_request_counts_are_not_complete() -> None:
    many = [{"key": str(number), "doc_count": 3} for number in range(MOST_HASHES)]

    found = repeated_hashes({"aggregations": {"texts": {"buckets": many}}}, 10**6)

    assert found.complete is False


def test_35_without_texts_the_share_is_unknown() -> None:
    assert duplicate_share(Texts().repeated(), 3, CONTEXT)["value"] is None


def test_the_tail_of_a_poisson_distribution() -> None:
    assert tail(6, 1.0) == pytest.approx(0.000594185, rel=1e-5)
    assert tail(5, 1.0) == pytest.approx(0.003659847, rel=1e-5)
    assert tail(0, 1.0) == 1
    assert tail(1, 2.0) == pytest.approx(1 - math.exp(-2))
    assert tail(3, 0.0) == 0
    assert 0 < tail(200, 20.0) < 1e-120


def test_a_burst_needs_5_authors_and_a_chance_below_one_in_1000() -> None:
    assert is_burst(5, 5 / 60) is True
    assert is_burst(4, 4 / 60) is False
    assert is_burst(5, 1.0) is False
    assert is_burst(6, 1.0) is True


def hour_of(posts: int, minutes: dict[str, int]) -> dict[str, Any]:
    def at(text: str) -> int:
        return int(times.from_text(text).timestamp() * 1000)

    hours = [{"key": at("2026-03-01T12:00:00Z"), "doc_count": posts}]
    found = [{"key": at(f"2026-03-01T12:{m}:00Z"), "doc_count": n} for m, n in minutes.items()]
    return {"aggregations": {"hours": {"buckets": hours}, "minutes": {"buckets": found}}}


def test_posts_in_bursts_are_counted_by_their_distinct_authors() -> None:
    minutes = Minutes(START, END)
    minutes.add(hour_of(60, {"05": 8, "06": 9, "07": 5}))

    assert [minutes.posts[minute] for minute in sorted(minutes.posts)] == [8, 9]
    first, second = sorted(minutes.posts)
    bursts = minutes.bursts({first: 7, second: 3})  # the second: one author, again and again
    found = synchrony(bursts, 60, CONTEXT)
    assert found["value"] == pytest.approx(100 * 8 / 60)
    assert found["bursts_total"] == 1
    assert found["bursts"][0] == {
        "minute": "2026-03-01T12:05:00.000Z",
        "posts": 8,
        "authors": 7,
        "expected": 1,
        "chance": pytest.approx(tail(7, 1.0)),
    }


def test_an_hour_that_the_window_cuts_counts_only_its_part() -> None:
    quarter = times.from_text("2026-03-01T12:15:00Z")
    minutes = Minutes(START, quarter)
    minutes.add(hour_of(15, {"05": 6}))

    assert list(minutes.means.values()) == [1]


def test_an_hour_that_has_not_come_counts_as_a_whole_one() -> None:
    minutes = Minutes(START, START)
    minutes.add(hour_of(60, {"05": 6}))

    assert list(minutes.means.values()) == [1]


def test_of_no_posts_synchrony_is_unknown() -> None:
    assert synchrony([], 0, CONTEXT)["value"] is None


def test_41_lincoln_petersen() -> None:
    assert lincoln_petersen(20, 14, 7) == 40
    assert lincoln_petersen(20, 14, 6) is None


def test_41_completeness_is_what_was_seen_of_the_hours_that_tell() -> None:
    told, silent = Hour(0, 20, 14, 7), Hour(3_600_000, 30, 3, 2)

    row = target_row(("x", "acme"), ["x:hashtag:acme", "x:stream:posts"], {(0, 1): [told, silent]})

    assert row["estimate"] == 40
    assert row["seen"] == 27
    assert row["value"] == 27 / 40
    assert (row["n"], row["missing"]) == (2, 1)
    assert overall([row, row])["value"] == 27 / 40
    assert overall([])["value"] is None


def test_41_the_two_captures_are_those_with_most_in_common() -> None:
    captures = ["x:hashtag:acme", "x:push:home", "archive:file:a"]
    pairs = {(0, 1): [Hour(0, 9, 9, 7)], (0, 2): [Hour(0, 9, 9, 8)], (1, 2): [Hour(0, 9, 9, 2)]}

    row = target_row(("x", "acme"), captures, pairs)

    assert row["captures"] == ["x:hashtag:acme", "archive:file:a"]


def test_41_only_ways_of_collecting_the_hashtag_are_captures() -> None:
    keys = [
        *("x:hashtag:acme", "x:hashtag:other", "x:comments:1", "x:posts:known"),
        *("x:hashtag:acme@2026-01-01T00:00:00.000Z/2026-02-01T00:00:00.000Z", "x:profile:me"),
        *("x:stream:posts", "x:push:home", "archive:file:a:1", "mastodon:stream:posts"),
    ]
    targets = {"buckets": [{"key": key, "doc_count": 1} for key in keys]}
    platforms = {"buckets": [{"key": "x", "targets": targets}]}
    answer = {"aggregations": {"tags": {"buckets": {"acme": {"platforms": platforms}}}}}

    found = captures_in(answer)

    assert found == {("x", "acme"): [keys[0], keys[4], keys[6], keys[7], keys[8]]}


@given(st.integers(7, 50), st.integers(0, 50), st.integers(0, 50))
def test_41_an_estimate_is_never_below_what_was_seen(both: int, one: int, other: int) -> None:
    hour = Hour(0, both + one, both + other, both)

    assert (hour.estimate or 0) >= hour.seen - 1e-9
