"""The campaign's posts, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.definitions import tag
from analysis.membership import posts_query
from analysis.parts import total
from analysis.posts import ORDERS, RATES, posts_body, with_rates
from api.answers.asked import watched
from api.answers.cursor import Cursor, garbled
from api.answers.labels import with_labels
from api.answers.scope import invalid, moment_of, scope_digest
from api.answers.view import own_posts
from api.past import Past, remove_copies
from api.reading import close_snapshot, open_past, open_snapshot, restricted, search_snapshot
from lake import times
from lake.campaign import Campaign
from lake.errors import ConflictError, NotFoundError, RejectedError, TaglakeError
from lake.records import Json
from lake.store import Store

# A person reads a page; the next one must still fit it.
_KEEP_ALIVE = "5m"
_SIGNED_BY = "cursor"


async def posts(
    store: Store,
    campaign: Campaign,
    *,
    order: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Json:
    """A page of posts, and the cursor of the next; all pages are of one moment.

    Args:
        store: The lake.
        campaign: Whose posts.
        order: One of ``analysis.posts.ORDERS``, highest or newest first; engagement by default.
        limit: Posts in the page, at most ``analysis.posts.MOST_POSTS``.
        cursor: The ``next`` of the page before.

    Raises:
        InvalidError: The cursor is none of this listing.
        ConflictError: The cursor's time is up, or the campaign changed meanwhile.
        RetryError: Elasticsearch did not answer.
    """
    place = await _place(store, campaign, order, cursor)
    after = None if cursor is None else place.after
    body = posts_body(posts_query(campaign), place.order, size=limit + 1, after=after)
    if moment := moment_of(campaign):
        body = restricted(body, Past(own_posts(campaign), moment, place.copies).only())
    answer = await _read(store, place, body, first=cursor is None)
    hits = answer["hits"]["hits"]
    count = total(answer) if cursor is None else place.total
    place = replace(place, view=answer.get("pit_id", place.view), total=count)
    return {
        "campaign": campaign.id,
        "window": {"from": times.to_text(campaign.start), "to": times.to_text(campaign.end)},
        "as_of": place.as_of,
        "coverage": await _coverage(store, campaign, place),
        "rate_definitions": {name: tag(meant) for name, meant in RATES.items()},
        "sort": place.order,
        "total": place.total,
        "items": await with_labels(store, [with_rates(hit["_source"]) for hit in hits[:limit]]),
        "next": await _next(store, place, hits, limit),
    }


async def _coverage(store: Store, campaign: Campaign, place: Cursor) -> float | None:
    return await watched(store, campaign, campaign.tags(), times.from_text(place.as_of))


async def _read(store: Store, place: Cursor, body: Json, *, first: bool) -> Json:
    try:
        return await search_snapshot(store, place.view, _KEEP_ALIVE, body)
    except TaglakeError as exc:
        if first:
            raise
        raise _of_cursor(exc) from exc


async def _next(store: Store, place: Cursor, hits: Sequence[Json], limit: int) -> str | None:
    """The text of the next page's cursor; a view that nobody else can read is closed."""
    if len(hits) > limit:
        further = replace(place, after=hits[limit - 1]["sort"])
        return further.encode(await store.secrets.get(_SIGNED_BY))
    if place.after and place.copies is None:
        return None  # others were given the same first page; the view ends by itself
    await close_snapshot(store, place.view)
    if place.copies is not None:
        await remove_copies(store, place.copies)
    return None


async def _first(store: Store, campaign: Campaign, order: str | None) -> Cursor:
    moment, copies = moment_of(campaign), None
    if moment is None:
        view = await open_snapshot(store, _KEEP_ALIVE)
    else:
        past, view = await open_past(store, own_posts(campaign), moment, _KEEP_ALIVE)
        copies = past.copies
    return Cursor(
        campaign=campaign.id,
        revision=campaign.revision,
        scope=scope_digest(campaign),
        order=order or ORDERS[0],
        view=view,
        copies=copies,
        after=(),
        total=0,
        as_of=times.to_text(moment or times.now()),
    )


async def _place(store: Store, campaign: Campaign, order: str | None, cursor: str | None) -> Cursor:
    if cursor is None:
        return await _first(store, campaign, order)
    place = Cursor.decode(cursor, await store.secrets.get(_SIGNED_BY))
    if place.campaign != campaign.id or place.order not in ORDERS:
        raise garbled()
    if order not in (None, place.order):
        raise invalid(
            "sort", f"the cursor is of sort={place.order}; start again without it to change that"
        )
    if place.revision != campaign.revision:
        raise ConflictError("the campaign changed since; start again without a cursor")
    if place.scope != scope_digest(campaign):
        raise invalid(
            "cursor",
            "is of another from, to, platform or as_of; give the same as with the first page, or "
            "start again without a cursor",
        )
    return place


def _of_cursor(exc: TaglakeError) -> TaglakeError:
    """What an error of a page after the first says of its cursor."""
    match exc:
        case NotFoundError():
            return ConflictError("the cursor's time is up; start again without a cursor")
        case RejectedError():
            return garbled()
        case _:
            return exc
