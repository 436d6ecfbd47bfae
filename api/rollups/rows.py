"""What all rows of rollups are made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from analysis.definitions import Definition, definitions
from lake import times
from lake.campaign import Campaign
from lake.records import Json
from lake.rollups import RollupRow

_SECOND = timedelta(seconds=1)
_NUMBER = ("value", "n", "missing", "coverage", "definition", "as_of", "exact", "error_bound")


@dataclass(frozen=True, slots=True)
class About:
    """What the rows of one answer share.

    Args:
        campaign: Whom they are about; None: the whole lake.
        platform: The only platform that they are about; None: all of them.
    """

    campaign: Campaign | None
    platform: str | None = None

    def row(
        self, kind: str, name: str, /, *key: str, answer: Json, at: str | None = None, **fields: Any
    ) -> RollupRow:
        """A row of an answer.

        Args:
            kind: Its index.
            name: Which sort of row of that index.
            *key: What tells it from the other rows of that sort.
            answer: Whose head it takes: window, moment, coverage, definition.
            at: The moment that it is about; by default the end of the answer's window, or when it
                was asked.
            **fields: The rest; None and empty ones are left out.
        """
        source = self._head(answer) | known(fields)
        source["@timestamp"] = self._total_at(answer) if at is None else at
        source["row"] = name
        return RollupRow(kind, (name, self.platform or "", *key), source)

    def _head(self, answer: Json) -> Json:
        found: Json = {name: answer.get(name) for name in ("as_of", "coverage", "definition")}
        if window := answer.get("window"):
            found["window"] = {"start": window["from"], "end": window["to"]}
        if self.campaign is not None:
            found["campaign_name"] = self.campaign.name
            found["hashtags"] = sorted(self.campaign.tags())
            found["scope"] = "all" if self.platform is None else "platform"
        return known(found | {"platform": self.platform})

    def _total_at(self, answer: Json) -> str:
        """A platform's moment is just before that of all, so that the last one is that of all."""
        moments: list[str] = [answer["as_of"]]
        if window := answer.get("window"):
            moments.append(window["to"])
        last = min(moments)
        if self.platform is None:
            return last
        return times.to_text(times.from_text(last) - _SECOND)


def known(fields: Mapping[str, Any]) -> Json:
    """The fields that have a value; empty lists and mappings have none."""
    found: Json = {}
    for name, value in fields.items():
        inner = known(value) if isinstance(value, Mapping) else value
        if inner is not None and inner not in ({}, [], ()):
            found[name] = inner
    return found


def number(envelope: Json) -> Json:
    """An envelope's fields as a row has them, with what people call the number and its unit."""
    found = {name: envelope.get(name) for name in _NUMBER}
    meant = _by_tag().get(str(envelope.get("definition")))
    named = {"title": meant.name, "unit": meant.unit} if meant else {}
    return found | named | {name: envelope.get(name) for name in ("low", "high")}


@cache
def _by_tag() -> Mapping[str, Definition]:
    return {row.tag(): row for row in definitions()}


def author_fields(row: Json) -> Json:
    """The author of an answer's row whose ``author`` is a key."""
    names = ("id", "handle", "name", "followers")
    return {"key": row["author"], **{name: row.get(name) for name in names}}


def until(campaign: Campaign, now: datetime) -> datetime:
    """The end of the part of a window that has passed; its start where none has."""
    return max(campaign.start, min(campaign.end, now))
