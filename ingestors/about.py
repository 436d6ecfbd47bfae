"""What a platform can do, what it needs and what it allows: facts that its own file states.

They are what ``taglake platforms`` shows, what ``taglake plan`` computes with and what a campaign
is checked against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, get_args

Capability = Literal["posts", "counts", "profiles", "comments", "stream", "history", "refresh"]
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
"""``posts`` under a hashtag, ``counts`` of a hashtag by the platform, ``profiles``, ``comments``
below a post, a ``stream`` of posts as they happen, ``history``: posts of any wanted time, and
``refresh``: the current numbers of known posts."""


@dataclass(frozen=True, slots=True)
class Key:
    """A credential.

    Args:
        option: Its key in the platform's section of config.yaml, such as ``bearer_token``.
        what: What it is, for people.
        page: Where one gets it, as a URL.
        required: Whether nothing works without it.
    """

    option: str
    what: str
    page: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Limit:
    """How many calls the platform takes from one credential.

    Args:
        bucket: What is limited: calls of a bucket share the limit.
        calls: Most calls in ``per_s``.
        per_s: The length of the limit's window in seconds.
        source: Where the platform says so, as a URL, or why it is assumed.
    """

    bucket: str
    calls: int
    per_s: float
    source: str


@dataclass(frozen=True, slots=True)
class Price:
    """What the platform asks for in money.

    Args:
        per_post_usd: For a post that is read, once a UTC day.
        per_author_usd: For an author that is read, once a UTC day.
        per_call_usd: Bucket to price of one call.
    """

    per_post_usd: float = 0.0
    per_author_usd: float = 0.0
    per_call_usd: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What one platform is about, with given options.

    Args:
        label: Its name for people.
        capabilities: Capability to what it comes to, in a few words (``the last 7 days``).
        keys: The credentials that it takes.
        limits: Each bucket's limit, as the platform documents it or the operator set it.
        poll_calls: Bucket to calls that one poll of a hashtag makes when little is new.
        page_posts: Posts in one page of a hashtag's posts: what is new beyond it costs a call more.
        page_bucket: The bucket that such a further page is paid from.
        price: What it costs; None where it is free.
        history: How far back ``history`` reaches; None: as far as the platform goes, or not at all.
        credentials: How many of the operator's credentials share the load.
        off_because: Why it is off although configured or by default; None: nothing speaks against.
    """

    label: str
    capabilities: Mapping[Capability, str]
    keys: tuple[Key, ...] = ()
    limits: tuple[Limit, ...] = ()
    poll_calls: Mapping[str, float] = field(default_factory=dict)
    page_posts: int = 100
    page_bucket: str | None = None
    price: Price | None = None
    history: timedelta | None = None
    credentials: int = 1
    off_because: str | None = None

    def can(self, capability: Capability) -> bool:
        """Whether the platform has a capability."""
        return capability in self.capabilities
