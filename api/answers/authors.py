"""All authors of some posts, gathered page by page."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.authors import Author, authors_body, gather
from api.reading import Snapshot
from lake.records import Json

# Each page walks over all posts again, so few large pages are fast; but a cluster allows no more
# than 65,536 buckets in an answer, and a pair has some itself and one for each brand.
_PAGE_BUCKETS = 50_000
_BUCKETS_A_PAIR = 4


async def all_authors(
    view: Snapshot, query: Json, *, brands: Sequence[Json] = (), page_pairs: int | None = None
) -> list[Author]:
    """Every author of the posts with exact totals; memory grows with their number.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    size = page_pairs or _PAGE_BUCKETS // (_BUCKETS_A_PAIR + len(brands))
    authors: dict[str, Author] = {}
    after: Json | None = None
    while True:
        body = authors_body(query, after=after, size=size, brands=brands)
        after = gather(authors, await view.search(body))
        if after is None:
            return list(authors.values())
