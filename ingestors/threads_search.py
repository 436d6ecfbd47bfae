"""The Threads API's searches: topics and text, newest first, of any time. Each answer costs.

``GET /keyword_search`` (https://developers.facebook.com/docs/threads/keyword-search): a topic is
searched by ``search_mode=TAG``, hashtags in the text by ``KEYWORD``, so a hashtag is two searches.
2,200 searches are allowed in a rolling 24 hours; one that finds nothing is free, so a search is
counted when its answer is there.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from ingestors.credentials import Lease, Pool, bucket_of
from ingestors.fields import mapping, moment
from ingestors.files.cells import identity
from ingestors.meta_graph import Account, Call, Graph, listed
from ingestors.threads_records import hashtags_of
from lake import times
from lake.errors import RateLimitedError, UnavailableError
from lake.http_answer import Answer
from lake.quota import LimitBook, Rolling

Mode = Literal["TAG", "KEYWORD"]
NAME = "threads"
SEARCH = "search"
DAY_S = 86_400
PAGE_SIZE = 100
FIRST_DAY = datetime(2023, 7, 5, 7, 0, tzinfo=UTC)  # the API refuses a ``since`` before it
_MOST_PAGES = 10_000
FIELDS = (
    "id,text,media_type,permalink,timestamp,username,shortcode,has_replies,is_quote_post,is_reply,"
    "topic_tag"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One search.

    Args:
        tag: The hashtag in normal form.
        mode: Where it is looked for.
        since: Posts from then on; None: as far back as pages are read.
        until: Posts before then; None: up to now.
    """

    tag: str
    mode: Mode
    since: datetime | None = None
    until: datetime | None = None

    def params(self) -> dict[str, str]:
        """The query without its page."""
        found = {
            "q": self.tag if self.mode == "TAG" else f"#{self.tag}",
            "search_mode": self.mode,
            "search_type": "RECENT",
            "limit": str(PAGE_SIZE),
            "fields": FIELDS,
        }
        if self.since is not None:
            found["since"] = str(int(max(self.since, FIRST_DAY).timestamp()))
        if self.until is not None:
            found["until"] = str(math.ceil(self.until.timestamp()))
        return found

    def wants(self, item: Any) -> bool:
        """Whether a post is under the hashtag; a search of texts finds the bare word as well."""
        body = mapping(item)
        return self.mode == "TAG" or "text" not in body or self.tag in hashtags_of(body)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search.

    Args:
        items: Its posts, unchanged, without those that the walk has had.
        after: The cursor of the next page; None at the end.
        received_at: When it was received.
        oldest: When its oldest post was made; None where it has none.
        newest: When its newest was.
    """

    items: Sequence[Any]
    after: str | None
    received_at: datetime
    oldest: datetime | None
    newest: datetime | None


class Search:
    """Searches by one of the accounts.

    Args:
        graph: Makes the calls.
        pool: The accounts.
        names: Their names.
        limits: Where searches are counted.
        per_day: Searches that an account has in 24 hours.
    """

    def __init__(
        self,
        graph: Graph,
        pool: Pool[Account],
        names: Sequence[str],
        limits: LimitBook,
        per_day: int,
    ) -> None:
        self._graph = graph
        self._pool = pool
        self._limits = limits
        self._per_day = per_day
        for name in names:
            limits.allow(bucket_of(name, SEARCH), Rolling(per_day, DAY_S))

    async def walk(self, asked: Asked) -> AsyncGenerator[Found, None]:
        """The pages of a search, newest first, to its end."""
        seen: set[str] = set()
        tokens: list[str] = []
        for _ in range(_MOST_PAGES):
            found = await self._page(asked, tokens, seen)
            seen.update(id_ for item in found.items if (id_ := _id(item)))
            yield found
            if found.after is None:
                return
            tokens.append(found.after)

    async def _page(self, asked: Asked, tokens: Sequence[str], seen: set[str]) -> Found:
        params = asked.params() | ({"after": tokens[-1]} if tokens else {})

        def read(answer: Answer, lease: Lease[Account]) -> Found:
            page = listed(answer.body, NAME)
            if page.items:
                self._limits.count(lease.bucket, 1)
            ids = {id_ for item in page.items if (id_ := _id(item))}
            if page.after in tokens or (ids and ids <= seen):
                raise UnavailableError(f"threads repeated a page of #{asked.tag}")
            at = answer.received_at
            made = [m for one in page.items if (m := moment(mapping(one).get("timestamp")))]
            made = [min(one, at) for one in made]
            fresh = [one for one in page.items if _id(one) not in seen]
            return Found(fresh, page.after, at, min(made, default=None), max(made, default=None))

        return await self._graph.ask(self._pick, lambda _: Call("keyword_search", params), read)

    def _pick(self) -> Lease[Account]:
        lease = self._pool.pick(SEARCH)
        opens = self._limits.free_at(lease.bucket)
        if opens is not None:
            raise RateLimitedError(
                f"threads: the quota of {self._per_day:,} searches in 24 hours is used up until "
                f"{times.to_text(opens)}",
                after_s=self._limits.seconds_until(opens),
            )
        return lease


def _id(item: Any) -> str | None:
    return identity(mapping(item).get("id"))
