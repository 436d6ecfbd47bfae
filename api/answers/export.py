"""All of the campaign's posts, for people to take along."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from analysis.membership import posts_query
from analysis.posts import export_body, public_post
from api.answers.labels import with_labels
from api.answers.view import view_of
from lake.campaign import Campaign
from lake.store import Store

PAGE_POSTS = 1_000


async def export_rows(
    store: Store, campaign: Campaign, *, page_posts: int = PAGE_POSTS
) -> AsyncGenerator[dict[str, Any], None]:
    """Every post of one moment as ``posts`` shows it, oldest first; memory holds one page.

    People's labels are those of the time when the post is given.

    Raises:
        RetryError: Elasticsearch did not answer; what was given so far is not all.
        NotFoundError: The reader paused for more than two minutes, and the view is gone.
    """
    query = posts_query(campaign)
    after: list[Any] | None = None
    async with view_of(store, campaign) as view:
        while True:
            answer = await view.search(export_body(query, size=page_posts, after=after))
            hits = answer["hits"]["hits"]
            for row in await with_labels(store, [public_post(hit["_source"]) for hit in hits]):
                yield row
            if len(hits) < page_posts:
                return
            after = hits[-1]["sort"]
