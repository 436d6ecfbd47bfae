"""Posts that their platform says are gone: marked, and without their text where terms ask it.

A post that is gone keeps its place in numbers: who wrote it by the platform's id, when, under which
hashtags, its last numbers, its sentiment and its observations stay, so that what was counted
yesterday is counted today. Where the platform's terms ask that deleted content goes
(``Erasure.text_goes``), what people read goes: the text, the address, whom it mentions, the
author's name and handle, every payload of it, its dead letters as far as they name it, what
rollups show of it, and the text that is kept with people's labels of it. See
docs/decisions/0008-erased-upstream.md.

Payloads go before the post is marked: whoever is killed in between finds the post unmarked and does
both again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from lake import times
from lake.bulk import replace_lines
from lake.client import our_errors
from lake.documents import Document
from lake.layout import native_key
from lake.records import Erasure, Json
from lake.rollups import forget_posts
from lake.scan import scan
from lake.settling import delete_line, settled
from lake.text import clean, digest

if TYPE_CHECKING:
    from lake.store import Store

logger = logging.getLogger(__name__)

_CHUNK = 200
_LETTERS_A_PAGE = 50  # a dead letter may be large
_TRIES = 5
_FILES = "archive"  # whose letters imports write
_LONG_ID = 8
_READ_BY_PEOPLE = ("url", "mentions")
_AUTHOR_READ_BY_PEOPLE = ("name", "handle")


async def erase(store: Store, erasures: Sequence[Erasure], *, only_kept: bool = False) -> int:
    """Marks posts as gone; gives how many were in the lake and not marked before.

    Doing so again does nothing. A post that was seen after its platform said so stays as it is.

    Args:
        store: The lake.
        erasures: What a platform says is gone.
        only_kept: Whether to look no further for posts that the lake does not hold: a stream tells
            of every post that anybody deletes.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    if not erasures:
        return 0
    with our_errors("making posts visible"):
        await store.client.indices.refresh(index=store.layout.every("posts"), allow_no_indices=True)
    latest: dict[tuple[str, str], Erasure] = {}
    async for erasure in _each(store, erasures):
        key = (erasure.platform, erasure.native_id)
        if key not in latest or latest[key].observed_at <= erasure.observed_at:
            latest[key] = erasure
    marked = 0
    wanted = list(latest.values())
    if only_kept:
        wanted = await _kept(store, wanted)
    for start in range(0, len(wanted), _CHUNK):
        marked += await _erase(store, wanted[start : start + _CHUNK])
    return marked


def erased_post(stored: Json, erasure: Erasure) -> Json | None:
    """The post document that ``stored`` becomes when its platform says it is gone; None: as it is.

    Pure. What it keeps and what goes, the module says. A text that waits to be scored waits no
    longer: ``enrich.state`` is then ``none``, or ``done`` where an earlier text has a score.
    """
    before = stored.get("erased")
    if stored["observed_at"] > times.to_text(erasure.observed_at):
        return None
    if before is not None and (before.get("text_removed") or not erasure.text_goes):
        return None
    mark = before or {"at": times.to_text(erasure.observed_at), "reason": clean(erasure.reason)}
    post = {**stored, "erased": {**mark, "text_removed": erasure.text_goes}}
    if not erasure.text_goes:
        return post
    author = stored.get("author", {})
    post["author"] = {k: v for k, v in author.items() if k not in _AUTHOR_READ_BY_PEOPLE}
    post["text"], post["text_hash"] = "", digest("")
    for name in _READ_BY_PEOPLE:
        post.pop(name, None)
    if stored.get("enrich", {}).get("state") in ("pending", "stale"):
        state = "done" if "sentiment" in stored else "none"
        post["enrich"] = {"state": state}
    return post


async def _each(store: Store, erasures: Sequence[Erasure]) -> AsyncGenerator[Erasure, None]:
    """The erasures, an account's as one for each of its posts that the lake holds."""
    for erasure in erasures:
        if erasure.author is None:
            yield erasure
            continue
        key = f"{erasure.platform}:{erasure.author}"
        body: Json = {"query": {"term": {"author.key": key}}, "_source": ["native_id"]}
        async with aclosing(scan(store.client, store.layout.every("posts"), body)) as pages:
            async for hits in pages:
                for hit in hits:
                    native_id = hit["_source"]["native_id"]
                    yield replace(erasure, native_id=native_id, author=None)


async def _kept(store: Store, erasures: Sequence[Erasure]) -> list[Erasure]:
    wanted = {native_key(one.platform, one.native_id): one for one in erasures}
    return [wanted[hit["_id"]] async for hit in _posts(store, wanted)] if wanted else []


async def _erase(store: Store, erasures: Sequence[Erasure]) -> int:
    wanted = {native_key(one.platform, one.native_id): one for one in erasures}
    for platform, ids in (await _still_gone(store, wanted)).items():
        await _delete_payloads(store, platform, ids)
        await _delete_letters(store, platform, ids)
        await _forget_labelled(store, platform, ids)
    marked = await _mark_all(store, wanted)
    if marked:  # a poll may have brought payloads, or a person a label, that did not see the mark
        for platform, ids in (await _still_gone(store, wanted)).items():
            await _delete_payloads(store, platform, ids)
            await _forget_labelled(store, platform, ids)
            await forget_posts(store, [native_key(platform, one) for one in ids])
    return marked


async def _mark_all(store: Store, wanted: dict[str, Erasure]) -> int:
    marked = 0
    for _ in range(_TRIES):
        new, left = await _mark(store, wanted)
        marked += new
        wanted = {key: wanted[key] for key in left}
        if not wanted:
            return marked
    logger.warning("posts change too often to be marked as gone", extra={"posts": len(wanted)})
    return marked


async def _still_gone(store: Store, wanted: dict[str, Erasure]) -> dict[str, list[str]]:
    """Platform to native ids of the posts whose text goes.

    They were not seen again later; a post that is not in the lake is gone too.
    """
    seen_later: set[str] = set()
    async for hit in _posts(store, wanted):
        at = times.to_text(wanted[hit["_id"]].observed_at)
        if hit["_source"]["observed_at"] > at:
            seen_later.add(hit["_id"])
    gone: dict[str, list[str]] = {}
    for key, erasure in wanted.items():
        if erasure.text_goes and key not in seen_later:
            gone.setdefault(erasure.platform, []).append(erasure.native_id)
    return gone


async def _mark(store: Store, wanted: dict[str, Erasure]) -> tuple[int, list[str]]:
    """Marks posts that are still as they were read; gives how many, and which to look at again."""
    lines: list[bytes] = []
    keys: list[str] = []
    new: list[bool] = []
    async for hit in _posts(store, wanted):
        post = erased_post(hit["_source"], wanted[hit["_id"]])
        if post is not None:
            document = Document(hit["_index"], hit["_id"], post)
            lines.append(replace_lines(document, hit["_seq_no"], hit["_primary_term"]))
            keys.append(hit["_id"])
            new.append("erased" not in hit["_source"])
    outcomes = await settled(store.client, lines)
    left = [key for key, one in zip(keys, outcomes, strict=True) if one.error is not None]
    done = [first for first, one in zip(new, outcomes, strict=True) if one.error is None]
    return sum(done), left


async def _posts(store: Store, wanted: Iterable[str]) -> AsyncGenerator[Json, None]:
    query: Json = {"query": {"ids": {"values": sorted(wanted)}}, "seq_no_primary_term": True}
    async with aclosing(scan(store.client, store.layout.every("posts"), query)) as pages:
        async for hits in pages:
            for hit in hits:
                yield hit


async def _delete_payloads(store: Store, platform: str, ids: Sequence[str]) -> None:
    index = store.layout.every(f"raw-{platform}")
    # Those that are emptied already (see lake.store) stay: they keep their text away.
    held: list[Json] = [{"terms": {"native_id": list(ids)}}, {"exists": {"field": "payload"}}]
    body: Json = {"query": {"bool": {"filter": held}}, "_source": False}
    async with aclosing(scan(store.client, index, body)) as pages:
        async for hits in pages:
            await settled(store.client, [delete_line(hit["_index"], hit["_id"]) for hit in hits])


async def _forget_labelled(store: Store, platform: str, ids: Sequence[str]) -> None:
    await store.labels.forget_texts([native_key(platform, one) for one in ids])


async def _delete_letters(store: Store, platform: str, ids: Sequence[str]) -> None:
    """Their text is not indexed, so every letter of the platform is looked at; there are few.

    So is every letter of an imported file, whose platform may be this one; there a short id may be
    any number and says nothing.
    """
    await _delete_letters_of(store, platform, ids)
    await _delete_letters_of(store, _FILES, [one for one in ids if len(one) >= _LONG_ID])


async def _delete_letters_of(store: Store, platform: str, ids: Sequence[str]) -> None:
    if not ids:
        return
    names = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in ids))
    body: Json = {"query": {"term": {"platform": platform}}, "_source": ["payload"]}
    pages = scan(store.client, store.layout.every("deadletter"), body, size=_LETTERS_A_PAGE)
    async with aclosing(pages):
        async for hits in pages:
            lines = [
                delete_line(hit["_index"], hit["_id"])
                for hit in hits
                if names.search(hit["_source"].get("payload", ""))
            ]
            await settled(store.client, lines)
