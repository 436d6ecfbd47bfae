"""One run: what a poll or an import found, as it is counted and as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from ingestors.platform import Target
from lake import times
from lake.batch import Written
from lake.bulk import Write
from lake.documents import Document
from lake.errors import TaglakeError
from lake.layout import Layout
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
        }
        if self.covered is not None:
            start, end = self.covered
            source["covered"] = {"start": times.to_text(start), "end": times.to_text(end)}
        if error is not None:
            source["error"] = {"class": type(error).__name__, "message": str(error)}
        entry = Document(layout.runs(self.started_at), self.id, source)
        return Write(entry, _success_wins, counted=False)


def _success_wins(stored: Json, new: Json) -> Json | None:
    """An import that failed and then succeeded is a success; any other entry stays as it is."""
    return new if "error" in stored and "error" not in new else None
