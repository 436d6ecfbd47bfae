"""Reddit: submissions by the word of a hashtag, their comments, accounts; through praw.

Endpoints: https://www.reddit.com/dev/api (search, comments, api/morechildren, api/info,
user/about). Reddit has no hashtags: a tag is searched for as the word that it is, and what is found
carries the tag where its text says ``#tag`` or, with ``keyword_match``, the bare word.

A search gives the newest first and ends after some 250 results, so a walk is short: the cursor is
the time up to which everything was met and moves with a walk's last page, and a cut-off walk
starts anew. Each poll goes ``lookback_s`` further back than the cursor, for posts that the search
learnt of late. Where the search ends before it reaches what is known, a gap shows.
"""

from __future__ import annotations

import re
from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ingestors.about import About, Key, Limit
from ingestors.fields import host_of, mapping, moment, whole
from ingestors.platform import Page, Payload, Target
from ingestors.reddit_api import BUCKET, Api
from ingestors.reddit_pages import Pages, Wanted
from ingestors.reddit_praw import Access, require
from ingestors.reddit_records import FULLNAME, data_of, fullname, normalise
from ingestors.reddit_removed import removal
from ingestors.reddit_search import PAGE_SIZE
from lake.errors import InvalidError
from lake.quota import LimitBook
from lake.records import Record
from lake.retry import Backoff
from lake.text import hashtags_in, normal_hashtag

__all__ = ["App", "Options", "Reddit", "about", "connect", "normalise"]

_APPS = "https://www.reddit.com/prefs/apps"
_LIMITS = "https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki"
_USER = re.compile(r"[A-Za-z0-9_-]{1,30}")
_SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,50}")
_MOST_SUBREDDITS = 50
_LONGEST_TAG = 500  # a query has 512 characters


class App(BaseModel):
    """What lets one app in.

    Args:
        client_id: Its id, below its name on Reddit's page.
        client_secret: Its secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: SecretStr
    client_secret: SecretStr

    @field_validator("client_id", "client_secret")
    @classmethod
    def _a_word(cls, word: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]+", word.get_secret_value()):
            raise ValueError("must be an app's, without blanks; see " + _APPS)
        return word


class Options(App):
    """The platform's section of config.yaml.

    Args:
        client_id: The app's id, from https://www.reddit.com/prefs/apps.
        client_secret: The app's secret.
        further_apps: More apps of the operator's own that share the load.
        user_agent: Says who calls; Reddit refuses one that says nothing.
        reddit_url: Where tokens are made.
        oauth_url: Where everything else is.
        subreddits: Where hashtags are searched for; empty: everywhere.
        keyword_match: Whether a hashtag's bare word in what was found counts as the hashtag.
        include_over_18: Whether submissions for adults are searched too.
        max_pages: Pages of 100 that one walk through a search takes.
        lookback_s: How far before the cursor polls go back, for posts the search learnt of late.
        max_comment_calls: Calls that one poll of a submission's comments may make.
        timeout_s: Longest silence of one call; a thread that waits cannot be stopped.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
    """

    further_apps: tuple[App, ...] = ()
    user_agent: Annotated[str, Field(pattern=r"^[ -~]{7,200}$")] = (
        "python:taglake:v1 (hashtag data lake)"
    )
    reddit_url: str = "https://www.reddit.com"
    oauth_url: str = "https://oauth.reddit.com"
    subreddits: Annotated[tuple[str, ...], Field(max_length=_MOST_SUBREDDITS)] = ()
    keyword_match: bool = True
    include_over_18: bool = False
    max_pages: Annotated[int, Field(ge=1, le=50)] = 10
    lookback_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 900
    max_comment_calls: Annotated[int, Field(ge=1, le=100)] = 10
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 30
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5

    @field_validator("reddit_url", "oauth_url")
    @classmethod
    def _a_server(cls, address: str) -> str:
        address = address.strip().rstrip("/")
        host = host_of(address)
        if host is None or address.split("://", 1)[1].lower() != host:
            raise ValueError("must be a server's address, such as https://oauth.reddit.com")
        return f"{urlsplit(address).scheme}://{host}"

    @field_validator("subreddits")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        bare = tuple(name.strip().strip("/").removeprefix("r/") for name in names)
        if not all(map(_SUBREDDIT.fullmatch, bare)):
            raise ValueError("must be names of subreddits, such as python")
        return bare

    @property
    def accesses(self) -> list[Access]:
        """What lets each of the apps in."""
        return [
            Access(
                client_id=app.client_id.get_secret_value(),
                client_secret=app.client_secret.get_secret_value(),
                user_agent=self.user_agent,
                reddit_url=self.reddit_url,
                oauth_url=self.oauth_url,
                timeout_s=self.timeout_s,
            )
            for app in (self, *self.further_apps)
        ]


def about(options: Options | None) -> About:
    """What Reddit is about."""
    return About(
        label="Reddit",
        capabilities={
            "posts": "a search for the hashtag's word, about its 250 newest results",
            "profiles": "accounts; their followers are rarely told",
            "comments": "below a submission",
            "history": "as far as the search goes: it ends after about 250 results",
            "refresh": "100 posts and comments a call",
        },
        keys=(
            Key("client_id", "an app's id; Reddit approves apps before they are made", _APPS),
            Key("client_secret", "the app's secret (Responsible Builder Policy)", _APPS),
        ),
        limits=(Limit(BUCKET, 1_000, 600.0, _LIMITS),),
        poll_calls={BUCKET: 1.0},
        page_posts=PAGE_SIZE,
        page_bucket=BUCKET,
        credentials=1 if options is None else len(options.accesses),
    )


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[Reddit]:
    """The platform, with connections that are closed at the end of the block.

    Raises:
        ConfigError: praw is not installed.
    """
    await to_thread(require)
    limits = LimitBook()
    backoff = Backoff(base_s=options.backoff_s)
    api = Api(options.accesses, limits, backoff=backoff, attempts=options.attempts)
    try:
        yield Reddit(api, limits, options)
    finally:
        api.close()


class Reddit:
    """Reddit as the operator's apps see it; see ``ingestors.platform.Platform``.

    Args:
        api: Makes the calls.
        limits: What is left of them.
        options: What is wanted.
    """

    name = "reddit"
    context: str | None = None

    def __init__(self, api: Api, limits: LimitBook, options: Options) -> None:
        self.limits = limits
        self._api = api
        wanted = Wanted(
            subreddits=options.subreddits,
            keyword_match=options.keyword_match,
            adult=options.include_over_18,
            max_pages=options.max_pages,
            lookback=timedelta(seconds=options.lookback_s),
            max_comment_calls=options.max_comment_calls,
        )
        self._pages = Pages(api, wanted)

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; posts and a comments' submission go by their fullnames.

        Raises:
            NotFoundError: The account, submission or subreddit is not there, or no longer.
            InvalidError: Reddit shows it to no app: it is private, say.
        """
        value = target.value.strip()
        names = value.split()
        user = value.removeprefix("/").removeprefix("u/").removeprefix("@")
        if target.kind == "hashtag" and _is_tag(tag := normal_hashtag(value)):
            return self._pages.of_tag(tag, target.window, moment(cursor))
        if target.kind == "profile" and _USER.fullmatch(user):
            return self._pages.of_user(user)
        if target.kind == "comments" and FULLNAME.fullmatch(value) and value.startswith("t3_"):
            return self._pages.of_comments(value)
        if target.kind == "posts" and names and all(map(FULLNAME.fullmatch, names)):
            return self._pages.of_posts(list(dict.fromkeys(names)))
        raise InvalidError(f"reddit cannot poll {target.key!r}")

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``: the comments of a submission that has some."""
        data = data_of(mapping(payload.body)) if payload.kind == "submission" else {}
        name = fullname(data, "t3")
        if name is None or not whole(data.get("num_comments")):
            return ()
        return () if removal(data, "title", "selftext") else (Target(self.name, "comments", name),)

    async def check(self) -> str:
        """See ``Platform.check``."""
        return await self._api.check()


def _is_tag(tag: str) -> bool:
    """Whether a hashtag can be searched for: anything else could be one of the search's words."""
    return hashtags_in(f"#{tag}") == (tag,) and len(tag) <= _LONGEST_TAG
