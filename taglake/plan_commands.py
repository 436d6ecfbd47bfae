"""``taglake plan``: what a campaign will cost in calls, money and time, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from math import isfinite

import click
from rich.markup import escape
from rich.table import Table

from ingestors.connections import about
from ingestors.planning import PlatformPlan, plan
from ingestors.wanted import wanted_past, wanted_targets
from lake import times
from lake.config import Config
from lake.errors import InvalidError
from lake.records import Json
from lake.store import Store
from taglake import tables
from taglake.context import Context, pass_context

_LOOK_BACK = timedelta(days=7)


@click.command(
    epilog="""\b
Examples:
  taglake plan spring
  taglake plan spring --posts-per-day 500      where the lake has not seen its hashtags yet
  taglake plan spring --json
"""
)
@click.argument("campaign_id", metavar="CAMPAIGN")
@click.option(
    "--posts-per-day",
    type=click.FloatRange(0),
    help="Posts that each hashtag gets on each platform; without it what the lake saw last week.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@pass_context
def command(
    context: Context, campaign_id: str, posts_per_day: float | None, *, as_json: bool
) -> None:
    """Say calls, cost and feasible interval a platform, and what the quotas cannot carry."""
    if posts_per_day is not None and not isfinite(posts_per_day):
        raise InvalidError(f"--posts-per-day {posts_per_day}: write a number, such as 500")
    found = context.in_lake(
        "ingest", lambda store: planned(store, context.config, campaign_id, posts_per_day)
    )
    if as_json:
        context.answer(found)
    else:
        _show(found)


async def planned(
    store: Store, config: Config, campaign_id: str, posts_per_day: float | None
) -> Json:
    """A campaign's plan on every platform that is configured and that it wants.

    Raises:
        InvalidError: It wants no platform that is configured.
        NotFoundError: There is no such campaign.
    """
    campaign = await store.campaigns.get(campaign_id)
    campaigns = await store.campaigns.list()
    abouts = {name: about(name, section) for name, section in config.platforms.items()}
    names = [name for name in abouts if not campaign.platforms or name in campaign.platforms]
    if not names:
        raise InvalidError(
            f"{campaign_id} wants {', '.join(campaign.platforms) or 'every platform'}; config.yaml "
            f"has {', '.join(abouts) or 'none'}"
        )
    now = times.now()
    every = {target.key for target in wanted_targets(campaigns, names, now)}
    tags = [tag for tags in campaign.panel().values() for tag in tags]
    plans: list[PlatformPlan] = []
    for name in names:
        own = {f"{name}:hashtag:{tag}" for tag in tags}
        others = sum(1 for key in every - own if key.startswith(f"{name}:"))
        expected = await _expected(store, name, tags, posts_per_day)
        plans.append(plan(name, abouts[name], expected, config.ingest, others=others))
    history = timedelta(days=config.ingest.history_days)
    wanted = {name: abouts[name] for name in names}
    past, missing = wanted_past([campaign], wanted, now, history)
    return {
        "campaign": campaign.id,
        "ended": campaign.end <= now,
        "platforms": [asdict(one) for one in plans],
        "past": [_window(target.platform, target.value, target.window) for target in past],
        "not_offered": [
            _window(one.target.platform, one.target.value, one.target.window)
            | {"reason": one.reason}
            for one in missing
        ],
        "not_configured": [name for name in campaign.platforms if name not in abouts],
    }


def _window(platform: str, tag: str, window: tuple[datetime, datetime] | None) -> Json:
    start, end = map(times.to_text, window) if window else (None, None)
    return {"platform": platform, "hashtag": tag, "from": start, "to": end}


async def _expected(
    store: Store, platform: str, tags: Sequence[str], told: float | None
) -> Mapping[str, float | None]:
    """Posts a day of each hashtag: as told, else as the lake saw them last week; None: never."""
    if told is not None or not tags:
        return dict.fromkeys(tags, told)
    since = times.to_text(times.now() - _LOOK_BACK)
    filters: list[Json] = [
        {"term": {"platform": platform}},
        {"terms": {"hashtags": list(tags)}},
        {"range": {"@timestamp": {"gte": since}}},
    ]
    body: Json = {
        "size": 0,
        "query": {"bool": {"filter": filters}},
        "aggs": {
            "tags": {"terms": {"field": "hashtags", "include": list(tags), "size": len(tags)}}
        },
    }
    answer = await store.search(store.layout.every("posts"), body)
    buckets = answer.get("aggregations", {}).get("tags", {}).get("buckets", [])
    seen = {bucket["key"]: bucket["doc_count"] / _LOOK_BACK.days for bucket in buckets}
    return {tag: seen.get(tag) for tag in tags}


def _show(found: Json) -> None:
    tables.show(_table(found["platforms"]))
    lines = [
        f"warning: {one['platform']}: {warning}"
        for one in found["platforms"]
        for warning in one["warnings"]
    ]
    lines += [
        f"warning: {name}: is not in config.yaml, so nothing comes from there"
        for name in found["not_configured"]
    ]
    lines += [
        f"not offered: {one['platform']} #{one['hashtag']}: {one['reason']}"
        for one in found["not_offered"]
    ]
    if found["ended"]:
        lines.append("the campaign is over: nothing will be polled for it")
    for line in lines:
        click.echo(line)


def _table(platforms: Sequence[Json]) -> Table:
    table = Table("platform", "limit", box=None)
    for column in ("hashtags", "one poll each", "calls a day", "allowed a day", "USD a day"):
        table.add_column(column, justify="right")
    for one in platforms:
        cost = one["cost_per_day_usd"]
        whole = (str(one["targets"]), tables.span(one["interval_s"]))
        price = "free" if cost is None else tables.number(round(cost, 2))
        table.add_row(one["platform"], "", *whole, "", "", price)
        for bucket in (found for found in one["buckets"] if found["calls_per_day"]):
            calls = [tables.number(round(bucket[k])) for k in ("calls_per_day", "allowed_per_day")]
            table.add_row("", escape(bucket["bucket"]), "", "", *calls, "")
    return table
