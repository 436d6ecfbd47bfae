"""How the campaign and its competitors share the conversation: in total, by day and by week."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from analysis.share_of_voice import MEASURES
from analysis.timeline import cuts
from api.answers.scope import scoped
from api.answers.share_of_voice import share_of_voice
from api.rollups.rows import About, until
from api.rollups.subject import Subject
from lake import times
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "share"
_PERIODS = {"day": timedelta(days=62), "week": timedelta(days=520)}
"""What is shared out by interval, in windows of up to which length."""


async def shares(store: Store, one: Subject) -> list[RollupRow]:
    """Each brand's part, of the whole window and of each day and week of it.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    rows = brand_rows(one.about, await share_of_voice(store, one.campaign))
    start, end = one.campaign.start, until(one.campaign, one.now)
    for interval, most in _PERIODS.items():
        if not timedelta() < end - start <= most:
            continue
        for begins, ends in pairwise(cuts(interval, "UTC", start, end)):
            first, last = times.to_text(max(begins, start)), times.to_text(min(ends, end))
            if first >= last:
                continue
            part = scoped(one.campaign, start=first, end=last)
            answer = await share_of_voice(store, part)
            rows += brand_rows(one.about, answer, interval=interval, at=times.to_text(begins))
    return rows


def brand_rows(
    about: About, answer: Json, *, interval: str | None = None, at: str | None = None
) -> list[RollupRow]:
    """A row for each brand and measure, for each brand's tone, and for the overlap. Pure.

    Args:
        about: Whom the answer is about.
        answer: A share of voice.
        interval: ``day`` or ``week`` where it is that of an interval.
        at: Where that interval begins.
    """
    rows = []
    key = (interval or "", at or "")
    names = ("total", "tone", "overlap")
    total, tone, overlap = names if at is None else ("bucket", "tone_bucket", "overlap_bucket")
    same = {"interval": interval, "panel": answer["panel"], "at": at}
    for brand in answer["brands"]:
        who = {"brand": brand["name"], "own": brand["own"], **same}
        for measure in MEASURES:
            counted = brand[measure]
            numbers = {
                "value": counted["value"],
                "part": counted["share"],
                "n": brand["n"],
                "missing": counted["missing"],
                "exact": counted.get("exact", answer["exact"]),
                "error_bound": counted.get("error_bound"),
            }
            rows.append(
                about.row(
                    *(KIND, total, *key, brand["name"], measure),
                    answer=answer,
                    measure=measure,
                    **who,
                    **numbers,
                )
            )
        positive = brand["positive_posts"]
        feelings = {
            "net_sentiment": brand["net_sentiment"],
            "positive_posts": positive["value"],
            "positive_part": positive["share"],
            "n": brand["n"],
        }
        rows.append(about.row(KIND, tone, *key, brand["name"], answer=answer, **who, **feelings))
    both = answer["overlap"]
    fields = {"value": both["posts"], "part": both["share"], "n": answer["n"], **same}
    rows.append(about.row(KIND, overlap, *key, answer=answer, **fields))
    return rows
