"""The sample campaign's way into the lake: the same as live data's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from ingestors.formats import bluesky, x_v2
from ingestors.platforms import mastodon
from ingestors.poll import poll
from ingestors.run import Run
from lake.campaign import Campaign, checked_spec
from lake.errors import ConflictError
from lake.store import Store
from taglake.sample.campaign import SAMPLE, window
from taglake.sample.ledger import ledger
from taglake.sample.platform import Normalise, SamplePlatform, targets

CAMPAIGN_ID = "demo"
SEED = 7
# A fixed month, so that the sample's numbers are the same today and next year.
END = datetime(2026, 11, 1, tzinfo=UTC)
POSTS = 6_000

_NORMALISERS: Mapping[str, Normalise] = {
    "mastodon": mastodon.normalise,
    "x": x_v2.FORMAT.normalise,
    "bluesky": bluesky.FORMAT.normalise,
}


async def load_sample(store: Store, on_page: Callable[[int], None]) -> int:
    """Polls every target of the sample once; gives the number of payloads.

    Loading it again changes nothing.

    Args:
        store: Where it goes.
        on_page: Called with the payloads so far.

    Raises:
        StopProcessError: The lake cannot be written.
    """
    payloads = 0

    def count(run: Run) -> None:
        on_page(payloads + run.payloads)

    platforms = {
        name: SamplePlatform(name, normalise, seed=SEED, end=END, posts=POSTS)
        for name, normalise in _NORMALISERS.items()
    }
    for target in targets():
        run = await poll(platforms[target.platform], target, store, on_page=count)
        payloads += run.payloads
        entries = [run.document(store.layout, run.started_at) for run in ledger(target, END)]
        await (await store.writer.submit(entries)).done()
    await store.refresh()
    return payloads


async def sample_campaign(store: Store) -> Campaign:
    """The sample's campaign, registered if it is not yet.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    start, end = window(END)
    spec = checked_spec(
        {
            "name": SAMPLE.name,
            "hashtags": list(SAMPLE.hashtags),
            "competitors": [
                {"name": name, "hashtags": list(tags)} for name, tags in SAMPLE.competitors.items()
            ],
            "from": start,
            "to": end,
        }
    )
    try:
        return await store.campaigns.create(spec, CAMPAIGN_ID)
    except ConflictError:
        return await store.campaigns.get(CAMPAIGN_ID)
