"""A walk over everything that a query finds, as it was when the walk began: PIT + search_after.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/paginate-search-results
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable

from elasticsearch import AsyncElasticsearch

from lake.client import our_errors
from lake.errors import NotFoundError, RetryError
from lake.records import Json
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)
_KEEP_ALIVE = "5m"


async def scan(
    client: AsyncElasticsearch,
    index: str,
    body: Json,
    *,
    size: int | Callable[[], int] = 500,
    part: tuple[int, int] = (0, 1),
) -> AsyncGenerator[list[Json], None]:
    """Pages of at most ``size`` hits; memory holds one page. Waits for Elasticsearch.

    A point in time that Elasticsearch lost (a restart, a walk that stood still too long) ends the
    walk with an error, because what is left cannot be found any more.

    Args:
        client: The connection.
        index: Name or pattern; one that matches nothing gives no page.
        body: The query and what else a search takes; without ``sort`` the order is the index's.
        size: Hits a page; asked anew for each page where it is a function.
        part: (n, m): only the n-th of m slices, which together are everything, once.

    Raises:
        NotFoundError: The point in time is lost.
    """
    pit_id = await retrying(lambda: _open(client, index), backoff=_BACKOFF, attempts=None)
    if pit_id is None:
        return
    body = {"sort": ["_shard_doc"], "track_total_hits": False} | body
    if part[1] > 1:
        body["slice"] = {"id": part[0], "max": part[1]}
    try:
        while True:
            body["pit"] = {"id": pit_id, "keep_alive": _KEEP_ALIVE}
            body["size"] = wanted = size if isinstance(size, int) else size()
            page = await _page(client, body)
            pit_id = page["pit_id"]
            hits: list[Json] = page["hits"]["hits"]
            if hits:
                yield hits
            if len(hits) < wanted:
                return
            body["search_after"] = hits[-1]["sort"]
    finally:
        await _close(client, pit_id)


async def _open(client: AsyncElasticsearch, index: str) -> str | None:
    try:
        with our_errors(f"opening {index}"):
            await client.indices.refresh(index=index, allow_no_indices=True)
            answer = await client.open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)
    except NotFoundError:
        return None
    return str(answer["id"])


async def _page(client: AsyncElasticsearch, body: Json) -> Json:
    async def search() -> Json:
        with our_errors("reading the next page"):
            return dict(await client.search(body=body, allow_partial_search_results=False))

    return await retrying(search, backoff=_BACKOFF, attempts=None)


async def _close(client: AsyncElasticsearch, pit_id: str) -> None:
    try:
        with our_errors("closing a point in time"):
            await client.close_point_in_time(id=pit_id)
    except (RetryError, NotFoundError):
        logger.debug("point in time not closed; it expires by itself")
