"""The hashtags that go with a campaign."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from analysis.membership import posts_query
from analysis.parts import aggregations, counts_by, total
from analysis.related import (
    Counted,
    add_tags,
    counted,
    everyone_query,
    everywhere_body,
    ranked_tags,
    related_rows,
    tags_body,
    tags_page_body,
)
from api.answers.asked import Asked, asked
from api.reading import Snapshot
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

_TAGS_A_PAGE = 20_000
_NAMES_A_REQUEST = 10_000


async def hashtags(
    store: Store,
    campaign: Campaign,
    *,
    sort: str = "lift",
    limit: int = 50,
    min_posts: int = 5,
    exact: bool = False,
) -> Json:
    """The first ``limit`` hashtags that the campaign's posts carry besides its own.

    Args:
        store: The lake.
        campaign: Whose.
        sort: One of ``analysis.related.RELATED_ORDERS``.
        limit: At most ``analysis.related.MOST_RELATED``.
        min_posts: Hashtags of fewer posts of the campaign are left out: their lift is noise.
        exact: Whether to read every hashtag page by page rather than those of most posts at once.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    async with asked(store, campaign) as ask:
        return ask.head("related_hashtags") | await related(
            ask, sort=sort, limit=limit, min_posts=min_posts, exact=exact
        )


async def related(ask: Asked, *, sort: str, limit: int, min_posts: int, exact: bool) -> Json:
    """The part of the answer that is about hashtags; arguments as for ``hashtags``.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    campaign, view = ask.campaign, ask.view
    query, own = posts_query(campaign), set(campaign.tags())
    n, found = await _counted(view, query, own, min_posts, exact=exact)
    all_n, everywhere = await _everywhere(view, everyone_query(campaign), list(found.posts))
    rows = related_rows(found.posts, everywhere, n=n, all_n=all_n)
    bound = {} if found.error_bound is None else {"error_bound": found.error_bound}
    return {
        "sort": sort,
        "n": n,
        "missing": 0,
        "all_posts": all_n,
        "min_posts": min_posts,
        "exact": found.error_bound is None,
        **bound,
        "hashtags_total": len(rows),
        "hashtags": ranked_tags(rows, sort, limit),
    }


async def _counted(
    view: Snapshot, query: Json, own: Collection[str], min_posts: int, *, exact: bool
) -> tuple[int, Counted]:
    if not exact:
        answer = await view.search(tags_body(query, own=own, min_posts=min_posts))
        return total(answer), counted(answer)
    posts: dict[str, int] = {}
    after: Json | None = None
    n: int | None = None
    while True:
        answer = await view.search(tags_page_body(query, after=after, size=_TAGS_A_PAGE))
        n = total(answer) if n is None else n
        after = add_tags(posts, answer, own=own, min_posts=min_posts, size=_TAGS_A_PAGE)
        if after is None:
            return n, Counted(posts)


async def _everywhere(
    view: Snapshot, query: Json, tags: Sequence[str]
) -> tuple[int, dict[str, int]]:
    """How many posts there are in all, and how many of them carry each hashtag."""
    found: dict[str, int] = {}
    n = 0
    for start in range(0, max(1, len(tags)), _NAMES_A_REQUEST):
        chunk = tags[start : start + _NAMES_A_REQUEST]
        answer = await view.search(everywhere_body(query, chunk))
        found |= counts_by(aggregations(answer), "tags")
        n = total(answer)
    return n, found
