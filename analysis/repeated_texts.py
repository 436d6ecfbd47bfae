"""Texts that were posted again and again: METRICS 35.

Every post keeps a hash of its text letter by letter. What differs only in addresses, mentions,
letter case or blanks is one text here; to see that, texts must be read, so of more posts than
``MOST_READ`` only the hashes are compared, and the share is then a lower bound.

A reshare repeats another post by design, so it is not looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.authenticity import next_page
from analysis.envelope import Context, Envelope
from analysis.membership import also
from analysis.numbers import ratio
from analysis.parts import aggregations
from lake.records import Json
from lake.text import digest

REPEATS = 3
TOP_TEXTS = 5
MOST_READ = 10_000
MOST_READ_EXACT = 200_000
MOST_HASHES = 10_000
NORMALISED, AS_POSTED = "normalised", "as_posted"

NO_TEXT = digest("")
_OUT = re.compile(r"(?:https?://|www\.)\S+|(?<!\w)@[\w.@-]+")
# A group may have been spelled in many ways; so many of them are looked up again.
_MOST_SPELLINGS = 1_000
_SHOWN_CHARS = 1_000


def normal_text(text: str) -> str:
    """What of a text is compared: NFKC, lower case, without addresses, mentions and extra blanks.

    Empty where a text is made of nothing else.
    """
    bare = _OUT.sub(" ", unicodedata.normalize("NFKC", text))
    return " ".join(bare.lower().split())


def written_query(query: Json) -> Json:
    """The posts among ``query`` that are no reshares."""
    return also(query, {"bool": {"must_not": [{"term": {"kind": "reshare"}}]}})


def worded_query(query: Json) -> Json:
    """The posts among ``query`` that are no reshares and have a text."""
    without: list[Json] = [{"term": {"text_hash": NO_TEXT}}]
    return also(written_query(query), {"bool": {"must_not": without}})


@dataclass(frozen=True, slots=True)
class Group:
    """Posts of one text.

    Args:
        posts: How many.
        hashes: Of its spellings, the most frequent first.
    """

    posts: int
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """Texts that at least ``REPEATS`` posts share.

    Args:
        groups: The most frequent first.
        compared: ``NORMALISED`` or ``AS_POSTED``.
        worded: Posts whose text has words.
        complete: Whether all groups are there.
    """

    groups: Sequence[Group]
    compared: str
    worded: int
    complete: bool = True


@dataclass(slots=True)
class Texts:
    """Texts while their pages come in; each spelling is looked at once."""

    counts: dict[str, int] = field(default_factory=dict)
    _normal: dict[str, str] = field(default_factory=dict)

    def add(self, hits: Iterable[Json]) -> None:
        """Adds the posts of a page of ``texts_body``."""
        for hit in hits:
            spelling = hit["_source"]["text_hash"]
            self.counts[spelling] = self.counts.get(spelling, 0) + 1
            if spelling not in self._normal:
                normal = normal_text(hit["_source"]["text"])
                self._normal[spelling] = digest(normal) if normal else ""

    def repeated(self) -> Repeated:
        """The texts that repeat, as they compare normalised."""
        spellings: dict[str, list[str]] = {}
        for spelling, normal in self._normal.items():
            spellings.setdefault(normal, []).append(spelling)
        blank = sum(self.counts[one] for one in spellings.pop("", []))
        groups = []
        for hashes in spellings.values():
            posts = sum(self.counts[one] for one in hashes)
            if posts >= REPEATS:
                hashes.sort(key=lambda one: (-self.counts[one], one))
                groups.append(Group(posts, tuple(hashes)))
        return Repeated(_ordered(groups), NORMALISED, sum(self.counts.values()) - blank)


def _ordered(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-group.posts, group.hashes))


def texts_body(query: Json, *, after: Sequence[Any] | None, size: int) -> Json:
    """A request for a page of the texts of ``query``."""
    body: Json = {
        "size": size,
        "track_total_hits": False,
        "query": worded_query(query),
        "sort": ["_shard_doc"],
        "_source": ["text", "text_hash"],
    }
    if after is not None:
        body["search_after"] = list(after)
    return body


def hashes_body(query: Json) -> Json:
    """A request for the hashes that repeat, and for how many posts have a text at all."""
    terms = {"field": "text_hash", "size": MOST_HASHES, "min_doc_count": REPEATS}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": worded_query(query),
        "aggs": {"texts": {"terms": terms}},
    }


def repeated_hashes(answer: Json, worded: int) -> Repeated:
    """The texts that repeat letter by letter."""
    found = aggregations(answer).get("texts", {})
    buckets = found.get("buckets", [])
    groups = [Group(bucket["doc_count"], (bucket["key"],)) for bucket in buckets]
    complete = len(buckets) < MOST_HASHES and not found.get("doc_count_error_upper_bound", 0)
    return Repeated(_ordered(groups), AS_POSTED, worded, complete)


def _spellings(group: Group) -> list[str]:
    return list(group.hashes[:_MOST_SPELLINGS])


def _groups_query(query: Json, groups: Sequence[Group]) -> Json:
    hashes = [one for group in groups for one in _spellings(group)]
    return also(written_query(query), {"terms": {"text_hash": hashes}})


def groups_body(query: Json, groups: Sequence[Group]) -> Json:
    """A request for when texts were posted, and for the first post that says each."""
    first: Json = {
        "size": 1,
        "sort": [{"@timestamp": "asc"}, {"platform": "asc"}, {"native_id": "asc"}],
        "_source": ["text", "@timestamp"],
    }
    below = {"first": {"top_hits": first}, "last": {"max": {"field": "@timestamp"}}}
    filters = {
        str(place): {"terms": {"text_hash": _spellings(group)}}
        for place, group in enumerate(groups)
    }
    return {
        "size": 0,
        "track_total_hits": False,
        "query": _groups_query(query, groups),
        "aggs": {"groups": {"filters": {"filters": filters}, "aggs": below}},
    }


def group_authors_body(
    query: Json, groups: Sequence[Group], *, after: Json | None, size: int
) -> Json:
    """A request for the next ``size`` pairs of spelling and author."""
    sources = [
        {name: {"terms": {"field": field_name}}}
        for name, field_name in (("hash", "text_hash"), ("author", "author.key"))
    ]
    composite: Json = {"size": size, "sources": sources}
    if after is not None:
        composite["after"] = after
    return {
        "size": 0,
        "track_total_hits": False,
        "query": _groups_query(query, groups),
        "aggs": {"pairs": {"composite": composite}},
    }


def add_group_authors(authors: dict[str, set[str]], answer: Json, *, size: int) -> Json | None:
    """Adds a page's authors by spelling; gives where the next one starts, None after the last."""
    found = aggregations(answer).get("pairs", {})
    for bucket in found.get("buckets", []):
        authors.setdefault(bucket["key"]["hash"], set()).add(bucket["key"]["author"])
    return next_page(found, size)


def group_rows(
    groups: Sequence[Group], answer: Json, authors: Mapping[str, set[str]]
) -> list[dict[str, Any]]:
    """The most repeated texts, as answers show them.

    Args:
        groups: Their posts.
        answer: What ``groups_body`` got.
        authors: Who posted each spelling.
    """
    buckets = aggregations(answer).get("groups", {}).get("buckets", {})
    return [
        _row(group, buckets[str(place)], authors)
        for place, group in enumerate(groups)
        if str(place) in buckets
    ]


def _row(group: Group, bucket: Json, authors: Mapping[str, set[str]]) -> dict[str, Any]:
    source = bucket["first"]["hits"]["hits"][0]["_source"]
    return {
        "text": source["text"][:_SHOWN_CHARS],
        "posts": group.posts,
        "authors": len(set[str]().union(*(authors.get(one, ()) for one in group.hashes))),
        "spellings": len(group.hashes),
        "first": source["@timestamp"],
        "last": bucket["last"]["value_as_string"],
    }


def duplicate_share(found: Repeated, written: int, context: Context) -> dict[str, Any]:
    """Posts with a repeated text, in percent of those with a text, in an envelope.

    Args:
        found: The texts that repeat.
        written: Posts that are no reshares; those without words are missing.
        context: What the answer's numbers share.
    """
    repeats = sum(group.posts for group in found.groups)
    part = ratio(repeats, found.worded)
    exact = found.compared == NORMALISED and found.complete
    return Envelope(
        None if part is None else 100 * part,
        written,
        written - found.worded,
        "duplicate_text_share",
        context,
        exact=exact,
    ).to_json() | {"compared": found.compared, "lower_bound": not exact, "posts": repeats}
