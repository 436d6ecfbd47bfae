"""Whether a hashtag is worth using, against the others: METRICS 37."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from analysis.numbers import mean, percentile_ranks, ratio
from analysis.parts import aggregations, sum_and_count, sums
from lake.records import Json

MOST_TAGS = 1_000
_RESPONSES = ("reshares_per_h", "views_per_h")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One version of where the grades begin; ``hashtag_grade.yaml`` says how they are used.

    Args:
        id: Their name.
        version: Counted from 1.
        valid_from: The day on which the version was made.
        source: Whose they are.
        least_tags: Other hashtags that a panel needs.
        unused_below: Rank of posts an hour, 0 to 1.
        overused_from: Rank of posts an hour.
        overused_response_below: Rank of the response.
        great_from: Rank of the response.
    """

    id: str
    version: int
    valid_from: Any
    source: str
    least_tags: int
    unused_below: float
    overused_from: float
    overused_response_below: float
    great_from: float

    @property
    def name(self) -> str:
        """``<id>.v<version>``, as answers carry it."""
        return f"{self.id}.v{self.version}"


@cache
def current_thresholds() -> Thresholds:
    """The newest version."""
    rows = yaml.safe_load((files("analysis") / "hashtag_grade.yaml").read_text(encoding="utf-8"))
    return max((Thresholds(**row) for row in rows), key=lambda row: row.version)


@dataclass(frozen=True, slots=True)
class Use:
    """How much a hashtag is used and answered.

    Args:
        tag: The hashtag.
        posts: Its posts.
        reshares: Sum of their reshares; None where no post shows them.
        views: Sum of their views; None where no post shows them.
    """

    tag: str
    posts: int
    reshares: float | None = None
    views: float | None = None

    def rates(self, hours: float | None) -> dict[str, float | None]:
        """Each number an hour; None where it is unknown, or there are no hours."""
        return {
            "posts_per_h": ratio(self.posts, hours),
            "reshares_per_h": ratio(self.reshares, hours),
            "views_per_h": ratio(self.views, hours),
        }


def panel_body(query: Json, *, size: int = MOST_TAGS + 1) -> Json:
    """A request for the hashtags of most posts; one more than needed, for the graded one."""
    terms: Json = {"field": "hashtags", "size": size}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": query,
        "aggs": {"tags": {"terms": terms, "aggs": sums("shares", "views")}},
    }


def panel_in(answer: Json, tag: str) -> tuple[list[Use], bool]:
    """The panel without ``tag``, and whether its counts are exact."""
    found = aggregations(answer).get("tags", {})
    uses = [use_in(one["key"], one) for one in found.get("buckets", []) if one["key"] != tag]
    return uses[:MOST_TAGS], not found.get("doc_count_error_upper_bound", 0)


def use_in(tag: str, bucket: Mapping[str, Any], *, posts: int | None = None) -> Use:
    """A hashtag's use out of a bucket with the sums of shares and views.

    Args:
        tag: The hashtag.
        bucket: The bucket, or the aggregations of a request about this hashtag alone.
        posts: Its posts, where the bucket does not count them.
    """
    reshares, shown = sum_and_count(bucket, "shares")
    views, viewed = sum_and_count(bucket, "views")
    return Use(
        tag,
        bucket["doc_count"] if posts is None else posts,
        reshares if shown else None,
        views if viewed else None,
    )


def ranks(use: Use, panel: Sequence[Use], hours: float | None) -> dict[str, float | None]:
    """The percentile rank of each of a hashtag's rates among those of the panel that have it."""
    own = use.rates(hours)
    found: dict[str, float | None] = {}
    for name, value in own.items():
        if value is None:
            found[name] = None
            continue
        others = [rate for one in panel if (rate := one.rates(hours)[name]) is not None]
        found[name] = percentile_ranks([*others, value])[-1]
    return found


def grade(found: Mapping[str, float | None], thresholds: Thresholds) -> str | None:
    """``unused``, ``overused``, ``good`` or ``great``; None where what decides is unknown."""
    posts = found["posts_per_h"]
    response = mean(_known(found[name] for name in _RESPONSES))
    if posts is None:
        return None
    if posts < thresholds.unused_below:
        return "unused"
    if response is None:
        return None
    if posts >= thresholds.overused_from and response < thresholds.overused_response_below:
        return "overused"
    return "great" if response >= thresholds.great_from else "good"


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def graded(use: Use, panel: Sequence[Use], hours: float | None, *, exact: bool) -> dict[str, Any]:
    """A hashtag's grade with all that it rests on.

    Args:
        use: The hashtag's.
        panel: Those of other hashtags.
        hours: Length of the window, up to now.
        exact: Whether the panel's counts are exact.
    """
    thresholds = current_thresholds()
    found = ranks(use, panel, hours)
    enough = len(panel) >= thresholds.least_tags
    return {
        "value": grade(found, thresholds) if enough else None,
        "n": len(panel),
        "missing": 0,
        "exact": exact,
        "thresholds": thresholds.name,
        "rates": use.rates(hours),
        "ranks": found,
    }
