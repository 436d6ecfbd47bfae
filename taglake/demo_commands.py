"""``taglake demo``: the whole way, from payloads to answers, on a sample campaign."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from socket import socket

import click

from api import answers
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store, open_store
from taglake.context import Accesses, Context, pass_context
from taglake.demo import CAMPAIGN_ID, load_sample, sample_campaign
from taglake.enriching import enrich
from taglake.progress import progress
from taglake.services import address, listen, serve
from taglake.tables import brands_table, influencers_table, show, summary_table


@click.command(
    epilog="""\b
Examples:
  taglake demo                load, score, show, and serve the API until Ctrl-C
  taglake demo --once         end after the summary
  taglake demo --once --json  the headline numbers for machines
"""
)
@click.option(
    "--once",
    is_flag=True,
    help="End after the summary; so does standard input that is no terminal.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the headline numbers as JSON.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the API.")
@pass_context
def command(context: Context, port: int | None, *, once: bool, as_json: bool) -> None:
    """Load a sample campaign, score it, show its numbers, and serve the API."""
    if port is not None:
        context.overrides["api"] = {"port": port}
    serves = not once and not as_json and sys.stdin.isatty()
    with ExitStack() as stack:
        bound = stack.enter_context(listen(context.config.api)) if serves else None

        async def work(store: Store, accesses: Accesses) -> None:
            await _demo(context, store, accesses, _Wanted(bound, as_json=as_json))

        context.in_lake_as("api", work)


class _Wanted:
    def __init__(self, bound: socket | None, *, as_json: bool) -> None:
        self.bound = bound
        self.as_json = as_json


async def _demo(context: Context, store: Store, accesses: Accesses, wanted: _Wanted) -> None:
    began = time.monotonic()
    config = context.config
    campaign = await sample_campaign(store)
    async with open_store(config, accesses.of("ingest")) as ingest_store:
        with progress("loading", None, unit="posts") as advance:
            payloads = await load_sample(ingest_store, advance)
    loaded = time.monotonic()
    async with open_store(config, accesses.of("enrich")) as enrich_store:
        await _score(context, enrich_store)
    took_s = {"load": loaded - began, "score": time.monotonic() - loaded}
    if wanted.as_json:
        context.answer(await _headline(store, campaign, time.monotonic() - began))
        return
    loaded_text = f"{payloads:,} payloads of three platforms" if payloads else "nothing new"
    context.say(
        f"{loaded_text}: loaded in {took_s['load']:.1f} s, scored in {took_s['score']:.1f} s"
    )
    await _show(store, campaign)
    if wanted.bound is not None:
        url = address(wanted.bound)
        context.say(f"\nAPI    {url}/v1/campaigns/{CAMPAIGN_ID}/summary")
        context.say(f"Docs   {url}/docs")
        context.say("Ctrl-C stops; the sample stays in the lake")
        async with open_store(config, accesses.of("ingest")) as drains:
            await serve(config, store, drains, wanted.bound)


async def _score(context: Context, store: Store) -> None:
    await enrich(context, store, once=True)
    await store.refresh()


async def _headline(store: Store, campaign: Campaign, seconds: float) -> Json:
    metrics = (await answers.summary(store, campaign))["metrics"]
    labels = (await answers.sentiment(store, campaign))["labels"]
    return {
        "posts": metrics["posts"]["value"],
        "authors": metrics["authors"]["value"],
        "engagement": metrics["engagement"]["value"],
        "sentiment": dict(labels),
        "seconds": round(seconds, 1),
    }


async def _show(store: Store, campaign: Campaign) -> None:
    show(summary_table(await answers.summary(store, campaign), campaign.name))
    show(brands_table(await answers.share_of_voice(store, campaign)))
    show(influencers_table(await answers.influencers(store, campaign, limit=5)))
