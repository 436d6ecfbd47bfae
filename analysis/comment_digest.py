"""The digest of one post's comments: how many, in what tone, asking what, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analysis.comments import Commented
from analysis.numbers import ratio, wilson
from analysis.parts import aggregations, labels_in, sum_and_count
from analysis.posts import public_post
from analysis.questions import is_question
from analysis.sentiment import net_sentiment
from lake.records import Json

# Their own count of comments is of direct answers; the other platforms' is of the discussion.
COUNTS_DIRECT = frozenset({"bluesky", "mastodon", "threads", "x"})


@dataclass(frozen=True, slots=True)
class Tone:
    """Comments of one stretch of time.

    Args:
        comments: How many.
        labels: How many of each label.
        score_sum: Sum of the sentiment scores.
        scored: How many have one.
    """

    comments: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    score_sum: float = 0.0
    scored: int = 0

    def __add__(self, other: Tone) -> Tone:
        """Both stretches together."""
        labels = {name: n + other.labels.get(name, 0) for name, n in self.labels.items()}
        return Tone(
            self.comments + other.comments,
            labels,
            self.score_sum + other.score_sum,
            self.scored + other.scored,
        )

    def mean(self) -> float | None:
        """Mean score; None where none is scored."""
        return ratio(self.score_sum, self.scored)

    def short(self) -> dict[str, Any]:
        """Count and mean, as answers show them."""
        return {"comments": self.comments, "sentiment_mean": self.mean(), "scored": self.scored}


def tone_in(bucket: Json) -> Tone:
    """The tone of one part of ``digest_body``."""
    score_sum, scored = sum_and_count(bucket.get("scored", {}), "score")
    labels = labels_in(bucket.get("sentiment", {}))
    return Tone(bucket.get("doc_count", 0), labels, score_sum, scored)


@dataclass(frozen=True, slots=True)
class Digest:
    """The numbers of one post's comments.

    Args:
        first: Those of its first hour; also those that claim to be older than the post.
        later: The others.
        direct: How many answer the post itself.
        best: Documents of the comments with most likes.
    """

    first: Tone
    later: Tone
    direct: int
    best: Sequence[Json]


def digests_in(answer: Json, count: int) -> list[Digest]:
    """The digests of ``count`` posts, in their order."""
    found = aggregations(answer)

    def bucket(name: str, key: str) -> Json:
        one: Json = found.get(name, {}).get("buckets", {}).get(key, {})
        return one

    return [
        Digest(
            tone_in(bucket("parts", f"{place}.first")),
            tone_in(bucket("parts", f"{place}.later")),
            bucket("direct", str(place)).get("doc_count", 0),
            [hit["_source"] for hit in _hits(bucket("wholes", str(place)))],
        )
        for place in range(count)
    ]


def _hits(bucket: Json) -> list[Json]:
    found: list[Json] = bucket.get("best", {}).get("hits", {}).get("hits", [])
    return found


def digest_row(post: Commented, digest: Digest, texts: Iterable[Json], now: datetime) -> Json:
    """A post with the digest of its comments, as answers show it.

    Args:
        post: The post.
        digest: Its comments' numbers.
        texts: Documents of its first comments.
        now: When it is asked.
    """
    both = digest.first + digest.later
    counted = digest.direct if post.source["platform"] in COUNTS_DIRECT else both.comments
    said = post.source.get("metrics", {}).get("comments")
    part = ratio(counted, said)
    is_over = now >= post.first_hour_ends
    return {
        "post": public_post(post.source),
        "comments": said,
        "collected": both.comments,
        "collected_direct": digest.direct,
        "collected_share": None if part is None else 100 * min(1.0, part),
        "sentiment": _sentiment(post.source, both),
        "questions": questions(texts, both.comments),
        "first_hour": digest.first.short() | {"over": is_over},
        "later": digest.later.short(),
        "top_comments": [public_post(source) for source in digest.best],
    }


def _sentiment(source: Json, tone: Tone) -> dict[str, Any]:
    """The comments' tone beside the post's own; a post whose score is stale has none."""
    is_scored = source.get("enrich", {}).get("state") == "done"
    own = source.get("sentiment", {}).get("score") if is_scored else None
    mean = tone.mean()
    return {
        "mean": mean,
        "net": net_sentiment(tone.labels),
        "post": own,
        "difference": None if mean is None or own is None else mean - own,
        "labels": dict(tone.labels),
        "n": tone.comments,
        "missing": tone.comments - tone.scored,
    }


def questions(texts: Iterable[Json], comments: int) -> dict[str, Any]:
    """The share of comments that ask something, in percent, with its Wilson 95 % interval.

    Args:
        texts: Documents of the comments that were read.
        comments: How many there are; those that were not read, or have no text, are missing.
    """
    known = [source for source in texts if source.get("text")]
    asking = sum(is_question(source["text"], _language(source)) for source in known)
    low, high = wilson(asking, len(known)) or (None, None)
    part = ratio(asking, len(known))
    return {
        "value": None if part is None else 100 * part,
        "low": None if low is None else 100 * low,
        "high": None if high is None else 100 * high,
        "questions": asking,
        "n": comments,
        "missing": comments - len(known),
    }


def _language(source: Json) -> str | None:
    lang = source.get("lang", {})
    found: str | None = lang.get("detected") or lang.get("platform")
    return found
