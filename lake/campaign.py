"""A campaign: what people register, and nothing that could be computed.

Which posts belong to it is a query, so changing a campaign changes its whole past too.
"""

from __future__ import annotations

from collections.abc import Sequence
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

from lake import times
from lake.errors import InvalidError, PayloadError
from lake.text import clean, normal_hashtag, normal_hashtags

MAX_HASHTAGS = 50
MAX_COMPETITORS = 20
PlatformName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _tags(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError('must be a list of hashtags, such as ["tidytuesday"]')
    if not value:
        raise ValueError("must name at least one hashtag")
    tags = [tag for tag in value if isinstance(tag, str)]
    if len(tags) < len(value):
        raise ValueError("each hashtag must be text")
    for tag in tags:
        normal = normal_hashtag(tag)
        if not normal or "\ufffd" in normal:
            raise ValueError(f"{tag!r} is no hashtag")
        if any(char.isspace() or char == "#" for char in normal) or len(normal) > 200:
            raise ValueError(f"{tag[:60]!r} is no single hashtag of at most 200 characters")
    return normal_hashtags(tags)


def _name(name: str) -> str:
    name = clean(name).strip()
    if not name:
        raise ValueError("must not be blank")
    return name


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
    """A brand that the campaign is compared with, and its hashtags in normal form."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    hashtags: Annotated[
        tuple[str, ...],
        Field(min_length=1, max_length=MAX_HASHTAGS, examples=[["rivaltag"]]),
    ]

    _normal = field_validator("hashtags", mode="before")(_tags)
    _safe = field_validator("name")(_name)


class CampaignSpec(_Strict):
    """What a person says when registering a campaign.

    ``from``, ``to`` and ``baseline`` are times or days in UTC; ``to`` is exclusive. Posts from
    ``baseline`` to ``from`` are collected to compare with, where a platform offers its past.
    Hashtags are accepted with or without ``#`` and in any case, and kept in normal form.
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

    name: Annotated[str, Field(min_length=1, max_length=200)]
    hashtags: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_HASHTAGS)]
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

    _normal = field_validator("hashtags", mode="before")(_tags)

    _safe = field_validator("name")(_name)

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

    def panel(self) -> dict[str, tuple[str, ...]]:
        """The hashtags of each brand: the campaign itself first, then its competitors in order."""
        return {self.name: self.hashtags} | {
            rival.name: rival.hashtags for rival in self.competitors
        }


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
                "field": ".".join(map(str, error["loc"])) or "campaign",
                "message": str(error["msg"]).removeprefix("Value error, "),
            }
            for error in exc.errors(include_input=False, include_url=False)
        )
        text = "; ".join(f"{error['field']}: {error['message']}" for error in errors)
        raise InvalidError(text, errors=errors) from exc
