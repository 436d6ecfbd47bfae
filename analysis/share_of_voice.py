"""How a campaign's brands share a conversation.

A post that names several brands is counted for each of them (whole), or in equal parts
(fractional). Both are exact: the posts are counted apart by how many brands they name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from analysis.authors import Author
from analysis.membership import brand_queries
from analysis.numbers import ratio, shares, whole
from analysis.parts import aggregations, label_counts, labels_in, sum_and_count, sums, total
from analysis.population import Population
from analysis.sentiment import net_sentiment
from analysis.summary import authors_bound, count_authors
from lake.campaign import Campaign
from lake.records import Json
from lake.text import digest

Counting = Literal["whole", "fractional"]
COUNTINGS: tuple[str, ...] = get_args(Counting)
MEASURES = ("posts", "users", "engagement", "potential_reach")


@dataclass(slots=True)
class Brand:
    """One brand's numbers, as counted.

    Args:
        posts: Its posts, each whole or in parts.
        users: Their distinct authors, each whole or in parts.
        potential_reach: The followers of these; None where nobody's are known.
        engagement: Of its posts; None where none shows it.
        n: Its posts, each whole.
        unknown: For each measure that posts or authors may not tell, how many do not.
        bounds: For each measure that was not counted, half the width of the interval around it.
        labels: Its scored posts by label, each whole.
    """

    posts: float = 0
    users: float = 0
    potential_reach: float | None = None
    engagement: float | None = None
    n: int = 0
    unknown: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    labels: dict[str, int] = field(default_factory=dict)
    bounds: dict[str, float] = field(default_factory=dict)


def panel_id(campaign: Campaign) -> str:
    """Stands for the panel: shares may be compared over time only where it is the same."""
    brands = sorted(brand_queries(campaign).items())
    return digest(*(f"{name}\n{_unordered(query)}" for name, query in brands))[:12]


def _unordered(query: Any) -> str:
    """A query as text in which the order of clauses and tags does not show."""
    if isinstance(query, dict):
        return f"{{{','.join(f'{key}:{_unordered(query[key])}' for key in sorted(query))}}}"
    if isinstance(query, list | tuple):
        return f"[{','.join(sorted(map(_unordered, query)))}]"
    return repr(query)


def share_of_voice_body(panel: Json, brands: Sequence[Json]) -> Json:
    """A request that counts each brand's posts, and by how many brands they name if by several.

    Few posts name several brands, so those of one are what the others leave.
    """
    by_brand = {str(place): {"bool": {"filter": [brand]}} for place, brand in enumerate(brands)}
    below = {"brands": {"filters": {"filters": by_brand}, "aggs": sums("engagement")}}
    levels = {str(k): _exactly(k, brands) for k in range(2, len(brands) + 1)}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": panel,
        "aggs": {
            **({"named": {"filters": {"filters": levels}, "aggs": below}} if levels else {}),
            "brands": {
                "filters": {"filters": by_brand},
                "aggs": {**sums("engagement"), "sentiment": label_counts(), **count_authors()},
            },
            **count_authors(),
        },
    }


def _exactly(k: int, brands: Sequence[Json]) -> Json:
    should = list(brands)
    found: Json = {"bool": {"should": should, "minimum_should_match": k}}
    if k < len(should):
        found["bool"]["must_not"] = [{"bool": {"should": should, "minimum_should_match": k + 1}}]
    return found


def brands_of(
    answer: Json, people: Population, names: Sequence[str], *, fractional: bool
) -> list[Brand]:
    """Each brand's numbers, in the panel's order.

    Args:
        answer: What ``share_of_voice_body`` got.
        people: The authors, or what stands for them, each with the brands that they name.
        names: The brands.
        fractional: Whether a post that names several counts for each in part.
    """
    found = aggregations(answer)
    brands = [Brand() for _ in names]
    for place, bucket in found.get("brands", {}).get("buckets", {}).items():
        brand = brands[int(place)]
        _add_posts(brand, bucket, _shared(found, place) if fractional else {})
        brand.labels = labels_in(bucket["sentiment"])
        brand.unknown["users"] = brand.n - int(bucket["authored"]["value"])
        if not people.exact and not fractional:
            brand.users = int(bucket["authors"]["value"])
            brand.bounds["users"] = authors_bound(int(brand.users))
    for place, brand in enumerate(brands):
        _add_people(brand, place, people, fractional=fractional)
    return brands


def _shared(found: Mapping[str, Any], place: str) -> dict[int, Json]:
    """A brand's posts that name several, by how many they name."""
    levels = found.get("named", {}).get("buckets", {})
    return {int(level): one["brands"]["buckets"][place] for level, one in levels.items()}


def _add_posts(brand: Brand, bucket: Json, shared: Mapping[int, Json]) -> None:
    """Counts a brand's posts, those of several brands in equal parts where they are given."""
    engagement, known = sum_and_count(bucket, "engagement")
    brand.n = bucket["doc_count"]
    brand.unknown["engagement"] = brand.n - known
    brand.posts = brand.n
    for named, some in shared.items():
        others = 1 - 1 / named  # their part
        brand.posts -= others * some["doc_count"]
        engagement -= others * sum_and_count(some, "engagement")[0]
    if known:
        brand.engagement = engagement


def _add_people(brand: Brand, place: int, people: Population, *, fractional: bool) -> None:
    def part(author: Author) -> float:
        if place not in author.brands:
            return 0.0
        return 1 / len(author.brands) if fractional else 1.0

    def unknown(author: Author) -> bool:
        return place in author.brands and author.reach is None

    if "users" not in brand.bounds:
        users = people.sum(part)
        brand.users = users.value
        if not people.exact:
            brand.bounds["users"] = users.error
    brand.unknown["potential_reach"] = round(people.sum(unknown).value)
    if people.sum(lambda author: part(author) if author.reach is not None else 0.0).value:
        reach = people.sum(lambda author: part(author) * (author.reach or 0))
        doubt = people.sum(lambda author: part(author) * author.reach_doubt).value
        brand.potential_reach = reach.value
        if not people.exact:
            brand.bounds["potential_reach"] = reach.error + doubt


def overlap(answer: Json) -> dict[str, float | int | None]:
    """Posts that name two brands or more, and their part of all the panel's posts in percent."""
    levels = aggregations(answer).get("named", {}).get("buckets", {})
    posts = sum(bucket["doc_count"] for bucket in levels.values())
    part = ratio(posts, total(answer))
    return {"posts": posts, "share": None if part is None else 100 * part}


def positive_shares(labels: Mapping[str, Mapping[str, int]]) -> dict[str, float | None]:
    """Each brand's part of the panel's positive posts in percent; None where there are none.

    Args:
        labels: Each brand's scored posts by label.
    """
    return shares({name: own.get("positive", 0) for name, own in labels.items()})


def brand_rows(panel: Mapping[str, Sequence[str]], brands: Sequence[Brand]) -> list[dict[str, Any]]:
    """The brands as an answer shows them, in the panel's order."""
    names = list(panel)
    parts = {
        measure: shares(
            {name: getattr(brand, measure) for name, brand in zip(names, brands, strict=True)}
        )
        for measure in MEASURES
    }
    positive = positive_shares(
        {name: brand.labels for name, brand in zip(names, brands, strict=True)}
    )
    rows = []
    for place, (name, brand) in enumerate(zip(names, brands, strict=True)):
        row: dict[str, Any] = {"name": name, "hashtags": list(panel[name]), "own": place == 0}
        for measure in MEASURES:
            value = getattr(brand, measure)
            row[measure] = {
                "value": None if value is None else whole(value),
                "share": parts[measure][name],
                "missing": brand.unknown[measure],
            }
            if measure in brand.bounds:
                row[measure] |= {"exact": False, "error_bound": brand.bounds[measure]}
        row["n"] = brand.n
        row["net_sentiment"] = net_sentiment(brand.labels)
        row["positive_posts"] = {
            "value": brand.labels.get("positive", 0),
            "share": positive[name],
        }
        rows.append(row)
    return rows
