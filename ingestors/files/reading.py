"""How one file is to be read: what the operator says, completed from the file itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from ingestors.files.beside import file_beside
from ingestors.files.columns import FROM_ID, ColumnMap
from ingestors.files.detection import TABLE, detect, format_named
from ingestors.files.format import Format
from ingestors.files.rows import header
from ingestors.files.source import Source, digest_of
from ingestors.formats import table
from ingestors.platform import Target
from lake.config import Section
from lake.errors import ConfigError, InvalidError
from lake.text import digest
from lake.times import as_utc, from_epoch_s


class Options(Section):
    """How one file is read.

    Args:
        path: The file, plain, gzip or xz.
        format: Its format; told from its first entries by default.
        columns: Of a table, which column is which field.
        platform: The posts' platform, where the format does not tell or tells it wrongly.
        hashtags: Hashtags that every post is given besides its own.
        observed_at: When the numbers were as the file says; the file's own time by default.
        page_payloads: Payloads in one page.
    """

    path: Path
    format: str | None = None
    columns: ColumnMap | None = None
    platform: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    hashtags: tuple[str, ...] = ()
    observed_at: datetime | None = None
    page_payloads: Annotated[int, Field(ge=1, le=10_000)] = 500

    @field_validator("observed_at")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        return None if moment is None else as_utc(moment)


def target_of(options: Options) -> Target:
    """The file as a target: its name, and 16 hex digits over its bytes and how it is read.

    Reads the whole file; another format, column map or hashtag makes another target, and so does
    another file beside it.

    Raises:
        InvalidError: The file cannot be read or is no archive.
        ConfigError: The format is unknown, or the column map does not fit the table.
    """
    options = resolved(options)
    other = file_beside(reading_of(options), options.path)
    with Source(options.path) as source:
        check_columns(source, options)
    how = options.model_dump_json(exclude={"path", "page_payloads", "observed_at"})
    held = [digest_of(path) for path in (options.path, other) if path]
    value = f"{options.path.name}@{digest(*held, how)[:16]}"
    return Target("archive", "file", value)


def resolved(options: Options) -> Options:
    """The options with nothing left to be found out: the format and the time.

    Raises:
        InvalidError: The file cannot be read or is no archive.
    """
    name = options.format or (TABLE if options.columns else detect(options.path))
    observed_at = options.observed_at
    if observed_at is None:
        try:
            observed_at = from_epoch_s(options.path.stat().st_mtime)
        except OSError as exc:
            raise InvalidError(f"{options.path}: cannot be read ({exc.strerror})") from exc
    return options.model_copy(update={"format": name, "observed_at": observed_at})


def reading_of(options: Options) -> Format:
    """The format that the options name, a table's with its column map.

    Raises:
        ConfigError: There is no such format, or the table has no column map or no platform.
    """
    if options.format != TABLE:
        return format_named(options.format or "")
    columns = options.columns
    if columns is None or not columns.columns:
        raise ConfigError(_no_map(options))
    platform = options.platform or columns.platform
    if platform is None:
        raise ConfigError(f"{options.path}: a table does not tell its platform; say --platform")
    return table.bound(columns.model_copy(update={"platform": platform}))


def check_columns(source: Source, options: Options) -> None:
    """Whether a table has every column that the map names.

    Raises:
        ConfigError: It lacks one; the message lists those that there are.
    """
    columns = options.columns
    if options.format != TABLE or columns is None:
        return
    there = header(source, columns)
    lacking = [
        f"{field}={column}"
        for field, column in columns.columns.items()
        if column not in there and not (field == "created_at" and column == FROM_ID)
    ]
    if lacking:
        raise ConfigError(
            f"{options.path}: has no such column: {', '.join(lacking)}; columns: {_listed(there)}"
        )


def _no_map(options: Options) -> str:
    with Source(options.path) as source:
        there = header(source, ColumnMap())
    return (
        f"{options.path}: a table; say which column is which field, as --column text=NAME; "
        f"columns: {_listed(there)}"
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:40])
    return f"{shown} (if these are no names: --no-header, and columns are 1, 2, …)"
