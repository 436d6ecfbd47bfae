"""The lake as it was known at a moment that has passed.

A post document says what is known now, and ``metrics-*`` what its numbers were at each observation.
So posts that were not seen yet are left out, those whose numbers have not changed since are read
where they are, and of the others a copy with the numbers of that time goes to an index that lives
as long as the question. Follower counts come with the numbers. Texts, hashtags and scores have no
history: they are those of now, and what was erased since stays so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from analysis.membership import also
from lake import times
from lake.at_post import set_at_post, sight
from lake.bulk import Write, create_lines, send
from lake.client import our_errors
from lake.documents import Document
from lake.engagement import current_definition
from lake.errors import InvalidError, TaglakeError, UnavailableError
from lake.records import Json
from lake.scan import scan
from lake.store import Store
from lake.templates import load_templates

MOST_COPIES = 200_000
_PAGE = 1_000
_REQUEST_BYTES = 500_000
_LIVES_S = 900
_OBSERVED = ("metrics", "engagement", "metrics_at", "observed_at", "metrics_missing", "at_post")


@dataclass(frozen=True, slots=True)
class Past:
    """A moment's posts.

    Args:
        query: The posts whose numbers matter, from whatever time.
        moment: Aware UTC.
        copies: The index with those that have changed since; None where none has.
        count: How many are in it.
    """

    query: Json
    moment: datetime
    copies: str | None = None
    count: int = 0

    def changed(self) -> Json:
        """What finds the posts that were known then and have changed since."""
        return also(self.query, self._known(), self._later())

    def only(self) -> Json:
        """What every search needs as a filter."""
        # Other posts than the question's own count as they are: nobody asks for their numbers.
        own = {"bool": {"filter": [self.query, self._later()]}}
        live: Json = {"bool": {"filter": [self._known()], "must_not": [own]}}
        if self.copies is None:
            return live
        here: Json = {"term": {"_index": self.copies}}
        return {"bool": {"should": [here, live], "minimum_should_match": 1}}

    def _known(self) -> Json:
        return {"range": {"first_seen": {"lte": times.to_text(self.moment)}}}

    def _later(self) -> Json:
        return {"range": {"metrics_at": {"gt": times.to_text(self.moment)}}}


async def make_past(store: Store, query: Json, moment: datetime) -> Past:
    """The posts of a query as of a moment; the copies stay until ``drop_past``.

    Raises:
        InvalidError: More posts have changed since than can be copied.
        RetryError: Elasticsearch did not answer.
    """
    found = Past(query, moment)
    copies, count = await _copies(store, found.changed(), times.to_text(moment))
    return replace(found, copies=copies, count=count)


async def drop_past(store: Store, found: Past) -> None:
    """Removes the copies; those that cannot be removed now go with a later question's."""
    if found.copies is not None:
        await remove_copies(store, found.copies)


async def remove_copies(store: Store, index: str) -> None:
    """Removes copies by the name of their index."""
    with suppress(TaglakeError), our_errors("removing copies of posts"):
        await store.client.indices.delete(index=index, ignore_unavailable=True)


async def _copies(store: Store, query: Json, at: str) -> tuple[str | None, int]:
    index: str | None = None
    count = 0
    async for hits in scan(store.client, store.layout.every("posts"), {"query": query}, size=_PAGE):
        if index is None:
            index = await _new_index(store)
        count += len(hits)
        if count > MOST_COPIES:
            await remove_copies(store, index)
            raise _too_many()
        numbers = await _numbers(store, [hit["_id"] for hit in hits], at)
        posts = [
            Document(index, hit["_id"], as_it_was(hit["_source"], numbers.get(hit["_id"])))
            for hit in hits
        ]
        await _write(store, posts)
    if index is not None:
        with our_errors("making copies of posts visible"):
            await store.client.indices.refresh(index=index)
    return index, count


async def _write(store: Store, posts: Sequence[Document]) -> None:
    lines: list[bytes] = []
    for post in posts:
        lines.append(create_lines(Write(post)))
        if sum(map(len, lines)) > _REQUEST_BYTES:
            await _sent(store, lines)
            lines = []
    if lines:
        await _sent(store, lines)


async def _sent(store: Store, lines: Sequence[bytes]) -> None:
    failed = [one for one in await send(store.client, lines) if one.error]
    if failed:
        raise UnavailableError(f"copying posts: {failed[0].reason}")


def _too_many() -> InvalidError:
    message = f"more than {MOST_COPIES:,} posts have changed since; ask for a later moment"
    return InvalidError(f"as_of: {message}", errors=({"field": "as_of", "message": message},))


async def _numbers(store: Store, ids: Sequence[str], at: str) -> dict[str, Json]:
    """The last observation of each post up to a time."""
    body: Json = {
        "query": {
            "bool": {
                "filter": [
                    {"term": {"entity.type": "post"}},
                    {"terms": {"entity.id": list(ids)}},
                    {"range": {"@timestamp": {"lte": at}}},
                ]
            }
        },
        "collapse": {"field": "entity.id"},
        "sort": [{"@timestamp": "desc"}],
        "size": len(ids),
        "track_total_hits": False,
    }
    hits = (await store.search(store.layout.every("metrics"), body))["hits"]["hits"]
    return {hit["_source"]["entity"]["id"]: hit["_source"] for hit in hits}


def as_it_was(post: Json, observation: Json | None) -> Json:
    """A post with the numbers of an observation; without any where there was none. Pure."""
    if observation is None:
        return {name: value for name, value in post.items() if name not in _OBSERVED} | {
            "metrics": {},
            "metrics_at": post["first_seen"],
            "observed_at": post["first_seen"],
        }
    metrics = observation["metrics"]
    # What one formula made then and another now cannot be added up.
    definition = current_definition()
    value = definition.value(post["platform"], metrics)
    kept = {name: known for name, known in post.items() if name != "engagement"}
    engagement = {"value": value, "definition": definition.name}
    missing = [name for name in post.get("metrics_missing", []) if name not in metrics]
    found = {
        **kept,
        "author": _followed(post.get("author", {}), observation.get("author", {})),
        "metrics": metrics,
        "metrics_missing": missing,
        "metrics_at": observation["@timestamp"],
        "observed_at": observation["@timestamp"],
        **({} if value is None else {"engagement": engagement}),
    }
    told = post.get("at_post")
    is_later = told is not None and told["seen_at"] > observation["@timestamp"]
    set_at_post(found, [sight(found), None if is_later else told])
    return found


def _followed(author: Json, then: Json) -> Json:
    """An author with the followers of then, which may not have been known."""
    return {name: value for name, value in author.items() if name != "followers"} | then


async def _new_index(store: Store) -> str:
    """An index for copies; those of questions that ended without removing theirs go."""
    await _sweep(store)
    name = store.layout.one(f"past-{int(time.time())}-{secrets.token_hex(6)}")
    template = load_templates(store.layout.prefix)[store.layout.one("posts")]["template"]
    settings = {"auto_expand_replicas": "false", "number_of_replicas": 0, "refresh_interval": "-1"}
    with our_errors("making an index for copies of posts"):
        await store.client.indices.create(
            index=name,
            mappings=template["mappings"],
            settings={**template["settings"], **settings},
        )
    return name


async def _sweep(store: Store) -> None:
    oldest = time.time() - _LIVES_S
    with suppress(TaglakeError), our_errors("looking for copies of posts"):
        there = await store.client.indices.get(index=store.layout.every("past"), features="aliases")
        for name in there:
            made = name.removeprefix(store.layout.one("past-")).partition("-")[0]
            if made.isdigit() and int(made) < oldest:
                await store.client.indices.delete(index=name, ignore_unavailable=True)
