"""The types of a campaign's fields: each takes what people write and keeps it in normal form."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from lake.boolean_query import LONGEST_QUERY, parsed
from lake.criteria import Account, account, each, hashtag, keyword, keyword_or_tag, language
from lake.text import clean

MAX_HASHTAGS = 50
MAX_KEYWORDS = 50
MAX_ACCOUNTS = 50
MAX_LANGUAGES = 20


def _tags(values: object) -> tuple[str, ...]:
    return each(values, hashtag, 'hashtags, such as ["tidytuesday"]')


def _keywords(values: object) -> tuple[str, ...]:
    return each(values, keyword, 'words or phrases, such as ["espresso", "cold brew"]')


def _words(values: object) -> tuple[str, ...]:
    return each(values, keyword_or_tag, 'words, phrases or hashtags, such as ["decaf", "#ad"]')


def _accounts(values: object) -> tuple[Account, ...]:
    return each(values, account, 'accounts, such as ["x:nasa"]')


def _languages(values: object) -> tuple[str, ...]:
    return each(values, language, 'languages of two letters, such as ["en"]')


def _name(name: str) -> str:
    name = clean(name).strip()
    if not name:
        raise ValueError("must not be blank")
    return name


def _unless_blank(value: object) -> object:
    return value.strip() or None if isinstance(value, str) else value


def _parsed(value: str) -> str:
    value = clean(value)
    parsed(value)
    return value


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name)]
Hashtags = Annotated[tuple[str, ...], Field(max_length=MAX_HASHTAGS), BeforeValidator(_tags)]
Keywords = Annotated[tuple[str, ...], Field(max_length=MAX_KEYWORDS), BeforeValidator(_keywords)]
Words = Annotated[tuple[str, ...], Field(max_length=MAX_KEYWORDS), BeforeValidator(_words)]
Languages = Annotated[tuple[str, ...], Field(max_length=MAX_LANGUAGES), BeforeValidator(_languages)]
Accounts = Annotated[
    tuple[Account, ...],
    Field(max_length=MAX_ACCOUNTS),
    BeforeValidator(_accounts),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}:@?[^\\s]+$"},
            "maxItems": MAX_ACCOUNTS,
            "examples": [["x:nasa"]],
        }
    ),
]
Query = Annotated[
    Annotated[str, Field(max_length=LONGEST_QUERY), AfterValidator(_parsed)] | None,
    BeforeValidator(_unless_blank),
]
Money = Annotated[float, Field(strict=True, ge=0, le=1e15, allow_inf_nan=False)]


class Budget(BaseModel):
    """What a campaign cost and what its conversions brought in, both in one currency.

    What is left out is unknown; conversions that brought nothing are 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cost: Money | None = None
    conversions: Money | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]

    @model_validator(mode="after")
    def _says_something(self) -> Budget:
        if self.cost is None and self.conversions is None:
            raise ValueError("must name a cost, conversions or both")
        return self
