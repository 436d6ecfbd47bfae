"""The authors of some posts: all of them, or the largest and a sample of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis.authors import (
    ALL_TOTALS,
    BUCKETS_AN_AUTHOR,
    Author,
    authors_body,
    followers_body,
    gather,
    gather_followers,
    gather_latest,
    latest_body,
    some_authors_body,
)
from analysis.index_parts import index_parts
from analysis.leaders import SIZES, Found, Sizes, found_in, leaders_body
from analysis.population import Population
from analysis.reach import PostSums
from analysis.summary import authors_bound
from api.answers.asked import Asked
from api.answers.scope import moment_of
from api.reading import Snapshot
from lake.records import Json
from lake.store import Store

# Each page walks over all posts again, so few large pages are fast; but a cluster allows no more
# than 65,536 buckets in an answer, and an author has some itself and one for each brand.
_PAGE_BUCKETS = 50_000
# Longer lists of keys cost more than asking for everybody's.
_MOST_KEYS = 5_000
# Up to so many authors' newest posts are found faster than all their follower counts.
_FEW_KEYS = 200


@dataclass(frozen=True, slots=True)
class Question:
    """Which authors are asked for, and how well they must be known.

    Args:
        query: The posts.
        leads: By which numbers the largest matter; of ``analysis.leaders.LEADS``.
        exact: Whether every author must be known; None: if they are few.
        brands: What tells each brand's posts.
        totals: Of ``analysis.authors.ALL_TOTALS``, what must be known of a sample.
        sizes: How many are few, and how large the sample is.
    """

    query: Json
    leads: Sequence[str] = ("reach",)
    exact: bool | None = None
    brands: Sequence[Json] = ()
    totals: Sequence[str] = ALL_TOTALS
    sizes: Sizes = SIZES


@dataclass(frozen=True, slots=True)
class People:
    """The authors that were found.

    Args:
        all: Every one of them, or a sample that stands for them.
        at_most: What an author who is not known one by one has at most, by lead.
        told: What all posts tell; None where every author is known.
    """

    all: Population
    at_most: Mapping[str, float | None] = field(default_factory=dict)
    told: PostSums | None = None


async def people(store: Store, ask: Asked, question: Question, about: int) -> People:
    """The authors of some posts.

    Args:
        store: The lake.
        ask: The view of it.
        question: Which authors.
        about: About how many there are.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    few = about <= question.sizes.few
    if question.exact or (question.exact is None and few):
        found = await all_authors(ask.view, question.query, brands=question.brands)
        return People(Population(found))
    listed = await _listed(store, ask, question, about)
    known: dict[str, Author] = {}
    size = _PAGE_BUCKETS // (BUCKETS_AN_AUTHOR + len(question.brands))
    keys = sorted(listed.leaders | listed.sample)
    for start in range(0, len(keys), size):
        some = keys[start : start + size]
        body = some_authors_body(
            question.query, some, brands=question.brands, totals=question.totals
        )
        gather(known, await ask.view.search(body))
    return People(_population(listed, known, about), listed.at_most, listed.told)


async def _listed(store: Store, ask: Asked, question: Question, about: int) -> Found:
    campaign, sizes = ask.campaign, question.sizes
    # What changed since a past moment lies in an index of its own.
    now = moment_of(campaign) is None
    parts = index_parts(store.layout, campaign.start, campaign.end) if now else []
    shown = parts or [None]
    body = leaders_body(
        question.query,
        question.leads,
        shown,
        size=sizes.leaders,
        one_in=max(1, round(about / sizes.sample)),
        room=2 * sizes.sample + 1_000,
    )
    answer = await ask.view.search(body)
    return found_in(answer, question.leads, len(shown), apart=bool(parts))


def _population(listed: Found, known: Mapping[str, Author], about: int) -> Population:
    leaders = [author for key, author in known.items() if key in listed.leaders]
    sample = [author for key, author in known.items() if key not in listed.leaders]
    if not sample:
        return Population(leaders)
    others = max(len(sample), about - len(leaders))
    return Population(leaders, sample, others, authors_bound(about))


async def all_authors(
    view: Snapshot, query: Json, *, brands: Sequence[Json] = (), page_pairs: int | None = None
) -> list[Author]:
    """Every author of the posts with exact totals; memory grows with their number.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    size = page_pairs or _PAGE_BUCKETS // (BUCKETS_AN_AUTHOR + len(brands))
    authors: dict[str, Author] = {}
    after: Json | None = None
    while True:
        body = authors_body(query, after=after, size=size, brands=brands)
        after = gather(authors, await view.search(body))
        if after is None:
            break
    found = list(authors.values())
    await look_up_followers(view, query, found, page_pairs=page_pairs)
    return found


async def look_up_followers(
    view: Snapshot, query: Json, authors: Sequence[Author], *, page_pairs: int | None = None
) -> None:
    """Gives each author the latest follower count, where the posts tell several.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    unsure = {author.key: author for author in authors if author.doubt}
    if not unsure:
        return
    if len(unsure) <= _FEW_KEYS and page_pairs is None:
        gather_latest(unsure, await view.search(latest_body(query, sorted(unsure))))
        return
    keys = sorted(unsure) if len(unsure) <= _MOST_KEYS else None
    after: Json | None = None
    while True:
        size = page_pairs or _PAGE_BUCKETS
        body = followers_body(query, after=after, size=size, keys=keys)
        after = gather_followers(unsure, await view.search(body))
        if after is None:
            return


async def all_totals(view: Snapshot, query: Json, keys: Sequence[str]) -> dict[str, Author]:
    """Some authors, at most a few thousand, with every total and the latest follower count.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    known: dict[str, Author] = {}
    if keys:
        gather(known, await view.search(some_authors_body(query, keys)))
        await look_up_followers(view, query, list(known.values()))
    return known
