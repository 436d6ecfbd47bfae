"""What a sample of authors says of all of them, and how sure it is."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.authors import Author
from analysis.numbers import percentile_ranks
from analysis.population import Beside, Population
from analysis.reach import PostSums, impressions, rate_mean, rate_pooled, reach


def author(key: str, posts: int, followers: int | None, engagement: int = 0) -> Author:
    found = Author(f"x:{key}", posts=posts, followers=followers, lowest=followers)
    found.follower_sum = posts * (followers or 0)
    found.sums["engagement"], found.known["engagement"] = engagement, posts
    return found


def crowd(rng: Random, size: int = 4_000) -> list[Author]:
    """Few large accounts and many small ones, some of whose followers nobody knows."""
    found = []
    for number in range(size):
        followers = None if rng.random() < 0.1 else int(rng.paretovariate(1.1) * 100)
        found.append(author(str(number), rng.randint(1, 9), followers, rng.randint(0, 500)))
    return found


def sampled(
    rng: Random, authors: list[Author], leaders: int = 100, sample: int = 600
) -> Population:
    order = sorted(authors, key=lambda one: -(one.followers or 0))
    others = order[leaders:]
    return Population(order[:leaders], rng.sample(others, sample), len(others))


def test_estimates_are_as_close_as_they_say() -> None:
    rng = Random(3)
    authors = crowd(rng)
    all_of_them = Population(authors)
    posts = sum(one.posts for one in authors)
    told = PostSums(
        sum(one.follower_sum for one in authors), sum(one.sums["engagement"] for one in authors)
    )
    inside = dict.fromkeys(("reach", "impressions", "pooled", "mean"), 0)
    for _ in range(100):
        some = sampled(rng, authors)
        pairs = {
            "reach": (reach(some), reach(all_of_them)),
            "impressions": (
                impressions(some, posts=posts, replies=0, told=told),
                impressions(all_of_them, posts=posts, replies=0),
            ),
            "pooled": (
                rate_pooled(some, posts=posts, told=told),
                rate_pooled(all_of_them, posts=posts),
            ),
            "mean": (rate_mean(some, posts=posts), rate_mean(all_of_them, posts=posts)),
        }
        for name, (guess, truth) in pairs.items():
            assert guess.value is not None
            assert truth.value is not None
            assert truth.error == 0
            # Where posts tell everything, nothing is left to chance but rounding.
            off = abs(guess.value - truth.value)
            inside[name] += off <= guess.error + 1e-9 * truth.value
            assert off < 0.25 * truth.value, name

    # 95 % intervals hold the truth about 95 times; the draws are the same each time.
    assert all(count >= 85 for count in inside.values()), inside
    assert inside["reach"] < 100


def test_a_sample_of_everybody_is_no_estimate() -> None:
    authors = crowd(Random(4), 50)
    some = Population(authors[:10], authors[10:], 40)

    assert reach(some).value == reach(Population(authors)).value
    assert reach(some).error == 0
    assert some.rank_error == 0


def test_an_unsure_number_of_others_widens_the_interval() -> None:
    authors = crowd(Random(4), 200)
    sure = Population(authors[:10], authors[10:110], 190)
    unsure = Population(authors[:10], authors[10:110], 190, 19)

    assert reach(unsure).value == reach(sure).value
    assert reach(unsure).error > reach(sure).error


def test_what_is_known_of_all_leaves_only_the_difference_to_the_sample() -> None:
    authors = crowd(Random(5), 300)
    some = Population(authors[:10], authors[10:60], 290)
    total = sum(one.posts for one in authors)

    found = some.sum(lambda one: one.posts, Beside(lambda one: one.posts, total))

    assert (found.value, found.error) == (total, 0)
    assert some.sum(lambda one: one.posts).error > 0


def test_follower_counts_that_vary_widen_the_interval() -> None:
    changing = author("a", 2, 1_000)
    changing.lowest = 900

    people = Population([changing])

    assert (reach(people).value, reach(people).error) == (1_000, 100)
    seen = impressions(people, posts=2, replies=0)
    assert (seen.value, seen.error) == (2_000, 200)


def test_rates_hold_what_varying_follower_counts_make_of_them() -> None:
    changing = author("a", 2, 1_000, 20)
    changing.lowest = 900
    people = Population([changing])

    for found in (rate_pooled(people, posts=2), rate_mean(people, posts=2)):
        assert found.value == pytest.approx(1)
        assert found.error >= 0.1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_ranks_among_all_authors_are_percentile_ranks(values: list[int]) -> None:
    ranks = Population([Author(str(n)) for n in range(len(values))]).ranks(values)

    assert [ranks.of(value) for value in values] == pytest.approx(percentile_ranks(values))


def test_ranks_among_a_sample_count_those_that_it_stands_for() -> None:
    one, two = Author("x:1"), Author("x:2")

    ranks = Population([one], [two], 9).ranks([10, 5])

    assert ranks.of(10) == pytest.approx(9.5 / 10)
    assert ranks.of(5) == pytest.approx(4.5 / 10)
    assert ranks.of(7) == pytest.approx(9 / 10)
