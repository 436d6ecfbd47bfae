"""``taglake import``: archive files into the lake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ingestors.files.columns import column_map
from ingestors.files.detection import format_names
from ingestors.files.reading import resolved
from ingestors.platform import Target
from ingestors.platforms import archive
from ingestors.poll import poll
from ingestors.run import Run
from lake import times
from lake.config import checked
from lake.documents import Origin, post_document
from lake.errors import InvalidError, PayloadError
from lake.layout import Layout
from lake.records import Json, Post
from lake.store import Store
from taglake.context import Context, pass_context
from taglake.progress import progress

Imported = tuple[Path, Run]


@click.command(
    epilog="""\b
Examples:
  taglake import tweets.jsonl pages.jsonl.gz zeeschuimer.ndjson
  taglake import twitter-archive/data/tweets.js
  taglake import --dry-run tweets.jsonl
  taglake import ads.csv --platform youtube --column created_at=published_at \\
      --column id=id --column text=title --column likes=like_count
  taglake import tweets.csv --columns map.yaml --hashtag spring
\b
map.yaml:
  platform: x
  columns: {created_at: datetime, text: content, url: url, likes: like_count}
\b
An import that is interrupted goes on where it was when the same command is run
again; a file that is imported twice changes nothing. Lines that cannot be used
are kept: taglake deadletter list
"""
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", help=f"{', '.join(format_names())}; told from the file.")
@click.option("--platform", help="Whose posts a table holds, such as x or youtube.")
@click.option(
    "--column",
    "pairs",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column of a table holds a field; may be repeated.",
)
@click.option(
    "--columns",
    "columns_file",
    type=click.Path(path_type=Path),
    help="A YAML file with the same, for tables that come again.",
)
@click.option("--delimiter", help="What parts a table's cells; told from the file.")
@click.option("--no-header", is_flag=True, help="A table's columns are called 1, 2, 3, …")
@click.option("--hashtag", "hashtags", multiple=True, help="A hashtag that every post is given.")
@click.option(
    "--observed-at",
    metavar="TIME",
    help="When the numbers were read; else the file's modification time.",
)
@click.option("--dry-run", is_flag=True, help="Print the first posts as they would be kept.")
@click.option("-n", "count", default=5, type=click.IntRange(1, 1000), help="How many; 5.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@pass_context
def command(
    context: Context,
    /,
    files: Sequence[Path],
    pairs: Sequence[str],
    columns_file: Path | None,
    count: int,
    *,
    dry_run: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    """Import archive files: of X, Instagram, TikTok, Bluesky; of research tools; exports; tables.

    docs/import.md has each format, which tool writes it, and what is lost.
    """
    section = _section(pairs, columns_file, reading)
    # Every file is looked at before the first is imported: a mistake is told at once.
    options = [_options(path, section) for path in files]
    targets = [archive.target_of(each) for each in options]
    if dry_run:
        for each in options:
            asyncio.run(_show(context, each, count))
        return

    async def work(store: Store) -> list[Imported]:
        done = [
            (each.path, await _import(store, each, target))
            for each, target in zip(options, targets, strict=True)
        ]
        await store.refresh()
        return done

    done = context.in_lake("ingest", work)
    if as_json:
        context.answer({"files": [_plain(path, run) for path, run in done]})
        return
    for path, run in done:
        click.echo(f"{path}: {_sentence(run)}")


def _section(pairs: Sequence[str], columns_file: Path | None, reading: Json) -> Json:
    section: Json = {"format": reading["form"], "platform": reading["platform"]}
    section["hashtags"] = tuple(reading["hashtags"])
    if reading["observed_at"] is not None:
        section["observed_at"] = _time(reading["observed_at"])
    settings = {
        "delimiter": reading["delimiter"],
        "header": False if reading["no_header"] else None,
        "platform": reading["platform"],
    }
    if pairs or columns_file or reading["no_header"] or reading["delimiter"]:
        section["columns"] = column_map(pairs, columns_file, settings)
    return section


def _time(text: str) -> datetime:
    try:
        return times.from_text(text)
    except PayloadError as exc:
        raise InvalidError(f"--observed-at: {exc}; write 2026-03-01T12:00:00Z") from exc


def _options(path: Path, section: Json) -> archive.Options:
    if path.is_dir():
        raise InvalidError(f"{path}: is a folder; name the files in it")
    return resolved(checked(archive.Options, {"path": path} | section, str(path)))


async def _import(store: Store, options: archive.Options, target: Target) -> Run:
    run = Run(target, options.observed_at or times.now(), id=f"import-{target.value[-16:]}")
    async with archive.connect(options) as platform:
        with progress(options.path.name, options.path.stat().st_size) as advance:
            return await poll(
                platform,
                target,
                store,
                run=run,
                on_page=lambda _run: advance(platform.bytes_read),
            )


async def _show(context: Context, options: archive.Options, count: int) -> None:
    """Prints the first posts of a file as documents; nothing is written and no node is needed."""
    layout = Layout(context.config.elasticsearch.index_prefix)
    async with aclosing(_posts(context, options)) as posts:
        async for post in posts:
            context.answer(post_document(layout, post, Origin("dry-run", "dry-run")).source)
            count -= 1
            if count == 0:
                return


async def _posts(context: Context, options: archive.Options) -> AsyncGenerator[Post, None]:
    """The posts of a file, in order; what cannot be used is told."""
    async with archive.connect(options) as platform:
        async for page in platform.pages(archive.target_of(options), None):
            for part in page.unreadable:
                context.say(f"{part.place}: {part.reason}")
            for payload in page.payloads:
                try:
                    records = platform.normalise(payload, page.observed_at)
                except PayloadError as exc:
                    context.say(f"{payload.place}: {exc}")
                    continue
                for record in records:
                    if isinstance(record, Post):
                        yield record


def _plain(path: Path, run: Run) -> Json:
    written = run.written
    return {
        "file": str(path),
        "target": run.target.key,
        "payloads": run.payloads,
        "created": written.created,
        "updated": written.updated,
        "unchanged": written.unchanged,
        "rejected": written.rejected,
        "dead_letters": run.dead_letters,
    }


def _sentence(run: Run) -> str:
    written = run.written
    text = (
        f"{written.created:,} new posts, {written.updated:,} changed, "
        f"{written.unchanged:,} unchanged"
    )
    letters = run.dead_letters + written.rejected
    return f"{text}; {letters:,} dead letters: taglake deadletter list" if letters else text
