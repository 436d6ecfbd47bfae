"""The ``labels`` index: people's labels of posts, written by compare-and-set."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.bulk import replace_lines
from lake.client import our_errors, read_one, while_starting
from lake.documents import Document
from lake.errors import ConflictError, NotFoundError
from lake.label import (
    PEOPLE_LABELS,
    AgreedLabel,
    LabelSpec,
    agreed,
    label_id,
    label_source,
    without_text,
)
from lake.layout import Layout
from lake.records import Json
from lake.scan import scan
from lake.settling import settled

_TRIES = 5
_ID = re.compile(r"[0-9a-f]{32}")  # what ``label_id`` makes
_POSTS_A_REQUEST = 500
_LABELS_A_REQUEST = 5_000
_BY_POST = [{"post": "asc"}, {"first_at": "asc"}, {"id": "asc"}]
_MOST_PEOPLE = 1_000
_POST = (
    *("@timestamp", "platform", "kind", "hashtags", "text", "text_hash", "lang"),
    *("sentiment", "erased", "mentions", "author"),
)


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """How many labels there are.

    Args:
        labels: All of them.
        posts: Distinct posts that have one.
        by_label: How many of each of the three.
        by_person: How many by whom, most first; at most 1,000 people.
    """

    labels: int
    posts: int
    by_label: dict[str, int]
    by_person: dict[str, int]


class Labels:
    """What people say of posts."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("labels")
        self._posts = layout.every("posts")

    async def put(self, spec: LabelSpec, *, is_one_of_many: bool = False) -> tuple[Json, bool]:
        """Keeps a label in the place of the same person's earlier one of that post.

        Args:
            spec: What is said.
            is_one_of_many: Whether the caller makes everything visible itself, before the first
                label and after the last (``Store.refresh``), because doing so for each is slow.

        Returns:
            The label as it is stored, and whether the person had said nothing of the post before.

        Raises:
            NotFoundError: There is no such post.
            ConflictError: Its text had to go; or the person's label changes again and again.
            RetryError: Elasticsearch did not answer.
        """
        for _ in range(_TRIES):
            index, post = await self._find_post(spec.post, refresh=not is_one_of_many)
            try:
                source, is_new = await self._write(spec, post, wait=not is_one_of_many)
            except ConflictError:
                continue
            try:
                # Its text may have gone after it was read, before the label was there to be found.
                await self._read_post(index, spec.post)
            except ConflictError:
                await self.forget_texts([spec.post])
                raise
            return source, is_new
        raise ConflictError(f"the label of {spec.post[:80]} changes again and again; try later")

    async def delete(self, id_: str) -> None:
        """Forgets a label.

        Raises:
            NotFoundError: There is none with that id.
            RetryError: Elasticsearch did not answer.
        """
        unknown = f"there is no label {id_[:80]!r}; 'taglake label list' shows those there are"
        if not _ID.fullmatch(id_):  # and none that Elasticsearch could be asked for
            raise NotFoundError(unknown)
        try:
            with our_errors("deleting the label"):
                await self._client.delete(index=self._index, id=id_, refresh="wait_for")
        except NotFoundError as exc:
            raise NotFoundError(unknown) from exc

    async def page(
        self, query: Json, *, size: int, after: Sequence[Any] | None = None
    ) -> list[Json]:
        """Labels that a query finds, the person's first label of the post newest first.

        Args:
            query: Of labels; ``label_query`` makes one.
            size: At most this many.
            after: ``first_at`` and ``id`` of the last label of the page before.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        body: Json = {
            "query": query,
            "size": size,
            "sort": [{"first_at": "desc"}, {"id": "asc"}],
            "track_total_hits": False,
        }
        if after is not None:
            body["search_after"] = list(after)
        return [hit["_source"] for hit in (await self._search(body))["hits"]["hits"]]

    async def of_posts(self, posts: Iterable[str]) -> dict[str, list[Json]]:
        """The labels of each of these posts that has any, oldest first.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        found: dict[str, list[Json]] = {}
        wanted = sorted(set(posts))
        for start in range(0, len(wanted), _POSTS_A_REQUEST):
            query = {"terms": {"post": wanted[start : start + _POSTS_A_REQUEST]}}
            body: Json = {"query": query, "sort": _BY_POST, "size": _LABELS_A_REQUEST}
            while True:
                hits = (await self._search(body))["hits"]["hits"]
                for hit in hits:
                    found.setdefault(hit["_source"]["post"], []).append(hit["_source"])
                if len(hits) < _LABELS_A_REQUEST:
                    break
                body["search_after"] = hits[-1]["sort"]
        return found

    async def all(self, query: Json | None = None) -> AsyncGenerator[Json, None]:
        """Every label, or those that a query finds; a post's stand together, oldest first."""
        body: Json = {"query": query or {"match_all": {}}, "sort": _BY_POST}
        async with aclosing(scan(self._client, self._index, body)) as pages:
            async for hits in pages:
                for hit in hits:
                    yield hit["_source"]

    async def agreed(self) -> list[AgreedLabel]:
        """What most people say of each labelled text: the rows that models are judged by.

        Ties and texts that had to go are left out (``lake.label.agreed``).
        """
        labels = [label async for label in self.all()]
        rows = (agreed(group) for _, group in groupby(labels, key=lambda one: str(one["post"])))
        return [row for row in rows if row is not None]

    async def counts(self) -> LabelCounts:
        """How many there are, of what and by whom.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        body: Json = {
            "size": 0,
            "track_total_hits": True,
            "aggs": {
                "posts": {"cardinality": {"field": "post", "precision_threshold": 40_000}},
                "labels": {"terms": {"field": "label"}},
                "people": {"terms": {"field": "by", "size": _MOST_PEOPLE}},
            },
        }
        answer = await self._search(body)
        aggs = answer.get("aggregations")
        if aggs is None:  # there is no label yet, and so no index
            return LabelCounts(0, 0, dict.fromkeys(PEOPLE_LABELS, 0), {})
        by = {name: _counts(aggs[name]) for name in ("labels", "people")}
        return LabelCounts(
            labels=answer["hits"]["total"]["value"],
            posts=aggs["posts"]["value"],
            by_label={label: by["labels"].get(label, 0) for label in PEOPLE_LABELS},
            by_person=by["people"],
        )

    async def forget_texts(self, posts: Sequence[str]) -> None:
        """Takes the text out of the labels of posts whose text had to go; the labels stay.

        Waits for Elasticsearch. Doing so again does nothing.
        """
        for _ in range(_TRIES):
            if not await self._forget(posts):
                return

    async def _forget(self, posts: Sequence[str]) -> int:
        lines: list[bytes] = []
        readable = {"bool": {"must_not": [{"term": {"text_removed": True}}]}}
        query: Json = {"bool": {"filter": [{"terms": {"post": list(posts)}}, readable]}}
        body: Json = {"query": query, "seq_no_primary_term": True}
        async with aclosing(scan(self._client, self._index, body)) as pages:
            async for hits in pages:
                for hit in hits:
                    label = Document(hit["_index"], hit["_id"], without_text(hit["_source"]))
                    lines.append(replace_lines(label, hit["_seq_no"], hit["_primary_term"]))
        outcomes = await settled(self._client, lines)
        return sum(outcome.error is not None for outcome in outcomes)

    async def _write(self, spec: LabelSpec, post: Json, *, wait: bool) -> tuple[Json, bool]:
        id_ = label_id(spec.post, spec.by)
        before, place = await self._read(id_)
        source = label_source(spec, post, before, times.now())
        if source is None:
            return before or {}, False
        refresh = "wait_for" if wait else False
        with our_errors("keeping the label"):
            await self._client.index(
                index=self._index, id=id_, document=source, refresh=refresh, **place
            )
        return source, before is None

    async def _read(self, id_: str) -> tuple[Json | None, dict[str, Any]]:
        """A label as it is stored, and what a write must say to replace just that."""
        try:
            found = await read_one(self._client, self._index, id_, "reading the label")
        except NotFoundError:
            return None, {"op_type": "create"}
        place = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
        return dict(found["_source"]), place

    async def _find_post(self, key: str, *, refresh: bool) -> tuple[str, Json]:
        """The index that holds a post, and the post."""
        body: Json = {"query": {"ids": {"values": [key]}}, "_source": list(_POST), "size": 1}

        async def ask() -> Json:
            with our_errors("reading the post"):
                if refresh:
                    await self._client.indices.refresh(index=self._posts, allow_no_indices=True)
                answer = await self._client.search(
                    index=self._posts, body=body, allow_partial_search_results=False
                )
            return dict(answer)

        hits = (await while_starting(ask))["hits"]["hits"]
        if not hits:
            raise NotFoundError(
                f"there is no post {key[:80]!r}; an id is PLATFORM:ID, as in 'x:1234'"
            )
        return hits[0]["_index"], _readable(key, hits[0]["_source"])

    async def _read_post(self, index: str, key: str) -> Json:
        """The post as it is at this moment."""
        found = await read_one(
            self._client, index, key, "reading the post", source_includes=list(_POST)
        )
        return _readable(key, found["_source"])

    async def _search(self, body: Json) -> Json:
        async def ask() -> Json:
            with our_errors("reading the labels"):
                answer = await self._client.search(
                    index=self._index, body=body, ignore_unavailable=True
                )
            return dict(answer)

        return await while_starting(ask)


def _readable(key: str, post: Json) -> Json:
    if post.get("erased", {}).get("text_removed"):
        raise ConflictError(f"the text of {key[:80]} was taken away by its platform")
    return post


def _counts(found: Json) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}
