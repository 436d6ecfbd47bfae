"""One hashtag: what platforms count, what the lake holds, what goes with it, and its grade."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from analysis.authenticity import add_author_counts, author_counts_body
from analysis.definitions import tag as definition_tag
from analysis.envelope import Envelope
from analysis.hashtag_grade import graded, panel_body, panel_in, use_in
from analysis.membership import posts_query
from analysis.parts import aggregations, total
from analysis.related import everyone_query
from analysis.tag_counter import (
    MOST_SNAPSHOTS,
    counter_rows,
    counters_body,
    counters_query,
    counting_body,
    counting_in,
)
from analysis.tag_use import known_body, known_in, use_body, used_by
from api.answers.asked import Asked, asked
from api.answers.hashtags import related
from api.answers.scope import scoped
from api.reading import Snapshot
from lake import times
from lake.campaign import Campaign
from lake.errors import NotFoundError
from lake.records import Json
from lake.store import Store
from lake.text import normal_hashtag

WINDOW = timedelta(days=30)
_FIRST = datetime.min.replace(tzinfo=UTC)
_MOST_CHARS = 1_024  # longer ones are not indexed
_RELATED = 10
_MIN_POSTS = 5
_AUTHORS_A_PAGE = 50_000


async def hashtag(
    store: Store,
    name: str,
    *,
    start: str | None = None,
    end: str | None = None,
    platforms: Sequence[str] = (),
    as_of: str | None = None,
) -> Json:
    """Everything about one hashtag in a window.

    Args:
        store: The lake.
        name: The hashtag, in any case, with or without ``#``.
        start: Start of the window as text; by default ``WINDOW`` before its end.
        end: Its end, exclusive; by default now.
        platforms: Only these; by default all.
        as_of: Only what was known at this time; by default now.

    Raises:
        NotFoundError: Neither a post nor a platform's count of it is in the lake.
        InvalidError: A value is no time, or they contradict.
        RetryError: Elasticsearch did not answer.
    """
    tag = normal_hashtag(name)
    if not tag or len(tag) > _MOST_CHARS or "\ufffd" in tag:
        raise _unknown(name)
    campaign = _as_campaign(tag, start=start, end=end, platforms=platforms, as_of=as_of)
    async with asked(store, campaign) as ask:
        known = await ask.view.search(known_body(tag))
        counters = await _counters(store, ask, tag)
        if not total(known) and not counters["ever"]:
            raise _unknown(name)
        head = {name: value for name, value in ask.head().items() if name != "campaign"}
        return {
            "hashtag": tag,
            **head,
            "known": known_in(known),
            **await _use(ask),
            "counters": counters["rows"],
            "related": await _related(ask),
        }


def _unknown(name: str) -> NotFoundError:
    shown = name.encode("utf-8", "replace").decode()[:80]
    return NotFoundError(
        f"the lake knows no hashtag {shown!r}: no post carries it and no platform counted it"
    )


def _as_campaign(
    tag: str, *, start: str | None, end: str | None, platforms: Sequence[str], as_of: str | None
) -> Campaign:
    """The hashtag as a campaign of its own, which nobody registered."""
    now = times.now()
    base = Campaign.model_construct(
        None,
        id=tag,
        name=tag,
        hashtags=(tag,),
        competitors=(),
        platforms=(),
        start=_FIRST,
        end=now,
        baseline=None,
        created_at=now,
        updated_at=now,
        revision=0,
    )
    # Only then is it known where a window without a start begins.
    until = scoped(base, end=end if end is not None else as_of, as_of=as_of).end
    begin = start if start is not None else times.to_text(_before(until))
    return scoped(base, start=begin, end=times.to_text(until), platforms=platforms, as_of=as_of)


def _before(end: datetime) -> datetime:
    return max(_FIRST + WINDOW, end) - WINDOW


async def _counters(store: Store, ask: Asked, tag: str) -> Json:
    """What platforms count, and how many counts there are at all."""
    index = store.layout.every("metrics")
    counting = counting_in(await store.search(index, counting_body()))
    asked_for = [
        one for one in counting if not ask.campaign.platforms or one in ask.campaign.platforms
    ]
    ever = {
        "size": 0,
        "track_total_hits": True,
        "query": counters_query(tag, counting),
    }
    count = total(await store.search(index, ever))
    until = min(ask.campaign.end, ask.now)
    body = counters_body(counters_query(tag, asked_for), ask.campaign.start, until)
    answer = await store.search(index, body)
    rows = {
        "definition": definition_tag("tag_growth"),
        "n": total(answer),
        "missing": max(0, total(answer) - MOST_SNAPSHOTS),
        "sources": counter_rows(answer),
    }
    return {"ever": count, "rows": rows}


async def _author_counts(view: Snapshot, query: Json) -> tuple[int, dict[str, int]]:
    """How many posts a query finds, and how many of each author: all of them, exactly."""
    counts: dict[str, int] = {}
    after: Json | None = None
    posts: int | None = None
    while True:
        body = author_counts_body(query, after=after, size=_AUTHORS_A_PAGE)
        answer = await view.search(body)
        posts = total(answer) if posts is None else posts
        after = add_author_counts(counts, answer, size=_AUTHORS_A_PAGE)
        if after is None:
            return posts, counts


async def _use(ask: Asked) -> Json:
    """The lake's own numbers of the window, and the grade that they come to."""
    campaign = ask.campaign
    query = posts_query(campaign)
    answer = await ask.view.search(use_body(query))
    posts, counts = await _author_counts(ask.view, query)
    missing = posts - sum(counts.values())
    panel, exact = panel_in(
        await ask.view.search(panel_body(everyone_query(campaign))), campaign.id
    )
    seconds = (min(campaign.end, ask.now) - campaign.start).total_seconds()
    use = use_in(campaign.id, aggregations(answer), posts=posts)
    return {
        "posts": Envelope(posts, posts, 0, "posts", ask.context, exact=True).to_json()
        | used_by(answer),
        "authors": Envelope(
            len(counts), posts, missing, "users", ask.context, exact=True
        ).to_json(),
        "grade": {"definition": definition_tag("hashtag_grade")}
        | graded(use, panel, seconds / 3600 if seconds > 0 else None, exact=exact),
    }


async def _related(ask: Asked) -> Json:
    definition = {"definition": definition_tag("related_hashtags")}
    found = await related(ask, sort="lift", limit=_RELATED, min_posts=_MIN_POSTS, exact=False)
    return definition | found
