"""Jetstream: every post of Bluesky as it is made, without an account, by WebSocket.

Protocol: https://github.com/bluesky-social/jetstream. The cursor is the latest event's ``time_us``
as text. A connection resumes five seconds before it, since events of the same moment come in any
order; what was given and written already is left out. All deletions of posts are given, for which
of them are in the lake only the lake knows. Accounts that go take their posts with them without an
event for each; those are met at the next refresh of their numbers. A server keeps what happened
for a day or so: after a longer absence the first page says that it does not overlap.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Set
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ingestors.bluesky_commits import POSTS, is_wanted, name_of, time_us
from ingestors.fields import string
from ingestors.platform import Page, Payload, Unreadable
from lake import times, websocket
from lake.errors import UnavailableError
from lake.websocket import Socket, SocketOptions

logger = logging.getLogger(__name__)
PAGE_S = 2.0  # a page is given at least so often
_PAGE_PAYLOADS = 1_000
_RESUME_US = 5_000_000
_GAP_US = 60_000_000  # no minute is without a post on Bluesky
_AHEAD_US = 60_000_000  # so much may the server's clock be ahead of ours
_LARGEST_POST_BYTES = 1_000_000  # a larger event is not asked for
_MOST_LETTERS = 10  # a page; who sends rubbish by the thousand fills no lake with it
_LETTER_CHARS = 10_000
Tags = Callable[[], Set[str]]


@dataclass(slots=True)
class _Stretch:
    """What came since the last page.

    Args:
        cursor_us: The latest event so far.
        payloads: What is wanted of it.
        names: What the payloads are called, with their times.
        unreadable: What is no event.
        rubbish: How much was no event.
        overlaps: Whether nothing lies between this stretch and the cursor, if it is the first.
    """

    cursor_us: int
    payloads: list[Payload] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    rubbish: int = 0
    overlaps: bool | None = None

    def page(self) -> Page:
        """The stretch as it is given."""
        if self.rubbish:
            logger.info("Jetstream also sent", extra={"unreadable": self.rubbish})
        if self.overlaps is False:
            logger.warning("Jetstream no longer has all that happened since the last connection")
        letters, cursor = tuple(self.unreadable), str(self.cursor_us)
        return Page(self.payloads, times.now(), cursor, self.overlaps, letters)


class Jetstream:
    """The stream of one server.

    Args:
        url: Its address, which begins with ``ws://`` or ``wss://``.
        silence_s: It is given up when nothing came for so long.
        page_s: How often a page is given.
    """

    def __init__(self, url: str, silence_s: float, page_s: float = PAGE_S) -> None:
        self._url = url
        self._silence_s = silence_s
        self._page_s = page_s
        self._given: dict[str, int] = {}
        self._resumed_us: int | None = None

    async def pages(self, tags: Tags, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``ingestors.platform.Streaming.stream``."""
        start_us = self._resumed_us = _start_us(cursor)
        params = {"wantedCollections": POSTS, "maxMessageSizeBytes": str(_LARGEST_POST_BYTES)}
        if start_us is not None:
            params["cursor"] = str(max(0, start_us - _RESUME_US))
        options = SocketOptions(
            connect_s=self._silence_s, heartbeat_s=max(1.0, self._silence_s / 2)
        )
        stretch = _Stretch(_now_us() if start_us is None else start_us)
        async with websocket.connect(self._url, params, options) as socket:
            stretches = self._stretches(socket, tags, stretch)
            async with aclosing(stretches):
                async for found in stretches:
                    yield found.page()
                    # Who asks for the next page has written this one: now it need not come again.
                    self._remember(found)

    async def _stretches(
        self, socket: Socket, tags: Tags, stretch: _Stretch
    ) -> AsyncGenerator[_Stretch, None]:
        clock = asyncio.get_running_loop().time
        due_at, heard_at = clock() + self._page_s, clock()
        while True:
            try:
                message = await socket.receive(due_at - clock())
                if message is not None:
                    self._take(message, tags(), stretch)
            except UnavailableError:
                # Who is cut off again and again before a page is due gets on all the same.
                if stretch.payloads:
                    yield stretch
                raise
            if message is not None:
                heard_at = clock()
            elif clock() - heard_at > self._silence_s:
                raise UnavailableError(f"Jetstream said nothing for {self._silence_s:g} s")
            if clock() >= due_at or len(stretch.payloads) >= _PAGE_PAYLOADS:
                yield stretch
                stretch, due_at = _Stretch(stretch.cursor_us), clock() + self._page_s

    def _take(self, message: str | bytes, tags: Set[str], stretch: _Stretch) -> None:
        event = _event(message)
        if event is None:
            stretch.rubbish += 1
            if len(stretch.unreadable) < _MOST_LETTERS:
                text = message if isinstance(message, str) else message.decode("utf-8", "replace")
                stretch.unreadable.append(Unreadable(text[:_LETTER_CHARS], "no event of Jetstream"))
            return
        if "error" in event and "kind" not in event:
            name = (string(event["error"]) or "")[:40]
            raise UnavailableError(f"Jetstream ends the stream: {name or 'an error'}")
        at_us = time_us(event)
        if is_wanted(event, tags):
            name = name_of(event)
            if name not in self._given and name not in stretch.names:
                stretch.names[name] = at_us or stretch.cursor_us
                stretch.payloads.append(Payload("commit", event))
        if at_us is not None:
            if self._resumed_us is not None:
                stretch.overlaps = at_us <= self._resumed_us + _GAP_US
                self._resumed_us = None
            stretch.cursor_us = max(stretch.cursor_us, min(at_us, _now_us() + _AHEAD_US))

    def _remember(self, stretch: _Stretch) -> None:
        """What may be sent again after the next connection is made."""
        since_us = stretch.cursor_us - 2 * _RESUME_US
        self._given |= stretch.names
        self._given = {name: at_us for name, at_us in self._given.items() if at_us >= since_us}


def _event(message: str | bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(message, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _start_us(cursor: str | None) -> int | None:
    """The time that a cursor names; None where it names none.

    A server that is asked for what is yet to come says nothing until then.
    """
    if not cursor or not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20):
        return None
    return min(int(cursor), _now_us())


def _now_us() -> int:
    return int(times.now().timestamp() * 1_000_000)
