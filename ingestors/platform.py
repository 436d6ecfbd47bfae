"""The seam: one platform is one file in ``ingestors/platforms/``, and the file's name is its name.

Such a file offers five things and nothing registers it:

* ``Options``: a pydantic model, the platform's own section of config.yaml.
* ``about(options)``: what it can do, needs and allows (``ingestors.about``). Pure.
* ``connect(options)``: an async context manager that yields a ``Platform``.
* ``normalise(payload, observed_at)``: payloads to records. Pure, and needs no credentials.
* the ``Platform`` itself: ``pages`` does all the I/O.

A platform that config.yaml does not name is imported only to say what it is about.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from lake import times
from lake.quota import LimitBook
from lake.records import Json, Record

TargetKind = Literal["hashtag", "profile", "comments", "posts", "stream", "file", "push"]
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Target:
    """What is polled: a hashtag, a profile, one post's comments, known posts, or a file.

    Args:
        platform: The platform's name.
        kind: What ``value`` names.
        value: A hashtag in normal form, a handle, a native post id, native post ids with a blank
            between them (``posts``: their current numbers), or a file's name and digest.
        window: Of a hashtag only: posts that were created in [start, end), aware UTC, which only
            platforms with the capability ``history`` can be asked for. None: what is new.
    """

    platform: str
    kind: TargetKind
    value: str
    window: Window | None = None

    @property
    def key(self) -> str:
        """The target in one word; the same for every campaign that wants it."""
        # Known posts are other ones at each poll, and a target's key is kept with every post.
        value = "known" if self.kind == "posts" else self.value
        bare = f"{self.platform}:{self.kind}:{value}"
        if self.window is None:
            return bare
        start, end = self.window
        return f"{bare}@{times.to_text(start)}/{times.to_text(end)}"


@dataclass(frozen=True, slots=True)
class Payload:
    """One thing as the platform sent it.

    Args:
        kind: Which of the platform's shapes ``body`` has, such as ``status`` or ``tag``.
        body: The decoded JSON object, unchanged.
        place: Where it came from, for people (``tweets.jsonl:17``); None for a platform's answer.
        source: Who sent it where the platform is many servers (an instance's host name) and the
            payload does not tell; None elsewhere.
    """

    kind: str
    body: Json
    place: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of a page that is not even a payload: a line that does not parse.

    Args:
        text: The part as it came.
        reason: Why it cannot be read, in one line.
        place: Where it stood, for people.
    """

    text: str
    reason: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a platform, or one stretch of a file.

    Args:
        payloads: In the order they came, unchanged.
        observed_at: When they were received, aware UTC.
        cursor: Where to go on, valid once every payload of this page is written; None: unchanged.
        overlaps: Whether the walk reached what an earlier poll had seen, so that nothing lies
            between; None where the platform's paging cannot tell.
        unreadable: Parts that go to the dead letters as they are.
    """

    payloads: Sequence[Payload]
    observed_at: datetime
    cursor: str | None = None
    overlaps: bool | None = None
    unreadable: Sequence[Unreadable] = ()


class Platform(Protocol):
    """What the poll loop needs of a platform.

    Attributes:
        name: The platform's name in config.yaml, and its file's.
        context: What replaying a payload needs besides the payload, as JSON text: the column map of
            an imported table, say. None where ``normalise`` needs nothing.
        limits: What is left of its rate limits and quotas; kept across restarts by the poll loop.
    """

    name: str
    context: str | None
    limits: LimitBook

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """The target's pages from ``cursor`` on (None: from the platform's choice of start).

        Raises:
            RetryError: The platform did not answer after its retries; the cursors of the pages
                already given stay valid.
            StopPlatformError: The platform refuses us.
            InvalidError: The platform has no such kind of target.
            NotFoundError: What the target names is not there, or no longer.
        """
        ...

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """The records that one payload holds. Pure: no I/O, no clock, the payload untouched.

        Raises:
            PayloadError: The payload lacks something that no record can do without.
        """
        ...

    def related(self, payload: Payload) -> Sequence[Target]:
        """Targets that a payload suggests: the comments of a post that has some. Pure.

        What is no payload of this platform, or unusable, suggests nothing.
        """
        ...

    async def check(self) -> str:
        """Tries the credentials with one cheap call; says in one line what they open.

        Raises:
            RetryError: The platform did not answer.
            StopPlatformError: It refuses the credentials, or none are configured.
        """
        ...


class Streaming(Platform, Protocol):
    """A platform that can also tell of posts as they happen.

    Attributes:
        streams: Whether it is configured to.
    """

    streams: bool

    def stream(
        self, tags: Callable[[], Set[str]], cursor: str | None
    ) -> AsyncGenerator[Page, None]:
        """Everything that happens from ``cursor`` on (None: from now on), until it is closed.

        A page is given at least every few seconds, empty where nothing happened, so that its cursor
        says how far the stream was watched.

        Args:
            tags: The hashtags that are wanted now, in normal form; asked for at every message.
            cursor: The last page's.

        Raises:
            RetryError: The connection was lost; it may be made again from the last page's cursor.
            StopPlatformError: The platform refuses us.
        """
        ...
