"""A post or an account's texts, erased because a person asks for it.

What goes and what stays is told in ``lake.erasure``. Of an account its profile is emptied too: its
description, names and address go, its numbers stay. An account that is polled again, because a
campaign names it, is written again: the campaign is to be changed first.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from lake.bulk import replace_lines
from lake.client import our_errors
from lake.documents import Document
from lake.erasure import erase
from lake.errors import InvalidError
from lake.layout import native_key
from lake.records import Erasure, Json
from lake.rollups import forget_authors
from lake.scan import scan
from lake.settling import delete_line, settled
from lake.store import Store

REASON = "on request"
_MOST_NAMESAKES = 10
_READ_BY_PEOPLE = ("description", "url")
_NAMES = ("name", "handle")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done.

    Args:
        posts: Posts that the lake holds and that were asked for.
        erased: How many of them were not erased before.
        profiles: Profiles that were emptied.
        authors: Keys of the accounts that were meant, ``PLATFORM:ID``.
    """

    posts: int
    erased: int
    profiles: int = 0
    authors: tuple[str, ...] = ()


async def erase_post(store: Store, platform: str, native_id: str, at: datetime) -> Erased:
    """Erases a post; doing so again does nothing.

    Args:
        store: The lake, entered in a role that may change posts.
        platform: Where it was posted.
        native_id: The platform's id of it.
        at: When it was asked for.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    marked = await erase(store, [Erasure(platform, native_id, at, REASON)])
    await _make_visible(store)
    held: Json = {"ids": {"values": [native_key(platform, native_id)]}}
    return Erased(await _count(store, held), marked)


async def erase_author(store: Store, platform: str, author: str, at: datetime) -> Erased:
    """Erases what an account wrote, as far as the lake holds it, and empties its profile.

    Args:
        store: The lake, entered in a role that may change posts and profiles.
        platform: Where the account lives.
        author: The platform's id of it, or its handle in any case.
        at: When it was asked for.

    Raises:
        InvalidError: Several accounts had that handle, one after the other.
        RetryError: Elasticsearch did not answer.
    """
    await _make_visible(store)
    keys = await _keys(store, platform, author)
    natives = [key.partition(":")[2] for key in keys]
    marked = await erase(
        store, [Erasure(platform, author, at, REASON, author=native) for native in natives]
    )
    profiles = await _empty_profiles(store, platform, natives)
    await forget_authors(store, keys)
    await _make_visible(store)
    posts = await _count(store, {"terms": {"author.key": list(keys)}})
    return Erased(posts, marked, profiles, keys)


async def _make_visible(store: Store) -> None:
    index = f"{store.layout.every('posts')},{store.layout.one('profiles')}"
    with our_errors("making posts visible"):
        await store.client.indices.refresh(
            index=index, allow_no_indices=True, ignore_unavailable=True
        )


async def _count(store: Store, query: Json) -> int:
    body: Json = {"size": 0, "track_total_hits": True, "query": query}
    answer = await store.search(store.layout.every("posts"), body)
    return int(answer["hits"]["total"]["value"])


async def _keys(store: Store, platform: str, author: str) -> tuple[str, ...]:
    """The keys of the account; it may have one by its id and one by its handle."""
    by_handle = f"{platform}:{author.lower()}"
    names: list[Json] = [
        {"term": {"author.handle": author}},
        {"term": {"author.id": author}},
        {"terms": {"author.key": [by_handle, f"{platform}:{author}"]}},
    ]
    meant: Json = {"bool": {"should": names, "minimum_should_match": 1}}
    body: Json = {
        "size": 0,
        "query": {"bool": {"filter": [{"term": {"platform": platform}}, meant]}},
        "aggs": {"keys": {"terms": {"field": "author.key", "size": _MOST_NAMESAKES}}},
    }
    found: set[str] = set()
    for index in (store.layout.every("posts"), store.layout.one("profiles")):
        answer = await store.search(index, body)
        buckets = answer.get("aggregations", {}).get("keys", {}).get("buckets", [])
        found |= {bucket["key"] for bucket in buckets}
    exact = f"{platform}:{author}"
    if exact in found and exact != by_handle:
        return (exact,)
    others = sorted(found - {by_handle})
    if len(others) > 1:
        raise InvalidError(
            f"author: several accounts had the handle {author[:80]!r}; name one by its id: "
            f"{', '.join(key.partition(':')[2][:80] for key in others)}",
            errors=({"field": "author", "message": "several accounts had this handle"},),
        )
    return tuple(sorted(found))


async def _empty_profiles(store: Store, platform: str, natives: Sequence[str]) -> int:
    if not natives:
        return 0
    await _delete_payloads(store, platform, natives)
    emptied = 0
    for _ in range(_TRIES):
        lines = [
            replace_lines(Document(hit["_index"], hit["_id"], bare), *_place(hit))
            async for hit in _profiles(store, platform, natives)
            if (bare := _bare(hit["_source"])) != hit["_source"]
        ]
        outcomes = await settled(store.client, lines)
        emptied += sum(one.error is None for one in outcomes)
        if all(one.error is None for one in outcomes):
            break
    return emptied


def _place(hit: Json) -> tuple[int, int]:
    return hit["_seq_no"], hit["_primary_term"]


def _bare(source: Json) -> Json:
    kept = {name: value for name, value in source.items() if name not in _READ_BY_PEOPLE}
    author = source.get("author", {})
    return kept | {"author": {k: v for k, v in author.items() if k not in _NAMES}}


async def _profiles(
    store: Store, platform: str, natives: Sequence[str]
) -> AsyncGenerator[Json, None]:
    ids = [native_key(platform, native) for native in natives]
    body: Json = {"query": {"ids": {"values": ids}}, "seq_no_primary_term": True}
    async with aclosing(scan(store.client, store.layout.one("profiles"), body)) as pages:
        async for hits in pages:
            for hit in hits:
                yield hit


async def _delete_payloads(store: Store, platform: str, natives: Sequence[str]) -> None:
    index = store.layout.every(f"raw-{platform}")
    body: Json = {"query": {"terms": {"native_id": list(natives)}}, "_source": False}
    async with aclosing(scan(store.client, index, body)) as pages:
        async for hits in pages:
            await settled(store.client, [delete_line(hit["_index"], hit["_id"]) for hit in hits])
