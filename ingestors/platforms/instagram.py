"""Instagram: posts by hashtag and accounts, by Meta's Graph API; by the web only if told twice.

``mode: graph`` is the official way and sees public posts of the last 24 hours under at most 30
hashtags in 7 days an account, without their authors. ``mode: web`` reads what browsers are served,
hashtag counters too, and breaks the terms. Either way a post's id is the number in its address.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from ingestors.about import About, Capability, Key, Limit
from ingestors.instagram_graph import PAGE_SIZE, GraphApi
from ingestors.instagram_ledger import WEEK_S
from ingestors.instagram_options import Options
from ingestors.instagram_records import READERS
from ingestors.instagram_web import TAG_CALLS, WINDOW_S, WebApi
from ingestors.meta_graph import CALLS, TAGS
from ingestors.platform import Page, Payload, Target
from lake import http, times
from lake.errors import ConfigError, InvalidError, PayloadError
from lake.quota import LimitBook
from lake.records import Record
from lake.text import hashtags_in, normal_hashtag

__all__ = ["Instagram", "Options", "about", "connect", "normalise"]

_HANDLE = re.compile(r"[A-Za-z0-9._]{1,30}")
_APPS = "https://developers.facebook.com/apps/"
_LIMITS = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
_HASHTAGS = (
    "https://developers.facebook.com/docs/instagram-platform/"
    "instagram-api-with-facebook-login/hashtag-search"
)
_OFF = (
    "Instagram's terms do not allow to read its site with a program, and it may cost the account: "
    "set accept_terms_risk: true if you answer for it, or use mode: graph"
)
_CALLS_PER_HOUR = 200
_WEB_PAGE = 30  # about so many posts come with a hashtag


def about(options: Options | None) -> About:
    """What Instagram is about, in the mode that the options name."""
    if options is not None and options.mode == "web":
        return _about_web(options)
    accounts = len(options.accounts) if options else 1
    capabilities: dict[Capability, str] = {
        "posts": "the last 24 hours, 30 hashtags in 7 days an account, without authors",
        "profiles": "professional accounts, with their latest 50 posts",
    }
    keys = (
        Key("access_token", "a user token with Instagram Public Content Access", _APPS),
        Key("user_id", "the id of an Instagram professional account", _APPS),
        Key("more_accounts", "more accounts of yours, 30 hashtags each", _APPS, required=False),
    )
    limits = (
        Limit(CALLS, _CALLS_PER_HOUR, 3_600, _LIMITS),
        Limit(TAGS, options.tags_per_week if options else 30, WEEK_S, _HASHTAGS),
    )
    return About(
        label="Instagram",
        capabilities=capabilities,
        keys=keys,
        limits=limits,
        poll_calls={CALLS: 1 if options and not options.top_posts else 2},
        page_posts=PAGE_SIZE,
        page_bucket=CALLS,
        credentials=accounts,
    )


def _about_web(options: Options) -> About:
    session = Key(
        "session_cookie", "a signed-in browser's sessionid", options.web_base, required=False
    )
    assumed = "assumed: what open-source clients allow themselves"
    return About(
        label="Instagram (web)",
        capabilities={
            "posts": "what the hashtag's page shows, with authors",
            "counts": "of all posts of a hashtag",
            "profiles": "public accounts, for a part of them",
        },
        keys=(session,),
        limits=(Limit(TAG_CALLS, options.web_calls, WINDOW_S, assumed),),
        poll_calls={TAG_CALLS: 1},
        page_posts=_WEB_PAGE,
        page_bucket=TAG_CALLS,
        off_because=None if options.accept_terms_risk else _OFF,
    )


@asynccontextmanager
async def connect(
    options: Options, *, clock: Callable[[], datetime] = times.now
) -> AsyncIterator[Instagram]:
    """The platform, with connections that are closed at the end of the block.

    Args:
        options: Its section of config.yaml.
        clock: The current time, aware; by it the limits are counted.

    Raises:
        ConfigError: Mode ``web`` without ``accept_terms_risk``.
    """
    is_web = options.mode == "web"
    if is_web and not options.accept_terms_risk:
        raise ConfigError(f"platforms.instagram: {_OFF}")
    settings = http.HttpOptions(timeout_s=options.timeout_s, redirects=not is_web)
    agent = options.web_user_agent if is_web else "taglake"
    async with http.connect(settings, user_agent=agent, clock=clock) as client:
        api = WebApi(client, options) if is_web else GraphApi(client, options)
        yield Instagram(api, client.limits)


class Instagram:
    """Either API; see ``ingestors.platform.Platform``."""

    name = "instagram"
    context: str | None = None

    def __init__(self, api: GraphApi | WebApi, limits: LimitBook) -> None:
        self._api = api
        self.limits = limits

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; comments are shown only to the post's owner.

        Raises:
            NotFoundError: The hashtag or the account is not there, or shown to nobody.
        """
        tag = normal_hashtag(target.value)
        handle = target.value.strip().lstrip("@")
        if target.kind == "hashtag" and target.window is None and hashtags_in(f"#{tag}") == (tag,):
            return self._api.tag_pages(tag, cursor)
        if target.kind == "profile" and _HANDLE.fullmatch(handle):
            return self._api.profile_pages(handle)
        raise InvalidError(f"instagram cannot poll {target.key!r}")

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``: nothing, for comments cannot be polled."""
        del payload
        return ()

    async def check(self) -> str:
        """See ``Platform.check``."""
        return await self._api.check()


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload of either API holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    reader = READERS.get(payload.kind)
    if reader is None:
        raise PayloadError(f"instagram has no payload of kind {payload.kind!r}")
    return reader(payload.body, observed_at)
