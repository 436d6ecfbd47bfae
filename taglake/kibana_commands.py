"""``taglake kibana``: compile dashboards and check them, and bring them to a Kibana."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from analysis.definitions import definitions
from kibana.checking import check
from kibana.compile import DEFAULT_API, DEFAULT_PREFIX, Target, compile_all
from kibana.compiled import read_compiled
from kibana.saved_objects import shipped
from kibana.spec import load_spec
from kibana.texts import Meaning
from lake.errors import ConfigError, StorageError
from taglake.asking import example_text
from taglake.context import Context, pass_context
from taglake.kibana_import_commands import export, import_, open_

_prefix = click.option(
    "--index-prefix",
    "prefix",
    default=DEFAULT_PREFIX,
    show_default=True,
    help="What the lake's indices begin with (elasticsearch.index_prefix).",
)
_api = click.option(
    "--api-url",
    default=DEFAULT_API,
    show_default=True,
    help="Where the API answers, for the links to definitions.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def meanings() -> dict[str, Meaning]:
    """The newest version of every number's definition, as the dashboards tell it."""
    rows = sorted(definitions(), key=lambda row: row.version)
    return {row.id: Meaning(row.tag(), row.name, row.formula) for row in rows}


@click.group(
    epilog=example_text(
        "taglake kibana import                           bring the dashboards to a Kibana",
        "taglake kibana open overview --campaign spring  the address of a dashboard",
        "taglake kibana check                            whether the dashboards are right",
    )
)
def command() -> None:
    """Dashboards: compile, check, import, export, open."""


@command.command(
    "compile",
    epilog=example_text(
        "taglake kibana compile                         kibana/spec anew into kibana/dashboards",
        "taglake kibana compile --to dashboards --index-prefix acme- --api-url https://api.example.org",
    ),
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the files go; without it where those that come with Taglake are.",
)
@_prefix
@_api
@_json
@pass_context
def compile_(
    context: Context, folder: Path | None, prefix: str, api_url: str, *, as_json: bool
) -> None:
    """Write the dashboards that the spec describes, one NDJSON file each.

    The same spec always gives the same bytes. Dashboards of another prefix have ids of their own,
    so two lakes can share a Kibana.
    """
    if folder is None and (prefix, api_url) != (DEFAULT_PREFIX, DEFAULT_API):
        raise click.UsageError(
            "the files that come with Taglake are for the defaults; name a folder with --to"
        )
    texts = compile_all(load_spec(), meanings(), Target(prefix, api_url.rstrip("/")))
    problems = check(texts, prefix=prefix)
    if problems:
        raise ConfigError("\n".join(map(str, problems)))
    written = _write(folder or Path(str(files("kibana") / "dashboards")), texts)
    if as_json:
        context.answer({"files": [str(path) for path in written]})
    else:
        for path in written:
            click.echo(path)


@command.command(
    "check",
    epilog="""\b
Exit status: 0 where all is right, else 1.

\b
Examples:
  taglake kibana check
  taglake kibana check --json | jq -r '.problems[].problem'
  taglake kibana check --from dashboards --index-prefix acme- --api-url https://api.example.org
""",
)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the files are; without it those that come with Taglake.",
)
@_prefix
@_api
@_json
@click.pass_context
def check_(
    ctx: click.Context, folder: Path | None, prefix: str, api_url: str, *, as_json: bool
) -> None:
    """Check the compiled dashboards without a Kibana.

    Every field is in the index templates, with a type that the panel can use; references resolve;
    versions are those that imports need; there are no runtime fields; titles are unique; no panels
    overlap; and the files are what the spec compiles to.
    """
    context = ctx.find_object(Context) or Context()
    texts = _read(folder)
    wanted = compile_all(load_spec(), meanings(), Target(prefix, api_url.rstrip("/")))
    problems = check(texts, wanted, prefix)
    panels = 0 if problems else sum(len(read_compiled(*one).panels) for one in texts.items())
    if as_json:
        found = [one.to_json() for one in problems]
        context.answer({"ok": not found, "dashboards": len(texts), "problems": found})
    elif problems:
        for one in problems:
            click.echo(one)
    else:
        click.echo(f"{len(texts)} dashboards with {panels} panels are right")
    ctx.exit(1 if problems else 0)


def _read(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {name: one.read_text(encoding="utf-8") for name, one in shipped().items()}
    found = sorted(folder.glob("*.ndjson"))
    return {path.stem: path.read_text(encoding="utf-8") for path in found}


def _write(folder: Path, texts: dict[str, str]) -> list[Path]:
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            path = folder / f"{name}.ndjson"
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as exc:
        raise StorageError(f"{folder} cannot be written: {exc.strerror or exc}") from exc
    return written


for _one in (import_, export, open_):
    command.add_command(_one)
