"""The records that a platform's payloads become: posts, profiles and tag counters.

A number that the platform hides or omits is ``None`` here and absent in the document: never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["post", "reshare", "quote", "reply", "comment"]
POST_METRICS = ("likes", "comments", "shares", "quotes", "saves", "views", "score")


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post, as the payload says it.

    Args:
        id: The platform's stable id of the account; None where the platform does not tell.
        handle: The name people type after ``@``, without it.
        name: The display name.
        followers: Accounts that followed this one when the payload was observed.
        verified: Whether the platform shows the account as verified.
    """

    id: str | None = None
    handle: str | None = None
    name: str | None = None
    followers: int | None = None
    verified: bool | None = None

    def key(self) -> str | None:
        """What tells this author from the platform's others: the id, else the handle."""
        return self.id or (self.handle.lower() if self.handle else None)


@dataclass(frozen=True, slots=True)
class Post:
    """One post, reply or comment as one payload showed it.

    Args:
        platform: Where it was posted, such as ``mastodon`` or ``x``.
        kind: ``post`` (original), ``reshare``, ``quote``, ``reply``, or ``comment`` (a remark that
            exists only below another post, as on YouTube).
        native_id: The platform's id; unique within the platform.
        created_at: When it was posted, aware UTC.
        observed_at: When its payload was received, aware UTC.
        text: What it says, plain text.
        author: Who wrote it.
        url: Where people read it.
        language: The language that the platform claims (BCP 47), None if it claims none.
        hashtags: In normal form (see ``lake.text``), each once.
        mentions: Handles without ``@``, each once.
        media: Kinds of what is attached: ``photo``, ``video``, ``gif``, ``audio``, ``link``,
            ``poll``.
        reply_to: Native id of the post that this one answers, quotes or reshares.
        metrics: Numbers by the names in ``POST_METRICS``; an unknown one is left out.
        metrics_missing: Names that the platform offers for posts but this payload hides or omits.
        source: Which server counted, where a platform is many servers that count apart.
        is_home: Whether that server is the post's own, whose numbers are whole.
    """

    platform: str
    kind: Kind
    native_id: str
    created_at: datetime
    observed_at: datetime
    text: str
    author: Author = field(default_factory=Author)
    url: str | None = None
    language: str | None = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    reply_to: str | None = None
    metrics: Mapping[str, int] = field(default_factory=dict)
    metrics_missing: tuple[str, ...] = ()
    source: str | None = None
    is_home: bool | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as one payload showed it.

    Args:
        platform: Where the account lives.
        author: The account; its ``id`` or ``handle`` is set.
        observed_at: When the payload was received, aware UTC.
        created_at: When the account was opened, aware UTC.
        url: Where people see it.
        description: Its biography, plain text.
        following: Accounts that it follows.
        posts: Posts that it has published.
    """

    platform: str
    author: Author
    observed_at: datetime
    created_at: datetime | None = None
    url: str | None = None
    description: str | None = None
    following: int | None = None
    posts: int | None = None


@dataclass(frozen=True, slots=True)
class TagCounter:
    """How often a hashtag was used, as a platform counts it.

    Args:
        platform: Who counts.
        tag: The hashtag in normal form.
        observed_at: When the payload was received, aware UTC.
        source: What the count is of where a platform is many servers (an instance's host name).
        start: Start of the counted period, aware UTC; None for a count since the tag's beginning.
        end: End of the counted period, exclusive.
        posts: Posts counted.
        authors: Accounts counted.
        views: Views counted.
    """

    platform: str
    tag: str
    observed_at: datetime
    source: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    posts: int | None = None
    authors: int | None = None
    views: int | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """A post that the platform says is gone.

    Args:
        platform: Where it was posted.
        native_id: The platform's id of it.
        observed_at: When the platform said so, aware UTC.
        reason: What it said, in a word or two: ``deleted``, ``removed by moderators``.
        text_goes: Whether the platform's terms ask that its text is deleted here too.
        author: The platform's id of an account that went with every post of it; ``native_id`` is
            then what the platform calls the account.
    """

    platform: str
    native_id: str
    observed_at: datetime
    reason: str
    text_goes: bool = True
    author: str | None = None


Record = Post | Profile | TagCounter | Erasure
Json = dict[str, Any]
