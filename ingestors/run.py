"""One run: what a poll or an import found, as it is counted and as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from ingestors.gaps import Due, Gap
from ingestors.platform import Target
from lake import times
from lake.batch import Written
from lake.bulk import Write
from lake.documents import Document
from lake.errors import TaglakeError
from lake.layout import Layout
from lake.meter import Meter
from lake.records import Json


@dataclass(slots=True)
class Run:
    """A poll of a target, or an import of a file, while it goes on and when it has ended.

    Args:
        target: What is polled.
        started_at: When it began, aware UTC.
        id: Its name; an import's is the same each time the same file is imported.
        pages: Pages received.
        payloads: Payloads received, the unusable ones included.
        dead_letters: Payloads that could not be used.
        written: What became of the records.
        related: Targets that the payloads suggest: the comments of posts that have some.
        covered: From when to when this run saw everything there was; None where it cannot say.
        due: When the schedule wanted it and how often it wants it; None for a poll by hand.
        meter: Calls, money and waiting so far.
        gap: The time that nobody watched before this run; None where there was none.
        drift: Findings about the payloads' structure.
        erased: Posts that the platform said are gone.
        context: What normalising its payloads again needs besides them; JSON text.
    """

    target: Target
    started_at: datetime
    id: str = field(default_factory=lambda: uuid4().hex)
    pages: int = 0
    payloads: int = 0
    dead_letters: int = 0
    written: Written = field(default_factory=Written)
    related: list[Target] = field(default_factory=list)
    covered: tuple[datetime, datetime] | None = None
    due: Due | None = None
    meter: Meter = field(default_factory=Meter)
    gap: Gap | None = None
    drift: int = 0
    erased: int = 0
    context: str | None = None

    def document(
        self, layout: Layout, ended_at: datetime, error: TaglakeError | None = None
    ) -> Write:
        """The run as the ledger keeps it."""
        source: Json = {
            "@timestamp": times.to_text(self.started_at),
            "run": self.id,
            "platform": self.target.platform,
            "target": self.target.key,
            "kind": self.target.kind,
            "value": self.target.value,
            "ended_at": times.to_text(ended_at),
            "duration_s": (ended_at - self.started_at).total_seconds(),
            "pages": self.pages,
            "payloads": self.payloads,
            "created": self.written.created,
            "updated": self.written.updated,
            "unchanged": self.written.unchanged,
            "rejected": self.written.rejected + self.dead_letters,
            "drift": self.drift,
            "erased": self.erased,
            **self._spent(),
            **self._watched(),
        }
        if self.context is not None:
            source["context"] = self.context
        if error is not None:
            source["error"] = {"class": type(error).__name__, "message": str(error)}
        entry = Document(layout.runs(self.started_at), self.id, source)
        return Write(entry, _success_wins, counted=False)

    def _spent(self) -> Json:
        meter = self.meter
        found: Json = {"calls": meter.calls, "waited_s": round(meter.waited_s, 3)}
        if meter.cost_usd is not None:
            found["cost_usd"] = round(meter.cost_usd, 6)
        if meter.quota_left:
            found["quota_left"] = dict(meter.quota_left)
        return found

    def _watched(self) -> Json:
        found: Json = {}
        if self.covered is not None:
            found["covered"] = _span(self.covered)
        if self.target.window is not None:
            found["window"] = _span(self.target.window)
        if self.gap is not None:
            found["gap"] = self.gap.as_json()
        if self.due is not None:
            found["interval_s"] = self.due.interval_s
            if self.due.posts_per_h is not None:
                found["new_posts_per_h"] = round(self.due.posts_per_h, 3)
            found["due_at"] = times.to_text(self.due.at)
            late_s = (self.started_at - self.due.at).total_seconds()
            found["late_s"] = round(max(0.0, late_s), 3)
        return found


def _span(span: tuple[datetime, datetime]) -> Json:
    return {"start": times.to_text(span[0]), "end": times.to_text(span[1])}


def _success_wins(stored: Json, new: Json) -> Json | None:
    """An import that failed and then succeeded is a success; any other entry stays as it is."""
    return new if "error" in stored and "error" not in new else None
