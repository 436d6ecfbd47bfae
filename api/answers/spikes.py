"""The campaign's posts that break out."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from analysis.calendar_counts import epoch_ms
from analysis.membership import also, posts_query
from analysis.parts import total
from analysis.spike_parts import (
    Spike,
    by_comments_body,
    columns_body,
    counting_body,
    engaged_body,
    last_observations_body,
    platforms_in,
    posts_in,
    shards_in,
    shown_in,
    speeds_in,
    spikes_among,
    these_body,
)
from analysis.spikes import (
    RULES,
    TRAILING_MS,
    Key,
    Score,
    Shown,
    rate_scores,
    sample_size,
    speed_scores,
    to_observe,
    without_score,
)
from api.answers.asked import Asked, asked
from api.reading import Snapshot
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

# Up to so many posts are all read; of more a sample, and the most engaged besides.
MOST_READ = 20_000
_ENGAGED = 200
_PAGE = 10_000
_MOST_SLICES = 1_024  # index.max_slices_per_pit
_MOST_SPEEDS = 2_000
_SPEEDS_A_PAGE = 500
_TRAILING = timedelta(milliseconds=TRAILING_MS)


@dataclass(slots=True)
class _Read:
    """What was read of the posts of the window and of the seven days before it.

    Args:
        posts: By platform, in order of time.
        read: How many were read as they came.
        sampled: The platforms of which these are a sample.
    """

    posts: dict[str, list[Shown]] = field(default_factory=dict)
    read: int = 0
    sampled: set[str] = field(default_factory=set)


async def spikes(
    store: Store, campaign: Campaign, *, k: int = 10, limit: int = 20, most_read: int = MOST_READ
) -> Json:
    """Posts that stand out of their platform's, and those with the most comments.

    Args:
        store: The lake.
        campaign: Whose.
        k: Posts of each platform to take for their number of comments.
        limit: Posts in the answer, at most ``analysis.spikes.MOST_SPIKES``.
        most_read: With more posts, references are samples and the answer is an estimate.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    query = posts_query(campaign)
    wide = posts_query(campaign.model_copy(update={"start": _earlier(campaign.start)}))
    async with asked(store, campaign) as ask:
        counted = await ask.view.search(counting_body(query))
        platforms = platforms_in(counted)
        weeks = (min(campaign.end, ask.now) - campaign.start) / _TRAILING + 1
        read = await _read(ask.view, wide, query, weeks, most_read)
        scores, speeds_sampled = await _scores(store, ask, read)
        most = await gather(*(_commented(ask.view, query, name, k) for name in platforms))
        commented = dict(zip(platforms, most, strict=True))
        found = spikes_among(scores, commented)
        rows = await _rows(ask.view, query, found[:limit], commented)
        n, estimated = total(counted), bool(read.sampled) or speeds_sampled
        answer = {
            "value": len(found),
            "n": n,
            "missing": n - sum(score.z is not None for score in scores.values()),
            "k": k,
            "exact": not estimated,
            "sampled": estimated,
            "posts_read": read.read,
            "limit": most_read,
            "by_rule": {rule: sum(rule in one.found_by for one in found) for rule in RULES},
            "spikes": rows,
        }
        if estimated:
            bounds = [row["error_bound"] for row in rows if "error_bound" in row]
            answer["error_bound"] = max(bounds, default=None)
        return ask.head("spiking_post") | answer


def _earlier(start: datetime) -> datetime:
    try:
        return start - _TRAILING
    except OverflowError:  # in the first week of year 1
        return start


async def _read(view: Snapshot, wide: Json, query: Json, weeks: float, most_read: int) -> _Read:
    counted = await view.search(counting_body(wide))
    platforms = platforms_in(counted)
    if total(counted) <= most_read:
        posts = await _columns(view, wide, (0, 1))
        read = _Read(read=len(posts))
    else:
        most = sample_size(weeks, len(platforms), most_read)
        read, posts = await _sampled(view, wide, counted, most)
        here = {post.key for post in posts}
        for answer in await gather(
            *(view.search(engaged_body(query, name, size=_ENGAGED)) for name in platforms)
        ):
            posts += [post for post in shown_in(answer, counts=False) if post.key not in here]
    for post in sorted(posts, key=lambda post: (post.at_ms, post.key)):
        read.posts.setdefault(post.platform, []).append(post)
    return read


async def _sampled(
    view: Snapshot, wide: Json, counted: Json, most: int
) -> tuple[_Read, list[Shown]]:
    """As many posts of each platform; all of one that has no more."""
    read, posts, shards = _Read(), list[Shown](), shards_in(counted)
    platforms = platforms_in(counted)
    for name, count in platforms.items():
        parts = [(0, 1)]
        thin = -(-count * len(platforms) // most)
        if thin > 1:
            read.sampled.add(name)
            # Each slice is one of some shard's, so one of each shard's makes an even sample.
            slices = shards * max(1, min(thin, _MOST_SLICES // shards))
            parts = [(number, slices) for number in range(shards)]
        here = also(wide, {"term": {"platform": name}})
        for part in parts:
            posts += await _columns(view, here, part)
    read.read = len(posts)
    return read, posts


async def _columns(view: Snapshot, query: Json, part: tuple[int, int]) -> list[Shown]:
    found: list[Shown] = []
    after: list[Any] | None = None
    while True:
        answer = await view.search(columns_body(query, size=_PAGE, after=after, part=part))
        found += shown_in(answer)
        hits = answer["hits"]["hits"]
        if len(hits) < _PAGE:
            return found
        after = hits[-1]["sort"]


async def _scores(store: Store, ask: Asked, read: _Read) -> tuple[dict[Key, Score], bool]:
    """Scores of the window's posts, and whether velocities were read of a sample only."""
    start_ms = epoch_ms(ask.campaign.start)
    scores: dict[Key, Score] = {}
    sampled = False
    for platform, posts in read.posts.items():
        few = platform in read.sampled
        by_rate = rate_scores(posts, sampled=few)
        inside = [post for post in posts if post.at_ms >= start_ms]
        scores.update((post.key, by_rate[post.key]) for post in inside if post.key in by_rate)
        left = without_score(inside, by_rate)
        observed, thin = to_observe(posts, left, max(2, _MOST_SPEEDS // len(read.posts)))
        speeds = await _speeds(store, observed, ask.now)
        wanted = {post.key for post in left}
        judged = speed_scores(observed, speeds, wanted, sampled=few or thin)
        scores.update(judged)
        sampled = sampled or thin
    return scores, sampled


async def _speeds(store: Store, posts: Sequence[Shown], until: datetime) -> dict[Key, float]:
    index = store.layout.every("metrics")
    found: dict[Key, float] = {}
    for place in range(0, len(posts), _SPEEDS_A_PAGE):
        page = posts[place : place + _SPEEDS_A_PAGE]
        answer = await store.search(index, last_observations_body(page, until))
        found.update(speeds_in(answer, page))
    return found


async def _commented(view: Snapshot, query: Json, platform: str, k: int) -> list[Json]:
    if k == 0:
        return []
    return list(posts_in(await view.search(by_comments_body(query, platform, size=k))).values())


async def _rows(
    view: Snapshot, query: Json, found: Collection[Spike], commented: dict[str, list[Json]]
) -> list[Json]:
    sources = {
        (source["platform"], source["native_id"]): source
        for platform in commented.values()
        for source in platform
    }
    others = [one.key for one in found if one.key not in sources]
    if others:
        sources.update(posts_in(await view.search(these_body(query, others))))
    return [one.to_json(sources[one.key]) for one in found if one.key in sources]
