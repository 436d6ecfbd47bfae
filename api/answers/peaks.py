"""The campaign's volume peaks, each with what it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from analysis.calendar_counts import Span, counts_body, counts_in, first_posts, stretches, unwatched
from analysis.definitions import tag
from analysis.influencers import names_body, with_names
from analysis.membership import also, posts_query
from analysis.peak_parts import (
    MOST_TEXTS,
    PARTS,
    domain_counts,
    lifts,
    parts_of,
    peaks_body,
    references_body,
    texts_body,
    texts_in,
    within,
)
from analysis.peaks import Peak, deviations_of, hour_cuts, judged_hours, peaks_among
from analysis.posts import posts_body, public_post
from analysis.spike_parts import shards_in
from api.answers.asked import Asked, asked
from api.answers.coverage import ledger
from api.answers.scope import moment_of
from api.reading import Snapshot
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

MOST_EXPLAINED = 20
_MOST_SLICES = 1_024  # index.max_slices_per_pit


async def peaks(
    store: Store,
    campaign: Campaign,
    *,
    sensitivity: str = "high",
    tz: str = "UTC",
    explain: int = 5,
) -> Json:
    """Hours with far more posts than usual; those that touch are one peak.

    Args:
        store: The lake.
        campaign: Whose.
        sensitivity: One of ``analysis.peaks.SENSITIVITIES``.
        tz: The IANA time zone of the hours of the week.
        explain: How many peaks to explain, those with the most unusual posts first.

    Raises:
        InvalidError: There is no such sensitivity or time zone, or the window has too many hours.
        RetryError: Elasticsearch did not answer.
    """
    deviations = deviations_of(sensitivity)
    async with asked(store, campaign) as ask:
        found, judged, missing = await _found(store, ask, deviations, tz)
        answer = {
            "value": len(found),
            "n": judged + missing,
            "missing": missing,
            "sensitivity": sensitivity,
            "deviations": deviations,
            "tz": tz,
            "explanation_definition": tag("peak_explanation"),
        }
        order = sorted(found, key=lambda peak: (-peak.excess, peak.start))
        chosen = sorted(order[:explain], key=lambda peak: peak.start)
        told = dict(zip((peak.start for peak in chosen), await _told(ask, chosen), strict=True))
        rows = [peak.to_json() | {"explanation": told.get(peak.start)} for peak in found]
        return ask.head("volume_peak") | answer | {"peaks": rows}


async def _found(
    store: Store, ask: Asked, deviations: float, tz: str
) -> tuple[list[Peak], int, int]:
    """The peaks, how many hours were judged, and how many could not be."""
    start, until = ask.campaign.start, min(ask.campaign.end, ask.now)
    cuts, whole = hour_cuts(tz, start, max(start, until))
    wide = ask.campaign.model_copy(update={"start": cuts[0], "end": max(start, until)})
    answer = await ask.view.search(counts_body(posts_query(wide), cuts))
    counts = counts_in(answer, cuts)
    gaps = await gaps_of(store, ask.campaign, cuts[0], cuts[-1], first_posts(cuts, counts))
    hours = stretches(cuts, counts, gaps, whole=whole)
    judged, missing = judged_hours(hours, start, tz)
    return peaks_among(judged, deviations), len(judged), missing


async def gaps_of(
    store: Store, campaign: Campaign, start: datetime, end: datetime, first: datetime | None
) -> list[Span]:
    """When nobody watched the campaign's hashtags between two times.

    Args:
        store: The lake.
        campaign: Whose.
        start: Start of the time in question.
        end: Its end.
        first: Where the first hour or day with posts begins.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    if not campaign.tags():
        return unwatched({}, first, start, end)
    then = campaign.model_copy(update={"start": start, "end": end, "baseline": None})
    targets, _ = await ledger(store, then, campaign.tags(), until=moment_of(campaign))
    return unwatched(targets, first, start, end)


async def _told(ask: Asked, chosen: Sequence[Peak]) -> list[Json]:
    """What each peak was made of."""
    if not chosen:
        return []
    own = posts_query(ask.campaign)
    wide = posts_query(ask.campaign.model_copy(update={"start": _first(chosen)}))
    counted = await ask.view.search(peaks_body(own, chosen, ask.campaign.tags()))
    usual = await ask.view.search(references_body(wide, chosen, counted))
    found = []
    for place, peak in enumerate(chosen):
        parts = parts_of(counted, usual, place)
        parts["posts"] = await _posts(ask.view, own, peak)
        parts["domains"] = await _domains(ask.view, wide, peak, parts, shards_in(counted))
        found.append(parts)
    await _name(ask.view, own, found)
    return found


def _first(chosen: Sequence[Peak]) -> datetime:
    starts = [peak.start for peak in chosen]
    return min([*starts, *(span[0] for peak in chosen for span in peak.reference_spans())])


async def _posts(view: Snapshot, own: Json, peak: Peak) -> list[Json]:
    here = also(own, within([(peak.start, peak.end)]))
    answer = await view.search(posts_body(here, "engagement", size=PARTS, after=None))
    return [public_post(hit["_source"]) for hit in answer["hits"]["hits"]]


async def _domains(view: Snapshot, wide: Json, peak: Peak, parts: Json, shards: int) -> Json:
    """The linked domains whose share of texts rose most, and how many texts were read."""
    texts = await _texts(view, wide, [(peak.start, peak.end)], parts["n"], shards)
    before = await _texts(view, wide, peak.reference_spans(), parts["reference_n"], shards)
    top = lifts("domain", domain_counts(texts), len(texts), domain_counts(before), len(before))
    return {
        "exact": max(parts["n"], parts["reference_n"]) <= MOST_TEXTS,
        "n": len(texts),
        "reference_n": len(before),
        "top": top,
    }


async def _texts(
    view: Snapshot, wide: Json, spans: Sequence[Span], posts: int, shards: int
) -> list[str]:
    """All texts, or an even sample of them where they are too many."""
    parts = [(0, 1)]
    if posts > MOST_TEXTS:
        # Each slice is one of some shard's, so one of each shard's makes an even sample.
        slices = shards * max(1, min(-(-posts // MOST_TEXTS), _MOST_SLICES // shards))
        parts = [(number, slices) for number in range(shards)]
    found: list[str] = []
    for part in parts:
        body = texts_body(wide, spans, size=MOST_TEXTS - len(found), part=part)
        found += texts_in(await view.search(body))
    return found


async def _name(view: Snapshot, own: Json, found: Sequence[Json]) -> None:
    """Adds to each author what they are called."""
    keys = sorted({row["author"] for parts in found for row in parts["authors"]["top"]})
    if not keys:
        return
    names = await view.search(names_body(own, keys))
    for parts in found:
        parts["authors"]["top"] = with_names(parts["authors"]["top"], names)
