"""What people wrote below a campaign's most discussed posts."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.comment_digest import Digest, digest_row, digests_in
from analysis.comments import (
    MOST_TEXTS,
    Commented,
    copies_body,
    copies_in,
    digest_body,
    texts_body,
)
from analysis.membership import posts_query
from analysis.parts import total
from analysis.posts import posts_body
from api.answers.asked import Asked, asked
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


async def comments(
    store: Store, campaign: Campaign, *, sort: str = "comments", limit: int = 20
) -> Json:
    """For the first ``limit`` posts by a number: a digest of the comments that were collected.

    Args:
        store: The lake.
        campaign: Whose posts. Their comments count whenever they were written.
        sort: One of ``analysis.comments.COMMENTED_ORDERS``.
        limit: At most ``analysis.comments.MOST_COMMENTED``.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    async with asked(store, campaign) as ask:
        body = posts_body(posts_query(campaign), sort, size=limit, after=None)
        body["_source"] = [*body["_source"], "metrics_from"]
        body["aggs"] = {"told": {"value_count": {"field": "metrics.comments"}}}
        answer = await ask.view.search(body)
        posts = await _with_copies(store, [hit["_source"] for hit in answer["hits"]["hits"]])
        n = total(answer)
        told = answer.get("aggregations", {}).get("told", {}).get("value", 0)
        return ask.head("comment_digest") | {
            "sort": sort,
            "n": n,
            "missing": n - told,
            "texts_read_at_most": MOST_TEXTS,
            "posts": await _rows(ask, posts),
        }


async def _with_copies(store: Store, sources: Sequence[Json]) -> list[Commented]:
    """The posts, with their ids on each server where their platform is many."""
    many = [source for source in sources if source.get("metrics_from")]
    copies: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {}
    for platform in sorted({source["platform"] for source in many}):
        ids = [source["native_id"] for source in many if source["platform"] == platform]
        pattern = store.layout.every(f"raw-{platform}")
        copies[platform] = copies_in(await store.search(pattern, copies_body(ids)))
    return [
        Commented(source, copies.get(source["platform"], {}).get(source["native_id"], ()))
        for source in sources
    ]


async def _rows(ask: Asked, posts: Sequence[Commented]) -> list[Json]:
    if not posts:
        return []
    digests = digests_in(await ask.view.search(digest_body(posts)), len(posts))
    return [
        digest_row(post, digest, await _texts(ask, post, digest), ask.now)
        for post, digest in zip(posts, digests, strict=True)
    ]


async def _texts(ask: Asked, post: Commented, digest: Digest) -> list[Json]:
    if not digest.first.comments + digest.later.comments:
        return []
    answer = await ask.view.search(texts_body(post))
    return [hit["_source"] for hit in answer["hits"]["hits"]]
