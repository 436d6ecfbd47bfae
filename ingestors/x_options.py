"""X's section of config.yaml, and what X is about with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ingestors.about import About, Capability, Key, Limit, Price
from ingestors.credentials import Secrets
from ingestors.fields import host_of

Usd = Annotated[float, Field(ge=0, le=100)]
HISTORY = timedelta(days=7)
_LIMITS_PAGE = "https://docs.x.com/x-api/fundamentals/rate-limits"
_QUARTER_S = 900.0
# Calls in 15 minutes with an app's token.
_CALLS = {"search": 450, "counts": 300, "posts": 3_500, "users": 300, "usage": 50}


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        bearer_token: The app's, from X's developer console; or a list of several apps' tokens,
            which share the load: each account pays for what is read with its token.
        base: The API's address, without a path.
        include_reposts: Whether reposts are counted and read too.
        language: Posts in this language only, as X names it; counts are of all languages.
        counts: Whether a hashtag's hourly counts are asked for.
        posts: Whether a hashtag's posts are read.
        page_size: Posts a page.
        max_pages: Pages that one poll reads; what lies beyond is never read and shows as a gap.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
        usd_per_post: Price of reading a post once a UTC day.
        usd_per_user: Price of reading an account once a UTC day.
        usd_per_count: Price of one call for counts.
        usd_per_day: Most US dollars that are spent in a UTC day, by these prices and with all
            tokens; once they are reached, reading stops until the next. The page that reaches them
            may go beyond. None: no bound of ours.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    bearer_token: Secrets
    base: str = "https://api.x.com"
    include_reposts: bool = False
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")] | None = None
    counts: bool = True
    posts: bool = True
    page_size: Annotated[int, Field(ge=10, le=100)] = 100
    max_pages: Annotated[int, Field(ge=1, le=1_000)] = 10
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    usd_per_post: Usd = 0.005
    usd_per_user: Usd = 0.010
    usd_per_count: Usd = 0.005
    usd_per_day: Annotated[float, Field(ge=0, le=1_000_000)] | None = None

    @field_validator("base")
    @classmethod
    def _a_server(cls, base: str) -> str:
        base = base.strip().rstrip("/")
        host = host_of(base)
        if host is None or base.split("://", 1)[1].lower() != host:
            raise ValueError("must be a server's address, such as https://api.x.com")
        return f"{urlsplit(base).scheme}://{host}"


def about(options: Options | None) -> About:
    """What X is about; None: as shipped, without a token."""
    told = options or Options.model_validate({"bearer_token": "none"})
    capabilities: dict[Capability, str] = {
        "posts": "of the last 7 days, each is paid",
        "counts": "by the hour, of the last 7 days",
        "profiles": "100 a call, each is paid",
        "comments": "the whole conversation, of the last 7 days",
        "history": "the last 7 days",
        "refresh": "100 posts a call, each is paid",
    }
    poll_calls = {"search": 1.0, "counts": 1.0}
    if not told.posts:
        del capabilities["posts"], capabilities["history"], poll_calls["search"]
    if not told.counts:
        del capabilities["counts"], poll_calls["counts"]
    what = "an app's bearer token, or a list of several; reading costs credits"
    return About(
        label="X",
        capabilities=capabilities,
        keys=(Key("bearer_token", what, "https://console.x.com"),),
        limits=tuple(
            Limit(name, calls, _QUARTER_S, _LIMITS_PAGE) for name, calls in _CALLS.items()
        ),
        poll_calls=poll_calls,
        page_posts=told.page_size,
        page_bucket="search",
        price=Price(told.usd_per_post, told.usd_per_user, {"counts": told.usd_per_count}),
        history=HISTORY,
        credentials=len(options.bearer_token) if options else 1,
    )
