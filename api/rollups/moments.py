"""What stands out: posts that break out or are much discussed, and hours with far more of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.comments import MOST_COMMENTED
from analysis.membership import posts_query
from analysis.posts import posts_body, public_post
from analysis.spike_parts import last_observations_body, speeds_in
from analysis.spikes import MOST_SPIKES, Key, Shown
from api.answers.asked import asked
from api.answers.comments import comments
from api.answers.peaks import MOST_EXPLAINED, peaks
from api.answers.spikes import spikes
from api.rollups.rows import About
from api.rollups.subject import Subject
from lake.layout import native_key
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

_TOP_POSTS = 100
_MOST_CHARS = 500
_PARTS = {"authors": "author", "hashtags": "hashtag", "domains": "domain"}


async def top_posts(store: Store, one: Subject) -> list[RollupRow]:
    """The posts of most engagement, and how fast it grew lately.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    body = posts_body(posts_query(one.campaign), "engagement", size=_TOP_POSTS, after=None)
    async with asked(store, one.campaign) as ask:
        answer = await ask.view.search(body)
        items = [public_post(hit["_source"]) for hit in answer["hits"]["hits"]]
        shown = [Shown(one["platform"], one["id"], 0, one["engagement"], None) for one in items]
        observed = last_observations_body(shown, ask.now)
        seen = await store.search(store.layout.every("metrics"), observed)
        return post_rows(one.about, ask.head() | {"items": items}, speeds_in(seen, shown))


async def outstanding(store: Store, one: Subject) -> list[RollupRow]:
    """The posts that break out.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    return spike_rows(one.about, await spikes(store, one.campaign, limit=MOST_SPIKES))


async def discussed(store: Store, one: Subject) -> list[RollupRow]:
    """The posts of most comments, with what people wrote below them.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    return comment_rows(one.about, await comments(store, one.campaign, limit=MOST_COMMENTED))


async def high_hours(store: Store, one: Subject) -> list[RollupRow]:
    """The volume peaks, and what they were made of.

    Raises:
        InvalidError: The window has too many hours.
        RetryError: Elasticsearch did not answer.
    """
    return peak_rows(one.about, await peaks(store, one.campaign, explain=MOST_EXPLAINED))


def post_rows(about: About, answer: Json, speeds: Mapping[Key, float]) -> list[RollupRow]:
    """A row for each post. Pure.

    Args:
        about: Whom the answer is about.
        answer: A page of posts.
        speeds: The posts' velocities, as far as they are known.
    """
    rows = []
    for rank, item in enumerate(answer["items"], start=1):
        velocity = speeds.get((item["platform"], item["id"]))
        rows.append(_of_post(about, "posts", answer, item, rank=rank, velocity_per_h=velocity))
    return rows


def spike_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for each post that stands out. Pure."""
    names = ("found_by", "z", "z_of", "n", "engagement_rate", "velocity_per_h", "comments_rank")
    return [
        _of_post(
            about,
            "spikes",
            answer,
            spike["post"],
            rank=rank,
            error_bound=spike.get("error_bound"),
            exact=answer["exact"],
            **{name: spike[name] for name in names},
        )
        for rank, spike in enumerate(answer["spikes"], start=1)
    ]


def comment_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for each post that was commented on. Pure."""
    rows = []
    for rank, digest in enumerate(answer["posts"], start=1):
        if not digest["comments"] and not digest["collected"]:
            continue
        tone, asked = digest["sentiment"], digest["questions"]
        fields = {name: digest[name] for name in ("comments", "collected", "collected_direct")}
        fields |= {
            "rank": rank,
            "collected_share": digest["collected_share"],
            "sentiment_mean": tone["mean"],
            "net_sentiment": tone["net"],
            "post_sentiment": tone["post"],
            "difference": tone["difference"],
            **(tone["labels"] if digest["collected"] else {}),
            "n": tone["n"],
            "missing": tone["missing"],
            "questions": asked["questions"] if digest["collected"] else None,
            "questions_part": asked["value"],
            "low": asked["low"],
            "high": asked["high"],
            "first_hour_comments": digest["first_hour"]["comments"],
        }
        rows.append(_of_post(about, "comments", answer, digest["post"], **fields))
    return rows


def _of_post(about: About, kind: str, answer: Json, post: Json, **fields: Any) -> RollupRow:
    """A row about a post, which is told by its key, its address and the start of its text."""
    key = native_key(post["platform"], post["id"])
    author, metrics = post["author"], post["metrics"]
    text = (post["text"] or "")[:_MOST_CHARS]
    shown = {
        "key": key,
        "url": post["url"],
        "text": text or None,
        "kind": post["kind"],
        "created_at": post["created_at"],
        "language": post["language"],
        "hashtags": post["hashtags"],
        "engagement": post["engagement"],
        "sentiment": (post["sentiment"] or {}).get("label"),
        **{name: metrics[name] for name in ("likes", "comments", "shares", "views")},
    }
    who = {name: author[name] for name in ("id", "handle", "name", "followers")}
    native = author["id"] or (author["handle"] or "").lower()
    who["key"] = f"{post['platform']}:{native}" if native else None
    return about.row(
        *(kind, "post", key),
        answer=answer,
        at=post["created_at"],
        platform=post["platform"],
        post=shown,
        author=who,
        **fields,
    )


def peak_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for each peak, and one for each part that an explanation names. Pure."""
    names = (
        *("hours", "posts", "peak_posts", "z", "median", "mad", "reference", "reference_hours"),
        "excess_posts",
    )
    rows = []
    for peak in answer["peaks"]:
        start, told = peak["start"], peak["explanation"]
        when = {"start": start, "end": peak["end"], "hour": peak["peak_hour"]}
        fields = {name: peak[name] for name in names} | {"explained": told is not None}
        if told is not None:
            fields["sentiment_shift"] = told["sentiment"]["mean"]["shift"]
        rows.append(about.row("peaks", "peak", start, answer=answer, at=start, peak=when, **fields))
        for of, key in _PARTS.items() if told is not None else ():
            head = answer | {"definition": answer["explanation_definition"]}
            for rank, part in enumerate(told[of]["top"], start=1):
                shares = {
                    "posts": part["posts"],
                    "part_ratio": part["share"],
                    "reference_ratio": part["reference_share"],
                    "lift": part["lift"],
                    "exact": told[of]["exact"],
                }
                rows.append(
                    about.row(
                        *("peaks", "part", start, of, part[key]),
                        answer=head,
                        at=start,
                        peak=when,
                        part_of=of,
                        part_key=part[key],
                        part_name=part.get("handle") or part[key],
                        rank=rank,
                        **shares,
                    )
                )
    return rows
