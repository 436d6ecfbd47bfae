"""The sample's polls as the ledger would have kept them, the planted gap included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ingestors.gaps import Gap
from ingestors.platform import Target
from ingestors.run import Run
from lake.text import digest
from taglake.sample.campaign import GAP_PLATFORM, calendar

Span = tuple[datetime, datetime]


def ledger(target: Target, end: datetime) -> Iterator[Run]:
    """One run for each stretch of the sample that was watched, in order.

    The run after the planted gap tells of it, as a poll does that meets nothing it knows.

    Args:
        target: A hashtag of the sample.
        end: The sample's end.
    """
    plan = calendar(end)
    since = plan.start
    for at in plan.polls:
        blind = [plan.gap] if target.platform == GAP_PLATFORM else []
        for span in _without((since, at), blind):
            run = Run(target, at, id=digest("sample", target.key, span[0].isoformat()))
            run.covered = span
            if any(span[0] == hole_end for _, hole_end in blind):
                run.gap = Gap(*plan.gap, "no_overlap")
            yield run
        since = at


def _without(span: Span, holes: list[Span]) -> Iterator[Span]:
    start, end = span
    for hole_start, hole_end in holes:
        if start < hole_end and hole_start < end:
            if start < hole_start:
                yield start, hole_start
            start = min(max(start, hole_end), end)
    if start < end:
        yield start, end
