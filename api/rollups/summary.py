"""The headline numbers beside those of the period before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.numbers import ratio
from api.answers.scope import scoped
from api.answers.summary import summary
from api.rollups.rows import About, number, until
from api.rollups.subject import Subject
from lake import times
from lake.campaign import Campaign
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "summary"


async def summaries(store: Store, one: Subject) -> list[RollupRow]:
    """Of the whole campaign and of each platform: every metric, and it in the period before.

    A period in which nobody watched the campaign says nothing: then there is none before.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    rows: list[RollupRow] = []
    watched = True
    for about, part in one.parts():
        whole = about.platform is None
        answer = one.whole if whole else await summary(store, part, assumed=one.assumed)
        before = await _before(store, one, part) if watched else None
        if whole and before is not None and before["coverage"] == 0:
            watched, before = False, None
        rows += metric_rows(about, answer, before)
    return rows


async def _before(store: Store, one: Subject, part: Campaign) -> Json | None:
    """The summary of as long a time before the window as has passed of it."""
    passed = until(part, one.now) - part.start
    try:
        start = times.to_text(part.start - passed)
    except OverflowError:  # before year 1
        return None
    end = times.to_text(part.start)
    if start >= end:
        return None
    return await summary(store, scoped(part, start=start, end=end), assumed=one.assumed)


def metric_rows(about: About, answer: Json, before: Json | None) -> list[RollupRow]:
    """A row for each metric of an answer. Pure.

    Args:
        about: Whom the answer is about.
        answer: One with ``metrics`` in envelopes.
        before: The same answer of the period before; None where there is none.
    """
    earlier: Mapping[str, Any] = {} if before is None else before["metrics"]
    rows = []
    for name, envelope in answer["metrics"].items():
        fields = number(envelope) | {"metric": name}
        if before is not None and name in earlier:
            fields |= compared(envelope["value"], earlier[name], before["window"])
        rows.append(about.row(KIND, "metric", name, answer=answer, **fields))
    return rows


def compared(value: float | None, earlier: Json, window: Json) -> Json:
    """A number beside the same of the period before: their difference, and it in percent."""
    then = earlier["value"]
    difference = None if value is None or then is None else value - then
    part = ratio(difference, then)
    return {
        "previous": {
            "value": then,
            "coverage": earlier.get("coverage"),
            "start": window["from"],
            "end": window["to"],
        },
        "difference": difference,
        "change": None if part is None else 100 * part,
    }
