"""Archive files behind the platform seam: a file's posts come in like a platform's.

The cursor is ``offset:line:taken``: where the current entry starts in the unpacked file, its line,
and how many of its payloads were given already (an entry may be a page of a hundred posts).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ingestors.files.beside import split_of
from ingestors.files.columns import ColumnMap
from ingestors.files.documents import documents, looks_like_json
from ingestors.files.entries import Entry
from ingestors.files.reading import Options, check_columns, reading_of, resolved, target_of
from ingestors.files.rows import rows
from ingestors.files.source import Source
from ingestors.platform import Page, Payload, Target, Unreadable
from lake.errors import InvalidError, PayloadError
from lake.quota import LimitBook
from lake.records import Post, Record
from lake.text import normal_hashtags

__all__ = ["Archive", "Options", "connect", "mapper", "normalise", "target_of"]

_CURSOR = re.compile(r"(\d{1,18}):(\d{1,18}):(\d{1,18})")
Part = tuple[Payload | Unreadable, str]


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[Archive]:
    """The file as a platform; it is opened by ``pages``, so that replaying does not need it.

    Raises:
        InvalidError: The file cannot be read or is no archive.
        ConfigError: The format is unknown, or a table comes without a column map or platform.
    """
    yield Archive(await asyncio.to_thread(resolved, options))


def mapper(options: Options) -> Callable[[Payload, datetime], Sequence[Record]]:
    """What normalises payloads that were imported with these options; the file is not needed."""
    return Archive(options).normalise


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """Refuses: what an imported payload means only the options of its import tell.

    Raises:
        PayloadError: Always.
    """
    del observed_at
    raise PayloadError(f"{payload.kind}: imported without its options; import the file again")


class Archive:
    """A file of posts; see ``Platform``.

    ``bytes_total`` and ``bytes_read`` say how far into the file a walk is, in bytes on disk.
    """

    name = "archive"

    def __init__(self, options: Options) -> None:
        self._options = options
        self.limits = LimitBook()
        self._format = reading_of(options)
        self._split = self._format.split
        self._hashtags = [*options.hashtags, *(options.columns.hashtags if options.columns else ())]
        bare = options.model_copy(update={"path": Path(options.path.name)})
        self.context: str | None = json.dumps(bare.model_dump(mode="json"), sort_keys=True)
        self._source: Source | None = None

    @property
    def bytes_total(self) -> int:
        """The file's size on disk; 0 before the first page."""
        return self._source.bytes_total if self._source else 0

    @property
    def bytes_read(self) -> int:
        """How much of the file on disk was read."""
        return min(self._source.bytes_read, self.bytes_total) if self._source else 0

    async def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """The file's pages after ``cursor``, which is the position behind a page.

        Raises:
            InvalidError: The target is no file, the cursor is none of ours, or the file cannot be
                read.
            ConfigError: The column map names columns that the table lacks.
        """
        if target.kind != "file":
            raise InvalidError(f"an archive is a file, no {target.kind}")
        offset, line, taken = _position(cursor)
        self._source = await asyncio.to_thread(Source, self._options.path)
        try:
            await asyncio.to_thread(check_columns, self._source, self._options)
            self._split = await asyncio.to_thread(split_of, self._format, self._options.path)
            parts = self._parts(self._source, offset, line, taken)
            while page := await asyncio.to_thread(self._page, parts):
                yield page
        finally:
            self._source.close()

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """The payload's records as its format reads them, with the options' hashtags and platform.

        A post is never observed before it was posted.

        Raises:
            PayloadError: The payload lacks something that no record can do without.
        """
        records = self._format.normalise(payload, observed_at)
        return tuple(self._completed(record) for record in records)

    def related(self, payload: Payload) -> Sequence[Target]:
        """No targets: nothing is asked of a platform."""
        del payload
        return ()

    async def check(self) -> str:
        """See ``Platform.check``."""
        raise InvalidError("an archive is a file; there is nothing to sign in to")

    def _completed(self, record: Record) -> Record:
        if self._options.platform and record.platform != self._options.platform:
            record = replace(record, platform=self._options.platform)
        if not isinstance(record, Post):
            return record
        if self._hashtags:
            hashtags = normal_hashtags([*record.hashtags, *self._hashtags])
            record = replace(record, hashtags=hashtags)
        if record.observed_at < record.created_at:
            record = replace(record, observed_at=record.created_at)
        return record

    def _page(self, parts: Iterator[Part]) -> Page | None:
        payloads: list[Payload] = []
        unreadable: list[Unreadable] = []
        cursor: str | None = None
        for part, behind in parts:
            cursor = behind
            if isinstance(part, Payload):
                payloads.append(part)
            else:
                unreadable.append(part)
            if len(payloads) + len(unreadable) >= self._options.page_payloads:
                break
        observed_at = self._options.observed_at
        if cursor is None or observed_at is None:
            return None
        return Page(tuple(payloads), observed_at, cursor, unreadable=tuple(unreadable))

    def _parts(self, source: Source, offset: int, line: int, taken: int) -> Iterator[Part]:
        """Each payload with the cursor behind it."""
        for entry in self._entries(source, offset, line):
            parts = list(self._of_entry(entry))
            for number, part in enumerate(parts[taken:], start=taken + 1):
                here = f"{entry.offset}:{entry.line}:{number}"
                yield part, here if number < len(parts) else f"{entry.end}:{entry.end_line}:0"
            taken = 0

    def _entries(self, source: Source, offset: int, line: int) -> Iterator[Entry]:
        name = self._options.path.name
        if self._format.shape == "json" or (
            self._format.shape == "either" and looks_like_json(source)
        ):
            return documents(source, name, offset, line)
        return rows(source, name, self._options.columns or ColumnMap(), offset, line)

    def _of_entry(self, entry: Entry) -> Iterator[Payload | Unreadable]:
        place = f"{self._options.path.name}:{entry.line}"
        for one in entry.found:
            if isinstance(one, Unreadable):
                yield one
            else:
                yield from self._split(one, place)


def _position(cursor: str | None) -> tuple[int, int, int]:
    if cursor is None:
        return 0, 1, 0
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidError(f"{cursor[:40]!r} is no position in a file")
    return int(found[1]), int(found[2]), int(found[3])
