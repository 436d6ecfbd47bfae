"""``taglake kibana import|export|open``: the commands that reach a Kibana."""

from __future__ import annotations

import asyncio
import sys
import webbrowser
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from analysis.membership import posts_query
from kibana.client import connected
from kibana.exporting import dashboard_id, with_needs
from kibana.importing import Existing, Imported, import_objects
from kibana.links import View, dashboard_link
from kibana.saved_objects import SavedObject, as_ndjson, merged, parsed, shipped
from lake import times
from lake.campaign import Campaign
from lake.config import KibanaConfig
from lake.errors import InvalidError, PayloadError, StorageError
from lake.records import Json
from lake.store import Store
from taglake.context import Context
from taglake.kibana_reach import SECRETS_TEXT, reaches_kibana

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_wait = click.option(
    "--wait",
    "wait_s",
    default=180.0,
    type=click.FloatRange(0, 86_400),
    show_default=True,
    help="Seconds that Kibana may take to start; 0 asks once.",
)
_EXIT = """\
Exit status: 0 done and looked at; 1 Kibana is not ready or does not answer;
2 asked or configured wrongly, or refused by Kibana."""


@click.command(
    "import",
    epilog=f"""\b
{_EXIT}
\b
{SECRETS_TEXT}
\b
Examples:
  taglake kibana import                               the first time, on this machine
  taglake kibana import --overwrite                   after an update of Taglake
  taglake kibana import --url https://kibana.example.org --user ana --space marketing
  taglake kibana import --copies edited.ndjson        beside what is there
""",
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--overwrite", "existing", flag_value=Existing.REPLACE.value, help="Replace what exists."
)
@click.option("--keep", "existing", flag_value=Existing.KEEP.value, help="Leave what exists alone.")
@click.option(
    "--copies", "existing", flag_value=Existing.COPY.value, help="Make new objects in any case."
)
@_wait
@_json
@reaches_kibana
def import_(
    context: Context,
    kibana: KibanaConfig,
    paths: Sequence[Path],
    existing: str | None,
    wait_s: float,
    *,
    as_json: bool,
) -> None:
    """Put dashboards into a Kibana, and look whether they arrived whole.

    Without PATHS those that come with Taglake. What is there already is refused unless an option
    says what to do about it.
    """
    how = Existing(existing) if existing else Existing.REFUSE
    objects = merged({str(path): _text(path) for path in paths} if paths else _shipped())

    async def work() -> Imported:
        async with connected(kibana) as found:
            return await import_objects(found, objects, how, wait_s=wait_s, say=context.say)

    done = asyncio.run(work())
    if as_json:
        context.answer(
            {"imported": done.objects, "kept": done.kept, "links": dict(done.links)}
            | {"kibana": {"url": kibana.url, "space": kibana.space, "version": done.version}}
        )
        return
    kept = f", {done.kept} were there and stay as they are" if done.kept else ""
    context.say(f"{done.objects} objects imported and found whole{kept}:")
    for title, link in done.links.items():
        click.echo(f"{title}  {link}")


@click.command(
    epilog=f"""\b
{_EXIT}
\b
{SECRETS_TEXT}
\b
Examples:
  taglake kibana export "Campaign overview" > edited.ndjson
  taglake kibana export taglake-overview --output edited.ndjson
"""
)
@click.argument("dashboard")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file; standard output without it.",
)
@_wait
@reaches_kibana
def export(
    context: Context, kibana: KibanaConfig, dashboard: str, output: Path | None, wait_s: float
) -> None:
    """Fetch a dashboard, by id or title, with all that it needs.

    The lines are sorted and hold nothing of who saved it when: what was not edited is the same
    bytes again.
    """

    async def work() -> list[SavedObject]:
        async with connected(kibana) as found:
            await found.wait(wait_s, context.say)
            id_ = await dashboard_id(found, dashboard)
            return await with_needs(found, ("dashboard", id_))

    objects = asyncio.run(work())
    text = as_ndjson(objects)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise StorageError(f"{output}: cannot be written ({exc.strerror})") from exc
    context.say(f"{len(objects)} objects in {output}")


@click.command(
    "open",
    epilog="""\b
Examples:
  taglake kibana open                                   the campaign overview as it was saved
  taglake kibana open --campaign spring                 with the campaign's posts and dates
  taglake kibana open sentiment --campaign spring --from 2026-03-08 --to 2026-03-15
  taglake kibana open --print "Collection health"       only the address
""",
)
@click.argument("dashboard", required=False)
@click.option("--campaign", "campaign_id", metavar="ID", help="Show this campaign's posts alone.")
@click.option("--from", "start", metavar="TIME", help="From then on: 2026-03-01, or with a time.")
@click.option("--to", "end", metavar="TIME", help="Before then.")
@click.option("--print", "only_print", is_flag=True, help="Open no browser.")
@_json
@reaches_kibana
def open_(
    context: Context,
    kibana: KibanaConfig,
    dashboard: str | None,
    campaign_id: str | None,
    start: str | None,
    end: str | None,
    *,
    only_print: bool,
    as_json: bool,
) -> None:
    """Print a dashboard's address; on a terminal, open it in the browser.

    DASHBOARD is one that comes with Taglake, by its title, its id or the name of its file.
    """
    found = _dashboard(dashboard)
    campaign = None if campaign_id is None else _campaign(context, campaign_id)
    view = _view(campaign, _time("--from", start), _time("--to", end))
    base = f"{kibana.url}/s/{kibana.space}" if kibana.space else kibana.url
    link = dashboard_link(base, found.key[1], view)
    if as_json:
        context.answer({"id": found.key[1], "title": found.title, "url": link})
        return
    click.echo(link)
    if sys.stdout.isatty() and not only_print:
        webbrowser.open(link)


def _shipped() -> dict[str, str]:
    return {name: file.read_text(encoding="utf-8") for name, file in shipped().items()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "is not UTF-8"
        raise InvalidError(f"{path}: cannot be read ({why})") from exc


def _dashboard(wanted: str | None) -> SavedObject:
    """One of the dashboards that come with Taglake; without a name the campaign overview."""
    found = [
        (file, one)
        for file, text in _shipped().items()
        for one in parsed(text, file)
        if one.key[0] == "dashboard"
    ]
    name = (wanted or "overview").casefold()
    same = [one for file, one in found if name in _names(file, one)]
    like = [one for _, one in found if name in one.title.casefold()]
    if len(same or like) == 1:
        return (same or like)[0]
    titles = ", ".join(sorted(one.title for one in like or [one for _, one in found])) or "none"
    raise InvalidError(f"which dashboard is {name!r}? There are: {titles}")


def _names(file: str, one: SavedObject) -> set[str]:
    title = one.title.casefold()
    return {file.casefold(), one.key[1].casefold(), title, title.rpartition(": ")[2]}


def _campaign(context: Context, id_: str) -> Campaign:
    async def work(store: Store) -> Campaign:
        return await store.campaigns.get(id_)

    return context.in_lake("reader", work)


def _view(campaign: Campaign | None, start: datetime | None, end: datetime | None) -> View:
    if campaign is None:
        if (start is None) != (end is None):
            raise InvalidError("--from and --to: give both, or a --campaign")
        return View(start, end)
    start, end = start or campaign.start, end or campaign.end
    if start >= end:
        raise InvalidError("--to: must be after --from, and after the campaign's start")
    return View(start, end, f"Campaign {campaign.name}", campaign_filter(campaign))


def campaign_filter(campaign: Campaign) -> Json:
    """What of a campaign a dashboard shows, in all its indices.

    The campaign's posts of any time (the dashboard's own time narrows them; a second one would
    hide the period before), the numbers that were made for it, and what belongs to no campaign,
    such as runs.
    """
    filters = [one for one in posts_query(campaign)["bool"]["filter"] if "range" not in one]
    own = {"term": {"campaign": campaign.id}}
    others = [{"exists": {"field": field}} for field in ("campaign", "native_id")]
    shown = [{"bool": {"filter": filters}}, own, {"bool": {"must_not": others}}]
    return {"bool": {"should": shown, "minimum_should_match": 1}}


def _time(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return times.from_text(text)
    except PayloadError as exc:
        raise InvalidError(f"{option}: {exc}; write 2026-11-01 or 2026-11-01T12:00:00Z") from exc
