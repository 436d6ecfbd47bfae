"""An account: as it is now, its followers over time, its posts and its campaigns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from analysis.definitions import tag
from analysis.envelope import Context
from analysis.membership import posts_query
from analysis.profile import (
    account_body,
    account_now,
    by_author,
    days_asked,
    growth,
    observation,
    observations_body,
    posts_body,
    posts_numbers,
    taking_part,
    taking_part_body,
)
from api.reading import Snapshot, snapshot
from lake import times
from lake.campaign import Campaign
from lake.errors import NotFoundError
from lake.layout import native_key
from lake.records import Json
from lake.store import Store
from lake.text import clean

MOST_OBSERVATIONS = 1_000
_LONGEST_NAME = 1_000
_CAMPAIGNS_A_REQUEST = 100


async def profile(
    store: Store,
    platform: str,
    handle: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 200,
) -> Json:
    """An account, its history and its posts.

    Args:
        store: The lake.
        platform: Where it lives.
        handle: Its handle in any case, with ``@`` or without, or the platform's id of it.
        start: Posts and observations from then on; None: from the first.
        end: Those before then; None: to the last.
        limit: Observations to show, the newest; at most ``MOST_OBSERVATIONS``.

    Raises:
        NotFoundError: The lake knows no such account.
        RetryError: Elasticsearch did not answer.
    """
    name = clean(handle).strip().lstrip("@").strip()
    async with _found(store, platform, name) as (view, known, newest):
        now = account_now(platform, known, newest)
        moment = times.now()
        context = Context(times.to_text(moment), None)
        query = by_author(now["key"], start, end)
        posts = await view.search(posts_body(query))
        return {
            "profile": now,
            "window": {"from": _text(start), "to": _text(end)},
            "as_of": context.as_of,
            "definition": tag("profile"),
            "history": await _history(store, now, start, end, limit, context),
            "posts": posts_numbers(
                posts, now["followers"], days_asked(start, end, moment), context
            ),
            "campaigns": await _campaigns(view, now["key"], await store.campaigns.list()),
        }


@asynccontextmanager
async def _found(
    store: Store, platform: str, name: str
) -> AsyncIterator[tuple[Snapshot, Json | None, Json | None]]:
    """A view of the posts, and who has that name: by their profile, else by their newest post."""
    if not name or max(len(platform), len(name)) > _LONGEST_NAME:
        raise _unknown(platform, name)
    body = account_body(platform, name, newest_by="observed_at")
    known = _first(await store.search(store.layout.one("profiles"), body))
    async with snapshot(store) as view:
        newest = None
        if known is None:
            newest = _first(await view.search(body))
        if known is None and newest is None:
            raise _unknown(platform, name)
        yield view, known, newest


def _first(answer: Json) -> Json | None:
    hits = answer["hits"]["hits"]
    return hits[0]["_source"] if hits else None


def _unknown(platform: str, name: str) -> NotFoundError:
    return NotFoundError(
        f"the lake knows no account {name[:80]!r} on {platform[:40]!r}; accounts come with posts "
        "that are collected, and with the profiles of campaigns"
    )


async def _history(
    store: Store,
    now: dict[str, Any],
    start: datetime | None,
    end: datetime | None,
    limit: int,
    context: Context,
) -> Json:
    index = store.layout.every("metrics")
    platform, _, native = now["key"].partition(":")
    entity = native_key(platform, native)

    async def ask(size: int, *, newest: bool, known: str | None = None) -> Json:
        body = observations_body(entity, start, end, size=size, newest=newest, known=known)
        return await store.search(index, body)

    shown = await ask(limit, newest=True)
    last = await ask(1, newest=True, known="followers")
    first = await ask(1, newest=False, known="followers")
    told = last["hits"]["total"]["value"]
    hits = reversed(shown["hits"]["hits"])
    return {
        "n": shown["hits"]["total"]["value"],
        "observations": [observation(hit["_source"]) for hit in hits],
        "followers_growth": growth(_first(first), _first(last), told, context),
    }


async def _campaigns(view: Snapshot, key: str, campaigns: Sequence[Campaign]) -> list[Json]:
    """The campaigns that have posts by the account, most posts first."""
    rows: list[Json] = []
    for first in range(0, len(campaigns), _CAMPAIGNS_A_REQUEST):
        some = campaigns[first : first + _CAMPAIGNS_A_REQUEST]
        body = taking_part_body(key, [posts_query(one) for one in some])
        for one, (posts, engagement) in zip(
            some, taking_part(await view.search(body)), strict=False
        ):
            if posts:
                row = {"id": one.id, "name": one.name, "posts": posts, "engagement": engagement}
                rows.append(row)
    return sorted(rows, key=lambda row: (-row["posts"], row["id"]))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else times.to_text(moment)
