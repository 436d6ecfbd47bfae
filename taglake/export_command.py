"""``taglake campaign export``: every post of a campaign as a file or on standard output."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from api.answers import export_rows
from api.answers.scope import scoped
from api.export import csv_lines, json_chunks
from lake.errors import StorageError
from lake.store import Store
from taglake.asking import SCOPE
from taglake.context import Context, pass_context
from taglake.progress import Advance, progress

Row = dict[str, Any]


@click.command(
    epilog="""\b
Examples:
  taglake campaign export spring --format csv > posts.csv
  taglake campaign export spring --format json --output posts.json
  taglake campaign export spring --from 2026-03-01 --to 2026-03-08 --platform mastodon
""",
    params=list(SCOPE),
)
@click.argument("campaign_id", metavar="ID")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file; without it standard output. It appears when it is whole.",
)
@pass_context
def export(
    context: Context, /, campaign_id: str, form: str, output: Path | None, **scope: Any
) -> None:
    """Export every post of a campaign; memory stays small however many there are."""

    async def work(store: Store) -> int:
        campaign = scoped(await store.campaigns.get(campaign_id), **scope)
        counted = _Counted()
        with _destination(output) as file, progress("exporting", None, unit="posts") as advance:
            async with (
                aclosing(export_rows(store, campaign)) as posts,
                aclosing(counted.through(posts, advance)) as rows,
                aclosing(_encoded(rows, form)) as parts,
            ):
                async for part in parts:
                    file.write(part)
        return counted.rows

    rows = context.in_lake("api", work)
    if output is not None:
        context.say(f"{rows:,} posts in {output}")


async def _encoded(rows: AsyncIterator[Row], form: str) -> AsyncGenerator[bytes, None]:
    if form == "csv":
        async with aclosing(csv_lines(rows)) as lines:
            async for line in lines:
                yield line.encode()
    else:
        async with aclosing(json_chunks(rows)) as chunks:
            async for chunk in chunks:
                yield chunk


class _Counted:
    def __init__(self) -> None:
        self.rows = 0

    async def through(
        self, rows: AsyncIterator[Row], advance: Advance
    ) -> AsyncGenerator[Row, None]:
        async for row in rows:
            self.rows += 1
            if self.rows % 500 == 0:
                advance(self.rows)
            yield row


@contextmanager
def _destination(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that gets its name only once it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    output = output.resolve()  # a link stays a link: what it leads to is written
    if output.exists() and not output.is_file():  # a pipe or a device is written as it is
        with output.open("wb") as file:
            yield file
        return
    part = output.with_name(f".{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    except OSError as exc:
        raise StorageError(f"--output {output}: cannot be written ({exc.strerror})") from exc
    finally:
        part.unlink(missing_ok=True)
