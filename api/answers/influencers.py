"""Who carries the campaign."""

from __future__ import annotations

from analysis.definitions import tag
from analysis.influencers import names_body, ranked, with_names
from analysis.membership import posts_query
from analysis.parts import total
from api.answers.asked import asked
from api.answers.authors import all_authors
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


async def influencers(
    store: Store, campaign: Campaign, *, by: str = "score", limit: int = 20
) -> Json:
    """The first ``limit`` authors by a ranking, with their numbers.

    Args:
        store: The lake.
        campaign: Whose.
        by: One of ``analysis.influencers.RANKINGS``.
        limit: At most ``analysis.influencers.MOST_INFLUENCERS``.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query = posts_query(campaign)
    async with asked(store, campaign) as ask:
        authors = await all_authors(ask.view, query)
        rows = ranked(authors, by, limit)
        if rows:
            keys = [row["author"] for row in rows]
            rows = with_names(rows, await ask.view.search(names_body(query, keys)))
        posts = total(await ask.view.search({"size": 0, "track_total_hits": True, "query": query}))
        return ask.head("ranking") | {
            "score_definition": tag("influencer_score"),
            "followers_source": "latest",
            "ranking": by,
            "exact": True,
            "authors_total": len(authors),
            "n": posts,
            "missing": posts - sum(author.posts for author in authors),
            "influencers": rows,
        }
