"""The authors of some posts: all of them, or the largest and a sample of the others."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.authors import (
    ALL_TOTALS,
    BUCKETS_AN_AUTHOR,
    Author,
    authors_body,
    some_authors_body,
)
from analysis.authors import (
    gather as add_authors,
)
from analysis.index_parts import index_parts
from analysis.latest_followers import (
    followers_body,
    gather_followers,
    gather_latest,
    latest_body,
)
from analysis.leaders import SIZES, Sizes, found_in, leaders_body, sample_body, sample_in
from analysis.population import Population
from analysis.reach import PostSums
from analysis.summary import authors_bound
from api.answers.asked import Asked
from api.answers.scope import moment_of
from api.reading import Snapshot
from lake.json_text import dumps
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
    """The authors of some posts; nobody may change them.

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
        key = dumps([question.query, question.brands]).decode()
        found = await ask.view.made(
            f"authors {key}",
            lambda: all_authors(ask.view, question.query, brands=question.brands),
        )
        return People(Population(found))
    names = tuple(dict.fromkeys(question.leads))
    sample, *lists = await gather(
        _sample(ask.view, question, about),
        *(_leaders(store, ask, question, name) for name in names),
    )
    leaders: dict[str, Author] = {}
    for one in lists:
        leaders |= one.known
    others = [author for key, author in sample.known.items() if key not in leaders]
    everybody = Population(list(leaders.values()))
    if others:
        count = max(len(others), about - len(leaders))
        everybody = Population(everybody.leaders, others, count, authors_bound(about))
    at_most = {name: one.at_most for name, one in zip(names, lists, strict=True)}
    return People(everybody, at_most, sample.told)


@dataclass(frozen=True, slots=True)
class _Looked:
    """Some authors with their totals."""

    known: dict[str, Author]
    at_most: float | None = None
    told: PostSums | None = None


async def _leaders(store: Store, ask: Asked, question: Question, name: str) -> _Looked:
    """The largest by one number."""
    campaign = ask.campaign
    # What changed since a past moment lies in an index of its own.
    now = moment_of(campaign) is None
    parts = index_parts(store.layout, campaign.start, campaign.end) if now else []
    shown = parts or [None]
    body = leaders_body(question.query, name, shown, size=question.sizes.leaders)
    found = found_in(await ask.view.search(body), name, len(shown), apart=bool(parts))
    return _Looked(await _totals(ask.view, question, found.keys), found.at_most)


async def _sample(view: Snapshot, question: Question, about: int) -> _Looked:
    size = question.sizes.sample
    one_in = max(1, round(about / size))
    body = sample_body(question.query, one_in=one_in, room=2 * size + 1_000)
    found = sample_in(await view.search(body))
    return _Looked(await _totals(view, question, found.keys), told=found.told)


async def _totals(view: Snapshot, question: Question, keys: Collection[str]) -> dict[str, Author]:
    """The totals of some authors, in the order of their keys; nobody may change them."""
    size = _PAGE_BUCKETS // (BUCKETS_AN_AUTHOR + len(question.brands))
    wanted = sorted(keys)
    bodies = [
        some_authors_body(
            question.query,
            wanted[start : start + size],
            brands=question.brands,
            totals=question.totals,
        )
        for start in range(0, len(wanted), size)
    ]

    async def read() -> dict[str, Author]:
        known: dict[str, Author] = {}
        for body in bodies:
            add_authors(known, await view.search(body))
        return known

    return await view.made(f"totals {dumps(bodies).decode()}", read)


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
        after = add_authors(authors, await view.search(body))
        if after is None:
            break
    found = list(authors.values())
    await look_up_followers(view, query, found, page_pairs=page_pairs)
    return found


async def look_up_followers(
    view: Snapshot, query: Json, authors: Sequence[Author], *, page_pairs: int | None = None
) -> None:
    """Gives each author the latest follower count, where posts go by it and tell several.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    unsure = {author.key: author for author in authors if author.is_unsure}
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
