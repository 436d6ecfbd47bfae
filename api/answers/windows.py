"""The campaign before, during and after."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analysis.ageing import FEW_POSTS, MOST_POSTS, ages_json
from analysis.coverage import Seen, Target
from analysis.envelope import Context
from analysis.leaders import SIZES, Sizes
from analysis.lift import between
from analysis.membership import posts_query
from analysis.summary import estimated_authors, summary_body, summary_metrics
from analysis.windows import (
    Measured,
    Watch,
    Window,
    length_of,
    measured,
    not_begun,
    tone_body,
    watch,
    windows_of,
)
from api.answers.ageing import post_ages
from api.answers.asked import Asked, asked
from api.answers.authors import Question, people
from api.answers.coverage import ledger
from api.answers.scope import moment_of
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


async def windows(
    store: Store,
    campaign: Campaign,
    *,
    length: str | None = None,
    ageing: bool | None = None,
    sizes: Sizes = SIZES,
    few_posts: int = FEW_POSTS,
    most_posts: int = MOST_POSTS,
) -> Json:
    """The numbers of the three windows, and what changed between them.

    Args:
        store: The lake.
        campaign: Whose.
        length: Of the windows beside the campaign's, as ``7d``; its own where it is None.
        ageing: Whether to read each post's observations, for numbers by age; None: in windows of
            few posts.
        sizes: How many authors are few enough to be counted one by one.
        few_posts: How many posts are few.
        most_posts: A window with more has no numbers by age in any case.

    Raises:
        InvalidError: The length is none, or the windows reach beyond the calendar.
        RetryError: Elasticsearch did not answer.
    """
    span = None if length is None else length_of(length)
    async with asked(store, campaign) as ask:
        cuts = windows_of(campaign.start, campaign.end, length=span, now=ask.now)
        targets = await _targets(store, campaign, cuts)
        found: dict[str, Measured] = {}
        shown: dict[str, Json] = {}
        for name, window in cuts.items():
            part = _part(ask, window)
            one = await _measure(store, part, window, watch(window, targets), sizes)
            found[name] = one
            shown[name] = one.to_json()
            if ageing is not False:
                most = most_posts if ageing else min(few_posts, most_posts)
                advice = "" if ageing else "; ask with ageing=true"
                shown[name] |= await _aged(store, part, one, most, advice)
        return ask.head("windows") | {
            "length_s": (cuts["before"].end - cuts["before"].start).total_seconds(),
            "windows": shown,
            "between": between(found, ask.context.as_of),
        }


async def _targets(
    store: Store, campaign: Campaign, cuts: Mapping[str, Window]
) -> dict[Target, Seen]:
    """What the ledger says of all three windows."""
    wide = {"start": cuts["before"].start, "end": cuts["after"].end, "baseline": None}
    whole = campaign.model_copy(update=wide)
    targets, _ = await ledger(store, whole, campaign.tags(), until=moment_of(campaign))
    return targets


def _part(ask: Asked, window: Window) -> Asked:
    """The question, of one window so far."""
    inside = {"start": window.start, "end": window.until or window.end}
    return replace(ask, campaign=ask.campaign.model_copy(update=inside))


async def _measure(
    store: Store, part: Asked, window: Window, seen: Watch, sizes: Sizes
) -> Measured:
    context = Context(part.context.as_of, seen.coverage)
    if window.until is None:
        return not_begun(window, seen, context)
    query = posts_query(part.campaign)
    answer, told = await gather(
        part.view.search(summary_body(query)), part.view.search(tone_body(query))
    )
    found = await people(store, part, Question(query, sizes=sizes), estimated_authors(answer))
    metrics = summary_metrics(answer, found.all, context, told=found.told)
    return measured(window, seen, told, metrics, context)


async def _aged(store: Store, part: Asked, one: Measured, most: int, advice: str) -> dict[str, Any]:
    """The numbers by age, and why there are none."""
    posts, context = one.metrics["posts"]["value"], Context(part.context.as_of, one.watch.coverage)
    if posts is None:
        return ages_json(None, None, context) | {"ageing_reason": "not_begun"}
    if posts > most:
        reason = f"more than {most:,} posts{advice}"
        return ages_json(None, posts, context) | {"ageing_reason": reason}
    ages = await post_ages(store, part, posts_query(part.campaign)) if posts else None
    return ages_json(ages, posts, context) | {"ageing_reason": None}
