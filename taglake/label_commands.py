"""``taglake label``: what people say of posts, kept beside what the model says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table
from typing_extensions import override

from analysis.membership import posts_query
from api import answers
from api.answers.labels import MOST_LABELS
from lake.audit import this_user
from lake.errors import ConflictError, InvalidError, NotFoundError
from lake.label import PEOPLE_LABELS
from lake.records import Json
from lake.store import Store
from lake.to_label import largest_share, posts_to_label
from taglake.context import Context, pass_context
from taglake.label_file import read_labels
from taglake.label_session import Session, printable
from taglake.progress import progress
from taglake.tables import number, show

_MOST_TOLD = 20
_json = click.option("--json", "as_json", is_flag=True, help="Print the API's own answer.")
_campaign = click.option("--campaign", metavar="ID", help="Only posts of this campaign.")
_by = click.option("--by", default=this_user, help="Who says so; without it, you.")


class _PostOrCommand(click.Group):
    """``taglake label POST LABEL`` without a word for it: a post's id always has a colon."""

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and ":" in args[0]:
            return "give", give, args
        return super().resolve_command(ctx, args)


@click.group(
    cls=_PostOrCommand,
    invoke_without_command=True,
    subcommand_metavar="POST LABEL | COMMAND ...",
    epilog="""\b
Examples:
  taglake label x:981234567 negative --note "irony"
  taglake label --next --campaign spring --n 20     post after post, a key each
  taglake label list --campaign spring
  taglake label import labels.csv                   columns post and label
  taglake label agreement --json
""",
)
@click.option("--next", "is_next", is_flag=True, help="Offer the posts that teach most.")
@_campaign
@click.option("--n", "count", default=20, type=click.IntRange(1, 500), show_default=True)
@_by
@_json
@click.pass_context
def command(
    ctx: click.Context, *, is_next: bool, campaign: str | None, count: int, by: str, as_json: bool
) -> None:
    """Correct the sentiment of posts; see how far people and models agree.

    LABEL is negative, neutral or positive. The model's own label stays; yours is shown beside it.
    --next offers posts nobody labelled yet: those of which the model is least sure, first those of
    which VADER says something else. Without a terminal it prints them.
    """
    if ctx.invoked_subcommand is not None:
        return
    if not is_next:
        click.echo(ctx.get_help())
        return
    _next(ctx.ensure_object(Context), campaign, count, by, as_json=as_json)


@click.command()
@click.argument("post")
@click.argument("label", type=click.Choice(PEOPLE_LABELS))
@click.option("--note", help="Why, in your words.")
@_by
@_json
@pass_context
def give(
    context: Context, post: str, label: str, note: str | None, by: str, *, as_json: bool
) -> None:
    """Say what a post's sentiment is; another time replaces what you said."""
    body = {"post": post, "label": label, "by": by} | ({"note": note} if note else {})
    kept, is_new = context.in_lake("api", lambda store: answers.put_label(store, body))
    if as_json:
        click.echo(answers.encode(kept))
        return
    model = kept["model"]
    beside = "" if model is None else f" ({model['name']} says {model['label']})"
    word = "labelled" if is_new else "now"
    click.echo(printable(f"{kept['post']} {word} {kept['label']} by {kept['by']}{beside}"))


@command.command("list")
@_campaign
@click.option("--post", metavar="POST", help="Only of this post.")
@click.option("--by", help="Only this person's.")
@click.option("-n", "--limit", default=50, type=click.IntRange(1, MOST_LABELS), show_default=True)
@click.option("--cursor", help="The `next` of the page before.")
@_json
@pass_context
def list_(
    context: Context,
    campaign: str | None,
    post: str | None,
    by: str | None,
    limit: int,
    cursor: str | None,
    *,
    as_json: bool,
) -> None:
    """Show labels, newest first."""

    async def work(store: Store) -> Json:
        of = None if campaign is None else await store.campaigns.get(campaign)
        return await answers.list_labels(
            store, post=post, campaign=of, by=by, limit=limit, cursor=cursor
        )

    page = context.in_lake("api", work)
    if as_json:
        click.echo(answers.encode(page))
    elif page["items"]:
        show(_labels_table(page["items"]))
    else:
        click.echo("no labels")


@command.command()
@click.argument("label_id", metavar="ID")
@pass_context
def delete(context: Context, label_id: str) -> None:
    """Forget a label; `list` shows its id. The post stays."""
    context.in_lake("api", lambda store: answers.delete_label(store, label_id))
    click.echo(f"deleted {label_id}")


@command.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_by
@_json
@pass_context
def import_(context: Context, path: Path, by: str, *, as_json: bool) -> None:
    """Take labels from CSV, TSV or JSON lines: post, label, and perhaps by and note.

    `by` of a line goes before --by. Doing so again changes nothing.
    """
    taken, refused = context.in_lake("api", lambda store: _import(store, path, by))
    if as_json:
        told = [{"line": line, "reason": why} for line, why in refused]
        context.answer({"labels": taken, "refused": told})
    else:
        click.echo(f"{taken:,} labels taken, {len(refused):,} refused")
    if refused:
        lines = [f"{path}:{line}: {why}" for line, why in refused[:_MOST_TOLD]]
        raise InvalidError("\n".join(lines))


async def _import(store: Store, path: Path, by: str) -> tuple[int, list[tuple[int, str]]]:
    taken = 0
    refused: list[tuple[int, str]] = []
    await store.refresh()
    with progress("labelling", None, unit="labels") as advance:
        for line, entry in read_labels(path):
            body = {"by": by, **entry} if isinstance(entry, dict) else entry
            try:
                await answers.put_label(store, body, is_one_of_many=True)
            except (InvalidError, NotFoundError, ConflictError) as exc:
                refused.append((line, str(exc)))
            else:
                taken += 1
            advance(taken + len(refused))
    await store.refresh()
    return taken, refused


@command.command()
@_campaign
@_json
@pass_context
def agreement(context: Context, campaign: str | None, *, as_json: bool) -> None:
    """Show how far people agree with the model, with VADER and with each other."""

    async def work(store: Store) -> Json:
        of = None if campaign is None else await store.campaigns.get(campaign)
        return await answers.label_agreement(store, of)

    found = context.in_lake("api", work)
    if as_json:
        click.echo(answers.encode(found))
    else:
        show(_agreement_table(found))


def _next(context: Context, campaign: str | None, count: int, by: str, *, as_json: bool) -> None:
    async def work(store: Store) -> int | None:
        among = None
        if campaign is not None:
            among = posts_query(await store.campaigns.get(campaign))
        posts = await posts_to_label(store, count, among=among)
        if as_json:
            context.answer({"posts": [_offered(post) for post in posts]})
        elif not posts:
            click.echo("no post waits for a label: none is scored, or all are labelled")
        elif not sys.stdin.isatty():
            show(_offers_table(posts))
        else:
            return await _session(store, posts, by)
        return None

    given = context.in_lake("api", work)
    if given is not None:
        click.echo(f"labels given: {given}")


async def _session(store: Store, posts: Sequence[Json], by: str) -> int:
    session = Session(posts)
    given = 0
    while (found := session.next_label()) is not None:
        post, label = found
        try:
            await answers.put_label(
                store, {"post": f"{post['platform']}:{post['native_id']}", "label": label, "by": by}
            )
        except (NotFoundError, ConflictError) as exc:  # it went meanwhile; the others did not
            click.echo(printable(str(exc)), err=True)
        else:
            given += 1
    return given


def _offered(post: Json) -> dict[str, Any]:
    return {
        "post": f"{post['platform']}:{post['native_id']}",
        "text": post["text"],
        "url": post.get("url"),
        "largest_share": largest_share(post),
        "sentiment": post["sentiment"],
    }


def _offers_table(posts: Sequence[Json]) -> Table:
    table = Table("post", "text", box=None)
    for post in posts:
        key = f"{post['platform']}:{post['native_id']}"
        table.add_row(escape(printable(key)), escape(printable(post["text"])))
    return table


def _labels_table(labels: Sequence[Json]) -> Table:
    table = Table("id", "post", "label", "by", "model", "text", box=None)
    for label in labels:
        model = "–" if label["model"] is None else label["model"]["label"]
        text = "(taken away)" if label["text_removed"] else printable(label["text"])[:60]
        cells = (label["id"], label["post"], label["label"], label["by"], model, text)
        table.add_row(*(escape(printable(cell)) for cell in cells))
    return table


def _agreement_table(found: Json) -> Table:
    table = Table(box=None)
    table.add_column("people and")
    for column in ("posts", "agree %", "95 % from", "to", "kappa or alpha", "95 % from", "to"):
        table.add_column(column, justify="right")
    for name, part in (("the model", "people_model"), ("VADER", "people_vader")):
        _add(table, name, found[part]["n"], found[part]["observed"], found[part]["kappa"])
    people = found["people_people"]
    _add(table, "each other", people["n"], people["observed"], people["alpha"])
    table.caption = (
        f"{found['labels']:,} labels of {found['posts']:,} posts; "
        f"of {found['ties']:,} as many people say one as another: left out"
    )
    table.caption_justify = "left"
    return table


def _add(table: Table, name: str, n: int, observed: Json, beyond: Json) -> None:
    shares = [observed.get(key) for key in ("value", "low", "high")]
    cells = ["–" if share is None else f"{100 * share:.1f}" for share in shares]
    chances = [beyond[key] for key in ("value", "low", "high")]
    cells += ["–" if value is None else f"{value:.2f}" for value in chances]
    table.add_row(name, number(n), *cells)
