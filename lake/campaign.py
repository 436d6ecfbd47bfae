"""A campaign: what people register, and nothing that could be computed.

Which posts belong to it is a query (``analysis.membership``), so changing a campaign changes its
whole past too. What the criteria mean is told in docs/campaigns.md.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from lake import times
from lake.boolean_query import query_accounts, query_platforms, query_tags
from lake.campaign_fields import (
    MAX_HASHTAGS,
    Accounts,
    Budget,
    Hashtags,
    Keywords,
    Languages,
    Name,
    Query,
    Words,
)
from lake.criteria import Account, size_of
from lake.errors import InvalidError, PayloadError

MAX_COMPETITORS = 20
# All words together: each may be a clause of the query, of which Elasticsearch takes 1,024 or more.
MOST_CHARACTERS = 2_000
PlatformName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
__all__ = [
    "MAX_COMPETITORS",
    "MAX_HASHTAGS",
    "Campaign",
    "CampaignSpec",
    "Competitor",
    "PlatformName",
    "checked_spec",
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _utc(value: object) -> datetime:
    if isinstance(value, datetime):
        return times.as_utc(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, str):
        try:
            return times.from_text(value)
        except PayloadError as exc:
            raise ValueError(
                f"{value[:40]!r} is no time; write 2026-03-01 or 2026-03-01T12:00:00Z"
            ) from exc
    raise ValueError("must be a day or a time, such as 2026-03-01")


class Competitor(_Strict):
    """A brand that the campaign is compared with: its hashtags and words, in normal form."""

    name: Name
    hashtags: Annotated[Hashtags, Field(examples=[["rivaltag"]])] = ()
    keywords: Keywords = ()

    @model_validator(mode="after")
    def _asks(self) -> Competitor:
        if not self.hashtags and not self.keywords:
            raise ValueError("must name at least one hashtag or keyword")
        return self


class CampaignSpec(_Strict):
    """What a person says when registering a campaign.

    ``from``, ``to`` and ``baseline`` are times or days in UTC; ``to`` is exclusive. Posts from
    ``baseline`` to ``from`` are collected to compare with, where a platform offers its past.
    Hashtags are accepted with or without ``#`` and in any case, and kept in normal form.

    A post belongs that carries one of ``hashtags``, has one of ``keywords`` in its text or is by
    one of ``profiles``; if it has all of ``all_of``, and nothing of ``exclude``; or for which
    ``query`` holds, which stands in place of all these. ``languages``, ``platforms`` and
    ``authors_exclude`` narrow that, for competitors too. ``budget`` is what a return on investment
    is reckoned with.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Tidy Tuesday 2018",
                    "hashtags": ["tidytuesday"],
                    "competitors": [{"name": "Makeover Monday", "hashtags": ["makeovermonday"]}],
                    "from": "2018-04-01",
                    "to": "2019-01-01",
                }
            ]
        }
    )

    name: Name
    hashtags: Hashtags = ()
    keywords: Keywords = ()
    profiles: Accounts = ()
    all_of: Words = ()
    exclude: Words = ()
    query: Query = None
    languages: Languages = ()
    authors_exclude: Accounts = ()
    competitors: Annotated[tuple[Competitor, ...], Field(max_length=MAX_COMPETITORS)] = ()
    platforms: Annotated[tuple[PlatformName, ...], Field(max_length=20)] = ()
    start: Annotated[
        datetime,
        Field(validation_alias=AliasChoices("from", "start"), serialization_alias="from"),
    ]
    end: Annotated[
        datetime, Field(validation_alias=AliasChoices("to", "end"), serialization_alias="to")
    ]
    baseline: datetime | None = None
    budget: Budget | None = None

    @field_validator("start", "end", mode="before")
    @classmethod
    def _moment(cls, value: object) -> datetime:
        return _utc(value)

    @field_validator("baseline", mode="before")
    @classmethod
    def _utc_or_none(cls, value: object) -> object:
        return None if value is None else _utc(value)

    @model_validator(mode="after")
    def _in_order(self) -> CampaignSpec:
        if self.baseline is not None and self.baseline >= self.start:
            raise ValueError(
                f"the baseline ({times.to_text(self.baseline)}) must be before the start "
                f"({times.to_text(self.start)}): the campaign is compared with what lies between"
            )
        if self.start >= self.end:
            raise ValueError(
                f"the start ({times.to_text(self.start)}) must be before the end "
                f"({times.to_text(self.end)}); the end is exclusive"
            )
        names = [competitor.name.casefold() for competitor in self.competitors]
        if len({*names, self.name.casefold()}) <= len(names):
            raise ValueError("the campaign and its competitors must have different names")
        return self

    @model_validator(mode="after")
    def _asks(self) -> CampaignSpec:
        lists = (self.hashtags, self.keywords, self.profiles, self.all_of, self.exclude)
        if self.query is not None and any(lists):
            raise PydanticCustomError(
                "query",
                "stands in place of hashtags, keywords, profiles, all_of and exclude; write them "
                "into the query, or leave the query out",
            )
        if self.query is None and not any(lists[:3]):
            raise PydanticCustomError(
                "hashtags", "must name at least one hashtag; or a keyword, a profile or a query"
            )
        rivals = [word for rival in self.competitors for word in rival.keywords]
        words = (*self.keywords, *self.all_of, *self.exclude, self.query or "", *rivals)
        if size_of(words) > MOST_CHARACTERS:
            raise PydanticCustomError(
                "keywords",
                f"all words together, competitors' too, may have {MOST_CHARACTERS:,} characters",
            )
        return self

    def tags(self) -> tuple[str, ...]:
        """The hashtags that are collected for the campaign itself."""
        if self.query is not None:
            return query_tags(self.query)
        # Who looks for words among the posts of a tag wants these collected.
        needed = [word.removeprefix("#") for word in self.all_of if word.startswith("#")]
        return tuple(dict.fromkeys([*self.hashtags, *(needed if self.keywords else ())]))

    def accounts(self) -> tuple[Account, ...]:
        """The accounts whose posts belong to the campaign, as far as their platform is known."""
        return self.profiles if self.query is None else query_accounts(self.query)

    def named_platforms(self) -> tuple[str, ...]:
        """Every platform that is named anywhere, each once."""
        accounts = [one.platform for one in (*self.profiles, *self.authors_exclude)]
        asked = query_platforms(self.query) if self.query is not None else ()
        return tuple(dict.fromkeys([*self.platforms, *accounts, *asked]))

    def panel(self) -> dict[str, tuple[str, ...]]:
        """The hashtags that are collected for each brand: the campaign itself, then the others."""
        return {self.name: self.tags()} | {rival.name: rival.hashtags for rival in self.competitors}


class Campaign(CampaignSpec):
    """A registered campaign."""

    id: str
    created_at: datetime
    updated_at: datetime
    revision: int

    def spec(self) -> dict[str, Any]:
        """The part that a person may change, as ``CampaignSpec`` takes it."""
        own = {"id", "created_at", "updated_at", "revision"}
        return self.model_dump(exclude=own)


# Rules on several fields: which of them a finding is shown at.
_FIELDS = frozenset({"query", "hashtags", "keywords"})


def checked_spec(values: object) -> CampaignSpec:
    """``values`` as a campaign's specification.

    Raises:
        InvalidError: Values break rules; one entry a finding.
    """
    try:
        return CampaignSpec.model_validate(values)
    except ValidationError as exc:
        errors = tuple(
            {
                "field": ".".join(map(str, error["loc"])) or _field(error["type"]),
                "message": str(error["msg"]).removeprefix("Value error, "),
            }
            for error in exc.errors(include_input=False, include_url=False)
        )
        text = "; ".join(f"{error['field']}: {error['message']}" for error in errors)
        raise InvalidError(text, errors=errors) from exc


def _field(kind: str) -> str:
    return kind if kind in _FIELDS else "campaign"
