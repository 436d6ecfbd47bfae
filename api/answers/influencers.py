"""Who carries the campaign."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analysis.authors import Author
from analysis.definitions import tag
from analysis.influencers import (
    MOST_INFLUENCERS,
    Scoring,
    can_be_estimated,
    in_order,
    leads_of,
    names_body,
    number_of,
    order_of,
    outside_at_most,
    rows,
    seen_before,
    seen_before_body,
    with_names,
)
from analysis.leaders import SIZES, Sizes
from analysis.membership import posts_query
from analysis.parts import total
from analysis.population import Population
from analysis.rankings import LEAST_POSTS
from analysis.reach import followers_told
from analysis.summary import authorless, authors_bound, estimated_authors, summary_body
from api.answers.asked import Asked, asked
from api.answers.authors import People, Question, look_up_followers, people
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

_FIRST = datetime(1, 1, 1, tzinfo=UTC)


async def influencers(
    store: Store,
    campaign: Campaign,
    *,
    by: str = "score",
    limit: int = 20,
    exact: bool | None = None,
    sizes: Sizes = SIZES,
) -> Json:
    """The first ``limit`` authors by a ranking, with their numbers.

    Args:
        store: The lake.
        campaign: Whose.
        by: One of ``analysis.rankings.RANKINGS``.
        limit: At most ``analysis.influencers.MOST_INFLUENCERS``.
        exact: Whether every author is looked at; None: if they are few, and where the first of a
            ranking cannot be told otherwise.
        sizes: How many are few, and how many of very many are looked at.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query = posts_query(campaign)
    if exact is None and not can_be_estimated(by):
        exact = True
    async with asked(store, campaign) as ask:
        counted = await ask.view.search(summary_body(query))  # others ask it, too
        about = estimated_authors(counted)
        enough = sizes.enough(limit)
        question = Question(query, leads_of(by), exact, sizes=enough)
        found = await people(store, ask, question, about)
        ranking = _Ranking(by, found, Scoring(found.all))
        listed = await _listed(ask, query, ranking, limit, more=sizes.more)
        shown = rows([ranking.scoring.of(author) for author in listed])
        if shown:
            keys = [row["author"] for row in shown]
            shown = with_names(shown, await ask.view.search(names_body(query, keys)))
        order = order_of(by)
        return ask.head("ranking") | {
            "score_definition": tag("influencer_score"),
            **followers_told(Population(listed)),
            "ranking": by,
            "title": "highest score" if order is None else order.title,
            "least_posts": LEAST_POSTS if order and order.counted else None,
            **_certainty(ranking, about, listed),
            "n": total(counted),
            "missing": authorless(counted),
            "influencers": shown,
        }


@dataclass(slots=True)
class _Ranking:
    """A ranking while it is made.

    Args:
        by: Its name.
        found: The authors.
        scoring: Scores them.
        next_most: What the first one has at most whose latest followers were not looked up.
    """

    by: str
    found: People
    scoring: Scoring
    next_most: float | None = None


async def _listed(
    ask: Asked, query: Json, ranking: _Ranking, limit: int, *, more: int
) -> list[Author]:
    """The first of a ranking, with their latest followers."""
    by, scoring = ranking.by, ranking.scoring
    order = in_order(ranking.found.all.known, by, scoring)
    if by == "new":
        order = await _new(ask, order, limit + more)
    if ranking.found.all.exact:
        return order[:limit]
    first, later = order[: limit + more], order[limit + more :]
    if later:
        ranking.next_most = number_of(later[0], by, scoring)
    whole = [copy(author) for author in first]
    await look_up_followers(ask.view, query, whole)
    return in_order(whole, by, scoring)[:limit]


async def _new(ask: Asked, order: Sequence[Author], limit: int) -> list[Author]:
    """The first of an order who had not posted before the window, a few at a time."""
    campaign = ask.campaign
    before = {"start": _FIRST, "end": campaign.start}
    earlier = posts_query(campaign.model_copy(update=before))
    found: list[Author] = []
    for start in range(0, len(order), MOST_INFLUENCERS):
        some = order[start : start + MOST_INFLUENCERS]
        body = seen_before_body(earlier, [author.key for author in some])
        old = seen_before(await ask.view.search(body))
        found += [author for author in some if author.key not in old]
        if len(found) > limit:
            break
    return found


def _certainty(ranking: _Ranking, about: int, listed: Sequence[Author]) -> dict[str, Any]:
    """How sure the ranking is.

    Whoever is not among the authors that were looked at has ``outside_at_most`` at most: the ranks
    of those who have more are certain.
    """
    by, found = ranking.by, ranking.found
    if found.all.exact:
        return {"exact": True, "authors_total": len(found.all.leaders)}
    outside = outside_at_most(by, found.at_most)
    if outside is not None and ranking.next_most is not None:
        outside = max(outside, ranking.next_most)
    error = 100 * found.all.rank_error
    last = number_of(listed[-1], by, ranking.scoring) if listed else None
    certain = outside is not None and last is not None and last > outside
    return {
        "exact": certain,
        "error_bound": error if by == "score" else 0.0,
        "outside_at_most": outside,
        "score_error_bound": error,
        "authors_total": about,
        "authors_total_error_bound": authors_bound(about),
        "authors_looked_at": len(found.all.known),
    }
