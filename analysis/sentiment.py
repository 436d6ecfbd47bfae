"""The tone of a campaign's posts, as the models scored it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.envelope import Context, Envelope
from analysis.membership import also
from analysis.numbers import ratio, wilson
from analysis.parts import (
    MOST_PLATFORMS,
    SCORED,
    aggregations,
    counts_by,
    label_counts,
    labels_in,
    sum_and_count,
    total,
)
from lake.records import Json

_MOST_MODELS = 100
# Below so many posts a share says nothing of a trend.
ENOUGH_POSTS = 30


def net_sentiment(labels: Mapping[str, int]) -> float | None:
    """(positive - negative) / (positive + negative); None where both are 0."""
    positive, negative = labels.get("positive", 0), labels.get("negative", 0)
    return ratio(positive - negative, positive + negative)


def net_interval(labels: Mapping[str, int]) -> dict[str, float | None]:
    """The 95 % interval of net sentiment; of nothing it is unknown.

    Net sentiment is 2 p - 1 with p = positive / (positive + negative), so its interval is Wilson's
    of p, stretched alike.
    """
    positive, negative = labels.get("positive", 0), labels.get("negative", 0)
    low, high = wilson(positive, positive + negative) or (None, None)
    return {
        "low": None if low is None else 2 * low - 1,
        "high": None if high is None else 2 * high - 1,
    }


def sentiment_score(labels: Mapping[str, int]) -> float | None:
    """100 x (positive - negative) / (positive + neutral + negative); None where all are 0."""
    found = ratio(labels.get("positive", 0) - labels.get("negative", 0), decided(labels))
    return None if found is None else 100 * found


def decided(labels: Mapping[str, int]) -> int:
    """Posts with one of the three labels; ``unsure`` ones are in no share."""
    return sum(labels.get(label, 0) for label in ("positive", "neutral", "negative"))


def label_shares(labels: Mapping[str, int]) -> dict[str, dict[str, float | None]]:
    """Each label's part in percent, with its Wilson 95 % interval."""
    n = decided(labels)
    found = {}
    for label in ("positive", "neutral", "negative"):
        count = labels.get(label, 0)
        low, high = wilson(count, n) or (None, None)
        part = ratio(count, n)
        found[label] = {
            "value": None if part is None else 100 * part,
            "low": None if low is None else 100 * low,
            "high": None if high is None else 100 * high,
        }
    return found


def sentiment_body(query: Json) -> Json:
    """The request for all but the weighted mean."""
    by_label = {"sentiment": label_counts()}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": query,
        "aggs": {
            "states": {"terms": {"field": "enrich.state", "size": 10}},
            "sentiment": label_counts(),
            "scored": {
                "filter": SCORED,
                "aggs": {
                    "score": {"stats": {"field": "sentiment.score"}},
                    "models": {
                        "terms": {"field": "sentiment.model", "size": _MOST_MODELS},
                        "aggs": by_label,
                    },
                },
            },
            "platforms": {
                "terms": {"field": "platform", "size": MOST_PLATFORMS},
                "aggs": by_label,
            },
        },
    }


@dataclass(slots=True)
class Weighted:
    """The engagement-weighted mean while its pages come in."""

    weighted: float = 0.0
    weights: float = 0.0
    known: int = 0

    def mean(self) -> float | None:
        """The weighted mean; None where all weights are 0."""
        return ratio(self.weighted, self.weights)


def weighted_body(query: Json, *, after: Json | None, size: int) -> Json:
    """A request for the scores by engagement: posts of equal engagement weigh the same.

    So the weighted mean needs no script, and no more pages than there are different numbers.
    """
    sources = [{"engagement": {"terms": {"field": "engagement.value"}}}]
    composite: Json = {"size": size, "sources": sources}
    if after is not None:
        composite["after"] = after
    return {
        "size": 0,
        "track_total_hits": False,
        "query": also(query, SCORED),
        "aggs": {
            "levels": {
                "composite": composite,
                "aggs": {"score": {"stats": {"field": "sentiment.score"}}},
            }
        },
    }


def add_weighted(weighted: Weighted, answer: Json) -> Json | None:
    """Adds a page; gives where the next page starts, None after the last."""
    found = aggregations(answer).get("levels", {})
    for bucket in found.get("buckets", []):
        score_sum, known = sum_and_count(bucket, "score")
        weight = math.log1p(max(0, bucket["key"]["engagement"]))
        weighted.weighted += weight * score_sum
        weighted.weights += weight * known
        weighted.known += known
    after: Json | None = found.get("after_key")
    return after


def sentiment_answer(answer: Json, weighted: Weighted, context: Context) -> dict[str, Any]:
    """Counts, shares and indices, overall and by platform and model."""
    found, posts = aggregations(answer), total(answer)
    states = counts_by(found, "states")
    labels = labels_in(found.get("sentiment", {}))
    inner = found.get("scored", {})
    scored = inner.get("doc_count", 0)
    n = decided(labels)
    score_sum, known = sum_and_count(inner, "score")
    values: dict[str, tuple[float | None, int]] = {
        "sentiment": (scored, scored),
        "net_sentiment": (net_sentiment(labels), n),
        "sentiment_score": (sentiment_score(labels), n),
        "sentiment_mean": (ratio(score_sum, known), known),
        "sentiment_weighted_mean": (weighted.mean(), weighted.known),
    }
    metrics = {
        "scored" if name == "sentiment" else name: Envelope(
            value, posts, posts - told, name, context
        ).to_json()
        for name, (value, told) in values.items()
    }
    metrics["net_sentiment"] |= net_interval(labels)
    return {
        "labels": labels,
        "pending": states.get("pending", 0) + states.get("stale", 0),
        "failed": states.get("failed", 0),
        "shares": label_shares(labels),
        "trend_hidden": n < ENOUGH_POSTS,
        "metrics": metrics,
        "by_platform": _groups(found, "platforms"),
        "by_model": _groups(inner, "models"),
    }


def _groups(found: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    groups = {}
    for bucket in found.get(name, {}).get("buckets", []):
        labels = labels_in(bucket["sentiment"])
        groups[bucket["key"]] = {
            "labels": labels,
            "net_sentiment": net_sentiment(labels),
            "posts": bucket["doc_count"],
        }
    return groups
