"""Which of very many authors to look at one by one: the largest by some numbers, and a sample.

Both are found without fetching anybody's totals. The largest are asked for index by index, because
only there is the order of a ``terms`` aggregation exact; an author who is not among the first of
any index has, in all of them together, at most the sum of what the last ones there have. The sample
is one of many equal parts that Elasticsearch splits authors into by a hash of their key, so it is
the same for every request and every index.
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
    """The largest authors by one number.

    Args:
        keys: Theirs.
        at_most: What anybody else has at most; None where nobody knows.
    """

    keys: frozenset[str]
    at_most: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample of the authors.

    Args:
        keys: Theirs; some may be among the largest.
        told: What all posts tell.
    """

    keys: frozenset[str]
    told: PostSums


def leaders_body(query: Json, name: str, parts: Sequence[Json | None], *, size: int) -> Json:
    """A request for the largest authors by one number.

    One for each number, so that questions which share some numbers share their requests.

    Args:
        query: The posts in question.
        name: Of ``LEADS``, by which number.
        parts: Filters that split the posts so that each part lies in one index; None for no filter.
        size: Authors for each part.
    """
    aggs = {str(place): _lead(LEADS[name], part, size) for place, part in enumerate(parts)}
    if name == "reach":
        aggs |= _LOST
    return {"size": 0, "track_total_hits": False, "query": query, "aggs": aggs}


def sample_body(query: Json, *, one_in: int, room: int) -> Json:
    """A request for a sample of the authors.

    Args:
        query: The posts in question.
        one_in: The sample is one author in so many.
        room: More authors than the sample has.
    """
    sample: Json = {"field": "author.key", "size": room, "shard_size": room}
    sample |= {"order": {"_key": "asc"}, "include": {"partition": 0, "num_partitions": one_in}}
    aggs: Json = {"sample": {"terms": sample}} | sums("followers", "engagement")
    return {"size": 0, "track_total_hits": False, "query": query, "aggs": aggs}


# By how many followers an account may have had more when it posted than its posts show now.
_LOST: Json = {"lost": {"max": {"field": "at_post.lost"}}}


def _lead(lead: Lead, part: Json | None, size: int) -> Json:
    terms: Json = {"field": "author.key", "size": size, "shard_size": size}
    found: Json = {"terms": terms}
    if lead.order is not None:
        terms["order"] = [{"number": "desc"}, {"_key": "asc"}]
        terms["collect_mode"] = "breadth_first"
        found["aggs"] = {"number": lead.order}
    filters = [one for one in (part, lead.only) if one is not None]
    return {"filter": {"bool": {"filter": filters}}, "aggs": {"authors": found}}


def found_in(answer: Json, name: str, parts: int, *, apart: bool) -> Found:
    """The largest authors, out of what ``leaders_body`` got.

    Args:
        answer: The answer.
        name: Which number was asked for.
        parts: How many parts there were.
        apart: Whether each of them lies in one index; else nobody knows what others have at most.
    """
    found = aggregations(answer)
    lists = [found.get(str(place), {}).get("authors", {}) for place in range(parts)]
    keys = frozenset(bucket["key"] for one in lists for bucket in one.get("buckets", ()))
    lasts = [_last(one) for one in lists]
    most = sum(lasts) if LEADS[name].adds_up else max(lasts)
    most += found.get("lost", {}).get("value") or 0.0
    return Found(keys, most if apart else None)


def sample_in(answer: Json) -> Sample:
    """The sample, out of what ``sample_body`` got."""
    found = aggregations(answer)
    told = PostSums(sum_and_count(found, "followers")[0], sum_and_count(found, "engagement")[0])
    sample = found.get("sample", {}).get("buckets", ())
    return Sample(frozenset(one["key"] for one in sample), told)


def _last(found: Mapping[str, Any]) -> float:
    """What anybody who is not in a list has at most."""
    if not found.get("sum_other_doc_count"):
        return 0.0
    last = found["buckets"][-1]
    number = last["number"]["value"] if "number" in last else last["doc_count"]
    return max(0.0, number or 0.0)
