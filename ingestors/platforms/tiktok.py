"""TikTok, in one of two modes: the site through a browser, or the official Research API.

The site shows a hashtag's counter and some of its posts; TikTok's terms do not allow to read it
with a program, and it defends itself, so the mode is off until ``accept_terms_risk`` is set. The
Research API is for approved projects of non-profit research institutions only:
https://developers.tiktok.com/products/research-api.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from ingestors.about import About, Key, Limit
from ingestors.fields import mapping, whole
from ingestors.platform import Page, Payload, Target
from ingestors.tiktok_archive import PAGE_POSTS, Archive
from ingestors.tiktok_browser import BUCKET as WEB
from ingestors.tiktok_browser import open_browser
from ingestors.tiktok_options import Options
from ingestors.tiktok_people import (
    challenge_records,
    comment_records,
    research_comment_records,
    research_user_records,
    user_records,
)
from ingestors.tiktok_records import (
    NAME,
    gone_records,
    item_of,
    item_records,
    native_id,
    research_records,
)
from ingestors.tiktok_research import BUCKET as RESEARCH
from ingestors.tiktok_research import Research
from ingestors.tiktok_web import POSTS_A_PAGE, Web
from lake import http
from lake.errors import ConfigError, PayloadError
from lake.quota import LimitBook
from lake.records import Record
from lake.times import now as real_now

__all__ = ["Options", "Tiktok", "about", "connect", "normalise"]

_READERS = {
    "item": item_records,
    "user": user_records,
    "challenge": challenge_records,
    "comment": comment_records,
    "research_video": research_records,
    "research_user": research_user_records,
    "research_comment": research_comment_records,
    "gone": gone_records,
}
_OFF = (
    "TikTok's terms do not allow to read its site with a program: set accept_terms_risk: true "
    "if you answer for it, or use mode: research"
)
_DAY_S = 86_400.0
_LIMITS_PAGE = "https://developers.tiktok.com/doc/research-api-faq"
_CLIENTS_PAGE = "https://developers.tiktok.com/research"


def about(options: Options | None) -> About:
    """What TikTok offers in the chosen mode; see ``ingestors.about``."""
    chosen = options or Options()
    return _about_web(chosen) if chosen.mode == "web" else _about_research(chosen)


@asynccontextmanager
async def connect(
    options: Options, *, clock: Callable[[], datetime] = real_now
) -> AsyncIterator[Tiktok]:
    """The platform; what it holds open is closed at the end of the block.

    Args:
        options: Its section of config.yaml.
        clock: The current time, aware; by it days and waits are counted.

    Raises:
        ConfigError: Mode web: it is not switched on, the library TikTokApi or the browser is
            missing, or this process has it open already.
    """
    if options.mode == "web":
        if not options.accept_terms_risk:
            raise ConfigError(f"platforms.tiktok: {_OFF}")
        limits = LimitBook(clock)
        async with open_browser(options, limits, clock) as browser:
            yield Tiktok(Web(browser, options), limits)
        return
    how = http.HttpOptions(timeout_s=options.timeout_s)
    limits = LimitBook(clock)
    async with http.connect(how, limits=limits, clock=clock) as client:
        yield Tiktok(Archive(Research(client, options, clock), options, clock), limits)


class Tiktok:
    """One of the two modes; see ``ingestors.platform.Platform``.

    Args:
        source: Does the I/O.
        limits: What is left of the source's limits.
    """

    name = NAME
    context: str | None = None

    def __init__(self, source: Web | Archive, limits: LimitBook) -> None:
        self._source = source
        self.limits = limits

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; only mode research has windows and known posts."""
        return self._source.pages(target, cursor)

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``."""
        body = mapping(payload.body)
        if payload.kind == "item":
            body = item_of(body)
            stats = (mapping(body.get("statsV2")), mapping(body.get("stats")))
            count = next((n for one in stats if (n := whole(one.get("commentCount")))), None)
        elif payload.kind == "research_video":
            count = whole(body.get("comment_count"))
        else:
            return ()
        try:
            id_ = native_id(body, "id", "video_id")
        except PayloadError:
            return ()
        return (Target(self.name, "comments", id_),) if count else ()

    async def check(self) -> str:
        """See ``Platform.check``."""
        return await self._source.check()


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    reader = _READERS.get(payload.kind)
    if reader is None:
        raise PayloadError(f"tiktok has no payload of kind {payload.kind!r}")
    return reader(payload.body, observed_at)


def _about_web(options: Options) -> About:
    return About(
        label="TikTok",
        capabilities={
            "posts": "some hundred of a hashtag's, in no order of time",
            "counts": "posts and views since a hashtag's beginning, rounded",
            "profiles": "followers, posts",
            "comments": "below a post",
        },
        keys=(Key("ms_tokens", "the cookie msToken of a visit", "https://www.tiktok.com", False),),
        poll_calls={WEB: 1.0 + options.page_cap},
        page_posts=POSTS_A_PAGE,
        page_bucket=WEB,
        credentials=max(options.sessions, len(options.ms_tokens or ())),
        off_because=None if options.accept_terms_risk else _OFF,
    )


def _about_research(options: Options) -> About:
    return About(
        label="TikTok",
        capabilities={
            "posts": "all, up to two days late",
            "profiles": "followers, posts",
            "comments": "the first 1,000 below a post",
            "history": "as far as the platform goes",
            "refresh": "of any posts",
        },
        keys=(Key("clients", "a research project's key and secret", _CLIENTS_PAGE),),
        limits=(Limit(RESEARCH, options.calls_per_day, _DAY_S, _LIMITS_PAGE),),
        poll_calls={RESEARCH: 1.0},
        page_posts=PAGE_POSTS,
        page_bucket=RESEARCH,
        credentials=len({client.client_key.get_secret_value() for client in options.clients}),
    )
