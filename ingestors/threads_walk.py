"""A hashtag's walks over Threads' searches: what is new, and all of a stretch of time.

The cursor of the first is the time of the newest post that each search met. That of the second
tells which search was reached and back to when, so that it outlives the tokens of pages.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta

from ingestors.fields import mapping, moment, string, whole
from ingestors.platform import Page, Payload, Unreadable, Window
from ingestors.threads_search import FIRST_DAY, Asked, Found, Mode, Search
from lake import times
from lake.json_text import dumps
from lake.records import Json

_SECOND = timedelta(seconds=1)


async def new_pages(
    search: Search,
    tag: str,
    cursor: str | None,
    *,
    modes: Sequence[Mode],
    lookback: timedelta,
    max_pages: int,
) -> AsyncGenerator[Page, None]:
    """What is new under a hashtag, one search after the other.

    Args:
        search: Makes the calls.
        tag: In normal form.
        cursor: An earlier poll's last.
        modes: Where it is looked for.
        lookback: How far before its newest post a search begins.
        max_pages: Pages of one search; what lies beyond is never read and shows as a gap.
    """
    newest = _read_newest(cursor)
    outcomes: list[bool | None] = []
    for mode in modes:
        start = newest.get(mode)
        asked = Asked(tag, mode, since=start - lookback if start else None)
        latest = start
        pages = 0
        async with aclosing(search.walk(asked)) as walk:
            async for found in walk:
                pages += 1
                latest = max([one for one in (latest, found.newest) if one], default=None)
                has_ended = found.after is None or _is_before(found, asked.since)
                if not has_ended and pages < max_pages:
                    yield _page(found, asked, None, None, found.items)
                    continue
                outcomes.append(None if start is None else has_ended)
                # A search that finds nothing at all has met everything up to now.
                latest = latest or (found.received_at if has_ended else None)
                newest |= {mode: latest} if latest else {}
                overlaps = _joined(outcomes) if len(outcomes) == len(modes) else None
                yield _page(found, asked, _newest_text(newest), overlaps, found.items)
                break


async def window_pages(
    search: Search,
    tag: str,
    window: Window,
    cursor: str | None,
    *,
    modes: Sequence[Mode],
    margin: timedelta,
) -> AsyncGenerator[Page, None]:
    """All that was posted under a hashtag in [start, end), one search after the other.

    Args:
        search: Makes the calls.
        tag: In normal form.
        window: Start and end.
        cursor: Where an earlier walk of this window was cut off.
        modes: Where it is looked for.
        margin: How far the posts of a page may be out of order.
    """
    start, end = window
    body = _read(cursor)
    done = whole(body.get("done")) or 0
    until = moment(body.get("until")) or end
    for number, mode in enumerate(modes):
        if number < done or end <= FIRST_DAY:
            continue
        asked = Asked(tag, mode, since=start, until=until)
        async with aclosing(search.walk(asked)) as walk:
            async for found in walk:
                if found.oldest is not None:
                    until = min(until, found.oldest + margin + _SECOND)
                is_last = found.after is None or _is_before(found, start)
                rest = {} if is_last else {"until": times.to_text(until)}
                place = json.dumps({"done": number + is_last} | rest)
                yield _page(found, asked, place, None, _within(found.items, start, end))
                if is_last:
                    break
        until = end


def _within(items: Sequence[object], start: datetime, end: datetime) -> list[object]:
    """What was posted in the window, and what does not tell when."""
    times_ = [moment(mapping(item).get("timestamp")) for item in items]
    told = zip(items, times_, strict=True)
    return [item for item, made in told if made is None or start <= made < end]


def _is_before(found: Found, edge: datetime | None) -> bool:
    """Whether a page reached what is older than was asked for."""
    return edge is not None and found.oldest is not None and found.oldest < edge


def _page(
    found: Found,
    asked: Asked,
    cursor: str | None,
    overlaps: bool | None,
    items: Sequence[object],
) -> Page:
    payloads, unreadable = [], []
    for item in items:
        if not isinstance(item, dict):
            unreadable.append(Unreadable(dumps(item).decode(), "a post that is no JSON object"))
        elif asked.wants(item):
            payloads.append(Payload("post", item))
    return Page(payloads, found.received_at, cursor, overlaps, unreadable)


def _joined(outcomes: Sequence[bool | None]) -> bool | None:
    """Of several searches: whether all of them met what was known."""
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _read(cursor: str | None) -> Json:
    try:
        return mapping(json.loads(cursor or "{}"))
    except ValueError:
        return {}


def _read_newest(cursor: str | None) -> dict[str, datetime]:
    found = {mode: moment(text) for mode, text in _read(cursor).items() if string(text)}
    return {mode: at for mode, at in found.items() if at}


def _newest_text(newest: dict[str, datetime]) -> str | None:
    return json.dumps({mode: times.to_text(at) for mode, at in newest.items()}) if newest else None
