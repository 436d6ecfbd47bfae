"""What a volume peak is made of: METRICS 31. Pure.

Each part (an author, a hashtag, a linked domain) is shown with its share of the peak's posts and of
the reference's; the difference of the two is its lift.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.calendar_counts import Span
from analysis.membership import also
from analysis.numbers import ratio
from analysis.parts import SCORED, aggregations, label_counts, labels_in, sum_and_count
from analysis.peaks import Peak
from analysis.sentiment import decided, net_sentiment
from lake import times
from lake.records import Json

PARTS = 5
MOST_TEXTS = 1_000
# A part's lift is at most its share, so the five of the highest lift are nearly always among these.
CANDIDATES = 100
_FIELDS = {"authors": "author.key", "hashtags": "hashtags"}
# The host of a link; before it there may be a name and a password.
_HOST = re.compile(r"https?://(?:[^\s/?#@]*@)?([\w.-]+)", re.IGNORECASE)


def within(spans: Iterable[Span]) -> Json:
    """A filter for posts that were created in one of the spans."""
    ranges = [
        {"range": {"@timestamp": {"gte": times.to_text(begins), "lt": times.to_text(ends)}}}
        for begins, ends in spans
    ]
    return {"bool": {"should": ranges, "minimum_should_match": 1}} if ranges else _NOTHING


_NOTHING: Json = {"match_none": {}}


def peaks_body(query: Json, peaks: Sequence[Peak], own_tags: Sequence[str]) -> Json:
    """A request for the parts of each peak.

    Args:
        query: The campaign's posts.
        peaks: Which peaks.
        own_tags: The campaign's hashtags, which explain nothing.
    """
    authors: Json = {"field": _FIELDS["authors"], "size": CANDIDATES}
    tags: Json = {"field": _FIELDS["hashtags"], "size": CANDIDATES}
    if own_tags:
        tags["exclude"] = sorted(own_tags)
    parts = {"authors": {"terms": authors}, "hashtags": {"terms": tags}} | _tone()
    spans = {
        str(place): {"filter": within([(peak.start, peak.end)]), "aggs": parts}
        for place, peak in enumerate(peaks)
    }
    return _counting(query, spans)


def references_body(query: Json, peaks: Sequence[Peak], answer: Json) -> Json:
    """A request for the same parts in the peaks' references.

    Args:
        query: The posts of the window and of the weeks before it.
        peaks: Which peaks.
        answer: What ``peaks_body`` got.
    """
    found = aggregations(answer)
    spans = {}
    for place, peak in enumerate(peaks):
        parts = _tone()
        for name, field in _FIELDS.items():
            keys = [bucket["key"] for bucket in _buckets(found, place, name)]
            if keys:
                parts[name] = {"terms": {"field": field, "size": len(keys), "include": keys}}
        spans[str(place)] = {"filter": within(peak.reference_spans()), "aggs": parts}
    return _counting(query, spans)


def _counting(query: Json, spans: Json) -> Json:
    return {"size": 0, "track_total_hits": False, "query": query, "aggs": spans}


def _tone() -> Json:
    score = {"filter": SCORED, "aggs": {"score": {"stats": {"field": "sentiment.score"}}}}
    return {"sentiment": label_counts(), "scored": score}


def _buckets(found: Json, place: int, name: str) -> list[Json]:
    buckets: list[Json] = found.get(str(place), {}).get(name, {}).get("buckets", [])
    return buckets


def texts_body(query: Json, spans: Iterable[Span], *, size: int, part: tuple[int, int]) -> Json:
    """A request for texts of posts.

    Args:
        query: The campaign's posts.
        spans: From which times.
        size: At most so many.
        part: (n, m): only the n-th of m equal parts, which are drawn by the time's hash.
    """
    here = also(query, within(spans), {"bool": {"must_not": [_TEXT_GONE]}})
    body: Json = {
        "size": size,
        "track_total_hits": False,
        "query": here,
        "sort": [{"@timestamp": "asc"}],
        "_source": ["text"],
    }
    return body | sliced(part)


_TEXT_GONE: Json = {"term": {"erased.text_removed": True}}


def sliced(part: tuple[int, int]) -> Json:
    """What makes a search find only a part of the posts; nothing for the whole."""
    number, count = part
    return {"slice": {"field": "@timestamp", "id": number, "max": count}} if count > 1 else {}


def texts_in(answer: Json) -> list[str]:
    """The texts of a ``texts_body`` answer."""
    return [hit["_source"].get("text") or "" for hit in answer["hits"]["hits"]]


def domains_in(text: str) -> set[str]:
    """The hosts that a text links to, lower case, without ``www.`` and port."""
    hosts = (host.lower().strip(".").removeprefix("www.") for host in _HOST.findall(text))
    return {host for host in hosts if "." in host}


def domain_counts(texts: Iterable[str]) -> Counter[str]:
    """How many texts link to each domain."""
    return Counter(domain for text in texts for domain in domains_in(text))


def lifts(
    key: str, peak: Mapping[str, int], n: int, reference: Mapping[str, int], reference_n: int
) -> list[dict[str, Any]]:
    """The parts whose share rose most, highest lift first, ties by name.

    Where the reference has nothing its shares are unknown, and so are lifts; then the highest
    shares come first.

    Args:
        key: What a part is called in answers, such as ``author``.
        peak: Posts of each part in the peak.
        n: Posts in the peak, at least 1 where ``peak`` has any.
        reference: Posts of each part in the reference.
        reference_n: Posts in the reference.
    """
    rows = []
    for name, posts in peak.items():
        share = ratio(posts, n)
        before = ratio(reference.get(name, 0), reference_n)
        lift = None if share is None or before is None else share - before
        rows.append(
            {
                key: name,
                "posts": posts,
                "share": share,
                "reference_posts": reference.get(name, 0),
                "reference_share": before,
                "lift": lift,
            }
        )
    rose = [row for row in rows if _rise(row) > 0]
    rose.sort(key=lambda row: (-_rise(row), row[key]))
    return rose[:PARTS]


def _rise(row: Mapping[str, Any]) -> float:
    found: float = row["share"] if row["lift"] is None else row["lift"]
    return found


def parts_of(answer: Json, reference: Json, place: int) -> dict[str, Any]:
    """A peak's authors, hashtags and change of tone.

    Args:
        answer: What ``peaks_body`` got.
        reference: What ``references_body`` got.
        place: The peak's, in the list that both were made for.
    """
    found, before = aggregations(answer), aggregations(reference)
    n = found.get(str(place), {}).get("doc_count", 0)
    reference_n = before.get(str(place), {}).get("doc_count", 0)
    parts: dict[str, Any] = {"n": n, "reference_n": reference_n}
    for name, key in (("authors", "author"), ("hashtags", "hashtag")):
        counts = {row["key"]: row["doc_count"] for row in _buckets(found, place, name)}
        usual = {row["key"]: row["doc_count"] for row in _buckets(before, place, name)}
        rows = lifts(key, counts, n, usual, reference_n)
        parts[name] = {"exact": _is_exact(found, place, name, rows, n), "top": rows}
    here, there = found.get(str(place), {}), before.get(str(place), {})
    return parts | {"sentiment": tone_shift(here, there)}


def _is_exact(found: Json, place: int, name: str, rows: Sequence[Json], n: int) -> bool:
    """Whether no part that was not counted can have a higher lift than those shown."""
    terms = found.get(str(place), {}).get(name, {})
    if not terms.get("sum_other_doc_count"):
        return True
    if terms.get("doc_count_error_upper_bound") or len(rows) < PARTS:
        return False
    lowest = min(bucket["doc_count"] for bucket in terms["buckets"])
    return bool(_rise(rows[-1]) >= lowest / n)


def tone_shift(peak: Mapping[str, Any], reference: Mapping[str, Any]) -> dict[str, Any]:
    """Mean and net sentiment in the peak, in the reference, and the first minus the second."""
    found: dict[str, Any] = {}
    for name, one, other in zip(("mean", "net"), _tones(peak), _tones(reference), strict=True):
        (value, n), (before, reference_n) = one, other
        shift = None if value is None or before is None else value - before
        found[name] = {
            "shift": shift,
            "peak": value,
            "n": n,
            "reference": before,
            "reference_n": reference_n,
        }
    return found


def _tones(counted: Mapping[str, Any]) -> tuple[tuple[float | None, int], ...]:
    labels = labels_in(counted.get("sentiment", {}))
    score_sum, scored = sum_and_count(counted.get("scored", {}), "score")
    return (ratio(score_sum, scored), scored), (net_sentiment(labels), decided(labels))
