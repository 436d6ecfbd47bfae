"""YouTube's section of config.yaml, and what YouTube is about with it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ingestors.about import About, Key, Limit
from ingestors.credentials import Secrets
from ingestors.fields import host_of

_QUOTA_PAGE = "https://developers.google.com/youtube/v3/determine_quota_cost"
_KEY_PAGE = "https://console.cloud.google.com/apis/credentials"
_DAY_S = 86_400.0
_PAGE = 50


class Options(BaseModel):
    """The platform's section of config.yaml.

    Args:
        key: An API key, from https://console.cloud.google.com/apis/credentials; or a list of keys
            of several projects, each with quotas of its own.
        base: The API's address.
        search_calls_per_day: A project's quota of searches.
        units_per_day: A project's quota of all other calls.
        max_search_pages_per_poll: Searches of 50 videos that a poll of a hashtag may make; what
            lies beyond is left to the next polls. A window is searched to its end.
        max_comment_pages_per_poll: Pages of 100 comments that a poll of a video may take.
        region: Search as people in this country do (ISO 3166-1, two letters).
        language: Prefer videos in this language (ISO 639-1).
        lookback_s: How far before the newest video later polls begin.
        timeout_s: Longest time for one call.
        attempts: Calls in all before a poll is cut short; each costs.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: Secrets
    base: str = "https://youtube.googleapis.com/youtube/v3"
    search_calls_per_day: Annotated[int, Field(ge=0)] = 100
    units_per_day: Annotated[int, Field(ge=0)] = 10_000
    max_search_pages_per_poll: Annotated[int, Field(ge=1, le=100)] = 1
    max_comment_pages_per_poll: Annotated[int, Field(ge=1, le=1_000)] = 10
    region: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2}(-[A-Za-z]{2,4})?$")] | None = None
    lookback_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 21_600
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    backoff_s: Annotated[float, Field(gt=0, le=60)] = 0.5

    @field_validator("base")
    @classmethod
    def _an_address(cls, base: str) -> str:
        base = base.strip().rstrip("/")
        if host_of(base) is None or urlsplit(base).query or "@" in base:
            raise ValueError(
                "must be an address, such as https://youtube.googleapis.com/youtube/v3"
            )
        return base


def about(options: Options | None) -> About:
    """What YouTube is about; None: as shipped, without a key."""
    told = options or Options.model_validate({"key": "none"})
    return About(
        label="YouTube",
        capabilities={
            "posts": "50 videos a search",
            "profiles": "channels, by handle or id",
            "comments": "first comments of threads",
            "history": "as far back as the search goes, some 500 videos a query",
            "refresh": "50 videos a call",
        },
        keys=(Key("key", "an API key, or a list of several projects' keys", _KEY_PAGE),),
        limits=(
            Limit("search", told.search_calls_per_day, _DAY_S, _QUOTA_PAGE),
            Limit("units", told.units_per_day, _DAY_S, _QUOTA_PAGE),
        ),
        poll_calls={"search": 1.0, "units": 2.0},
        page_posts=_PAGE,
        page_bucket="search",
        credentials=len(options.key) if options else 1,
    )
