"""The history scored again: which posts, and the request that running workers take up.

What is scored by the wanted model drops out of the query, so there is no place to keep: whoever is
stopped simply asks again. A post keeps its old score until the new one is written.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.client import our_errors, while_starting
from lake.errors import ConflictError, NotFoundError, RetryError
from lake.layout import Layout
from lake.pending import having_text
from lake.records import Json

logger = logging.getLogger(__name__)

_ID = "rescore"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which posts are scored again.

    Args:
        since: Posts that were created then or later.
        until: And before then; None: to this day.
        platform: Only this platform's.
    """

    since: datetime
    until: datetime | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A wish that running workers fulfil when nothing else waits.

    Args:
        scope: Which posts.
        model: The name of the model that is to have scored them: only workers that serve it help.
        asked_at: When it was made.
        seq_no: With ``primary_term`` which request this is.
        primary_term: See ``seq_no``.
    """

    scope: Scope
    model: str
    asked_at: datetime
    seq_no: int
    primary_term: int


def rescore_query(scope: Scope, model: str) -> Json:
    """The posts of a scope that carry a score of another model."""
    created = {"gte": times.to_text(scope.since)}
    if scope.until is not None:
        created["lt"] = times.to_text(scope.until)
    filters: list[Json] = [{"term": {"enrich.state": "done"}}, {"range": {"@timestamp": created}}]
    if scope.platform is not None:
        filters.append({"term": {"platform": scope.platform}})
    query = having_text(*filters)
    query["bool"]["must_not"].append({"term": {"sentiment.model": model}})
    return query


class Rescoring:
    """The one request that there may be, in the ``jobs`` index."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("jobs")

    async def ask(self, scope: Scope, model: str) -> None:
        """Leaves a request; it takes the place of an earlier one.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        document: Json = {
            "kind": "rescore",
            "since": times.to_text(scope.since),
            "model": model,
            "asked_at": times.to_text(times.now()),
        }
        if scope.until is not None:
            document["until"] = times.to_text(scope.until)
        if scope.platform is not None:
            document["platform"] = scope.platform

        async def put() -> None:
            with our_errors("asking for posts to be scored again"):
                await self._client.index(index=self._index, id=_ID, document=document)

        await while_starting(put)

    async def wanted(self) -> Request | None:
        """The request, if there is one; None also while Elasticsearch does not answer."""
        try:
            with our_errors("looking for a request"):
                found = await self._client.get(index=self._index, id=_ID)
        except (NotFoundError, RetryError):
            return None
        source = found["_source"]
        until = source.get("until")
        return Request(
            Scope(
                times.from_text(source["since"]),
                times.from_text(until) if until else None,
                source.get("platform"),
            ),
            source["model"],
            times.from_text(source["asked_at"]),
            found["_seq_no"],
            found["_primary_term"],
        )

    async def finish(self, request: Request) -> None:
        """Removes a request that is fulfilled, unless another has taken its place.

        Where Elasticsearch does not answer it stays, and is found fulfilled the next time.
        """
        try:
            with our_errors("removing a request"):
                await self._client.delete(
                    index=self._index,
                    id=_ID,
                    if_seq_no=request.seq_no,
                    if_primary_term=request.primary_term,
                )
        except (NotFoundError, ConflictError, RetryError):
            return
        logger.info("posts are scored again", extra={"model": request.model})

    async def cancel(self) -> bool:
        """Removes the request, whatever it is; whether there was one.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        try:
            with our_errors("removing a request"):
                await self._client.delete(index=self._index, id=_ID)
        except NotFoundError:
            return False
        return True
