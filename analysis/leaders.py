"""Which of very many authors to look at one by one: the largest by some numbers, and a sample.

One request finds both without fetching anybody's totals. The largest are asked for index by index,
because only there is the order of a ``terms`` aggregation exact; an author who is not among the
first of any index has, in all of them together, at most the sum of what the last ones there have.
The sample is one of many equal parts that Elasticsearch splits authors into by a hash of their key,
so it is the same for every request and every index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.parts import aggregations, field_of, sum_and_count, sums
from analysis.reach import PostSums
from lake.records import Json


@dataclass(frozen=True, slots=True)
class Lead:
    """A number by which the largest authors are found.

    Args:
        order: What Elasticsearch orders by, as an aggregation; None: the number of posts.
        only: Which posts count; None: all.
        adds_up: Whether an author's number is the sum over the indices; else it is the highest.
    """

    order: Json | None = None
    only: Json | None = None
    adds_up: bool = True


LEADS: Mapping[str, Lead] = {
    "posts": Lead(),
    "originals": Lead(only={"term": {"kind": "post"}}),
    **{
        metric: Lead({"sum": {"field": field_of(metric)}})
        for metric in ("engagement", "likes", "shares", "comments")
    },
    "reach": Lead({"max": {"field": field_of("followers")}}, adds_up=False),
    "impact": Lead(
        {"sum": {"field": field_of("followers")}},
        {"bool": {"must_not": [{"term": {"kind": "reply"}}]}},
    ),
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many authors are looked at one by one.

    Args:
        few: Up to so many all are.
        leaders: With more, so many of the largest by each number.
        sample: About so many for the others.
        more: So many more than are shown have every number looked up, as the order may change.
    """

    few: int = 5_000
    leaders: int = 200
    sample: int = 1_000
    more: int = 50

    def enough(self, limit: int) -> Sizes:
        """As much as it takes to show ``limit`` authors."""
        return replace(self, leaders=max(self.leaders, limit + self.more))


SIZES = Sizes()


@dataclass(frozen=True, slots=True)
class Found:
    """The authors to look at.

    Args:
        leaders: Keys of the largest.
        sample: Keys of the sample, of which some may be leaders.
        at_most: By name of a lead, what anybody else has at most; None where nobody knows.
        told: What all posts tell.
    """

    leaders: frozenset[str]
    sample: frozenset[str]
    at_most: Mapping[str, float | None]
    told: PostSums


def leaders_body(
    query: Json,
    names: Sequence[str],
    parts: Sequence[Json | None],
    *,
    size: int,
    one_in: int,
    room: int,
) -> Json:
    """A request for the largest authors and a sample.

    Args:
        query: The posts in question.
        names: Of ``LEADS``, by which numbers.
        parts: Filters that split the posts so that each part lies in one index; None for no filter.
        size: Authors for each number and part.
        one_in: The sample is one author in so many.
        room: More authors than the sample has.
    """
    aggs: Json = {
        f"{name}.{place}": _lead(LEADS[name], part, size)
        for name in names
        for place, part in enumerate(parts)
    }
    sample: Json = {"field": "author.key", "size": room, "shard_size": room}
    sample |= {"order": {"_key": "asc"}, "include": {"partition": 0, "num_partitions": one_in}}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": query,
        "aggs": aggs | {"sample": {"terms": sample}} | sums("followers", "engagement"),
    }


def _lead(lead: Lead, part: Json | None, size: int) -> Json:
    terms: Json = {"field": "author.key", "size": size, "shard_size": size}
    found: Json = {"terms": terms}
    if lead.order is not None:
        terms["order"] = [{"number": "desc"}, {"_key": "asc"}]
        terms["collect_mode"] = "breadth_first"
        found["aggs"] = {"number": lead.order}
    filters = [one for one in (part, lead.only) if one is not None]
    return {"filter": {"bool": {"filter": filters}}, "aggs": {"authors": found}}


def found_in(answer: Json, names: Sequence[str], parts: int, *, apart: bool) -> Found:
    """The authors to look at, out of what ``leaders_body`` got.

    Args:
        answer: The answer.
        names: What was asked for.
        parts: How many parts there were.
        apart: Whether each of them lies in one index; else nobody knows what others have at most.
    """
    found = aggregations(answer)
    keys: set[str] = set()
    at_most: dict[str, float | None] = {}
    for name in names:
        lists = [found.get(f"{name}.{place}", {}).get("authors", {}) for place in range(parts)]
        keys.update(bucket["key"] for one in lists for bucket in one.get("buckets", ()))
        lasts = [_last(one) for one in lists]
        most = sum(lasts) if LEADS[name].adds_up else max(lasts)
        at_most[name] = most if apart else None
    sample = found.get("sample", {}).get("buckets", ())
    told = PostSums(sum_and_count(found, "followers")[0], sum_and_count(found, "engagement")[0])
    return Found(frozenset(keys), frozenset(one["key"] for one in sample), at_most, told)


def _last(found: Mapping[str, Any]) -> float:
    """What anybody who is not in a list has at most."""
    if not found.get("sum_other_doc_count"):
        return 0.0
    last = found["buckets"][-1]
    number = last["number"]["value"] if "number" in last else last["doc_count"]
    return max(0.0, number or 0.0)
