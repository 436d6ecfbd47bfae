"""The campaign before, during and after, and what changed."""

from __future__ import annotations

from api.answers.windows import windows
from api.rollups.rows import About, number
from api.rollups.subject import Subject
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "windows"
_WINDOW = ("complete", "days", "covered_days")
_BETWEEN = ("ratio", "reason", "trend", "trend_hidden", "new_conversation")


async def phases(store: Store, one: Subject) -> list[RollupRow]:
    """The three windows, and what lies between them.

    Raises:
        InvalidError: The windows reach beyond the calendar.
        RetryError: Elasticsearch did not answer.
    """
    return phase_rows(one.about, await windows(store, one.campaign, ageing=False))


def phase_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for each metric of each window, and one for each comparison. Pure."""
    rows = []
    for phase, window in answer["windows"].items():
        head = answer | {"window": {"from": window["from"], "to": window["to"]}}
        tones = {
            name: one
            for name, one in window["sentiment"].items()
            if isinstance(one, dict) and "definition" in one
        }
        for name, envelope in (window["metrics"] | tones).items():
            fields = {
                **number(envelope),
                **{field: window[field] for field in _WINDOW},
                "per_day": envelope.get("per_day"),
                "phase": phase,
                "metric": name,
            }
            rows.append(about.row(KIND, "window", phase, name, answer=head, **fields))
    for name, comparisons in answer["between"].items():
        for comparison, envelope in comparisons.items():
            fields = {
                **number(envelope),
                **{field: envelope.get(field) for field in _BETWEEN},
                "comparison": comparison,
                "metric": name,
            }
            if fields["trend_hidden"] is not None:
                fields["hidden_because"], fields["trend_hidden"] = fields["trend_hidden"], True
            rows.append(about.row(KIND, "between", name, comparison, answer=answer, **fields))
    return rows
