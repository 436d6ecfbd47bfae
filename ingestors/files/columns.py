"""Which column of a table is which field of a post, from the command line or a YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from lake.config import Section, checked, read_mapping
from lake.errors import ConfigError

FIELDS = (
    "id",
    "url",
    "title",
    "text",
    "created_at",
    "author_id",
    "author_handle",
    "author_name",
    "followers",
    "verified",
    "likes",
    "comments",
    "shares",
    "quotes",
    "saves",
    "views",
    "score",
    "hashtags",
    "language",
    "kind",
    "reply_to",
)
FROM_ID = "from-id"


class ColumnMap(Section):
    """How a table is read.

    Args:
        platform: The posts' platform.
        columns: The column's name by the field's; a column may serve several fields. Of a table
            without a header the columns are called 1, 2, 3, …; ``created_at: from-id`` takes the
            time from X's id.
        hashtags: Hashtags that every post is given besides its own.
        header: Whether the first row names the columns.
        delimiter: What parts the cells; told from the header by default.
    """

    platform: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    columns: Mapping[str, str] = {}
    hashtags: tuple[str, ...] = ()
    header: bool = True
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _known_fields(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        unknown = [str(name) for name in value if name not in FIELDS]
        if unknown:
            raise ValueError(f"unknown field {', '.join(unknown)}; fields: {', '.join(FIELDS)}")
        return {name: str(column) for name, column in value.items()}


def column_map(
    pairs: Sequence[str], path: Path | None = None, settings: Mapping[str, object] | None = None
) -> ColumnMap:
    """The column map of a YAML file, with what the command line says instead or besides.

    Args:
        pairs: ``field=column`` each; they win over the file's.
        path: A YAML file with the keys of ``ColumnMap``.
        settings: Other keys of ``ColumnMap`` that win over the file's; None values are left out.

    Raises:
        ConfigError: The file cannot be read, or holds something else; a pair is none; a field or
            key is unknown.
    """
    given = read_mapping(path) if path else {}
    columns = given.get("columns") or {}
    if pairs:
        if not isinstance(columns, Mapping):
            raise ConfigError(f"{path}: columns: must be a mapping of field: column")
        given["columns"] = {**columns, **dict(map(_pair, pairs))}
    given |= {key: value for key, value in (settings or {}).items() if value is not None}
    return checked(ColumnMap, given, str(path) if path else "--column")


def _pair(text: str) -> tuple[str, str]:
    field, equals, column = text.partition("=")
    if not equals or not column:
        raise ConfigError(f"--column {text}: write it as field=column, such as likes=like_count")
    return field.strip(), column
