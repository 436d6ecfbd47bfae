"""What could not be used is kept with its reason, so that it can be replayed after a repair.

A dead letter is a document of its own. Where even that is refused it becomes a line of a local
file; only when that fails too does the program stop, and nothing has been lost by then, because
the cursor has not moved.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lake import times
from lake.bulk import Write
from lake.documents import Document, Origin
from lake.errors import StorageError
from lake.json_text import dumps
from lake.layout import Layout
from lake.records import Json
from lake.text import clean, digest

_MAX_PAYLOAD_CHARS = 20_000_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that could not be used.

    Args:
        origin: How it came.
        stage: What failed: ``read`` (not even JSON), ``normalise`` or ``write``.
        reason: Why, in one line.
        payload: The payload as JSON text, or the unreadable text as it came.
        observed_at: When it was received.
        kind: Which of the platform's shapes it has, if that is known.
        place: Where it stood, for people: ``tweets.jsonl:17``.
        source: Which server sent it, where a platform is many.
    """

    origin: Origin
    stage: str
    reason: str
    payload: str
    observed_at: datetime
    kind: str | None = None
    place: str | None = None
    source: str | None = None


def dead_letter_write(layout: Layout, letter: DeadLetter) -> Write:
    """The letter as a write; the same thing refused again is the same document."""
    source: Json = {
        "@timestamp": times.to_text(letter.observed_at),
        "platform": letter.origin.platform,
        "target": letter.origin.target,
        "run": letter.origin.run,
        "stage": letter.stage,
        "reason": clean(letter.reason),
        "payload": clean(letter.payload[:_MAX_PAYLOAD_CHARS]),
        "replays": 0,
    }
    optional = {
        "kind": letter.kind,
        "place": letter.place,
        "source": letter.source,
        "context": letter.origin.context,
    }
    source.update((name, value) for name, value in optional.items() if value is not None)
    key = digest("dead", letter.origin.target, letter.place or "", letter.payload)
    return Write(Document(layout.dead_letters(letter.observed_at), key, source), counted=False)


def keep_in_folder(folder: Path, write: Write, reason: str) -> None:
    """Appends a document that Elasticsearch refuses to take even as a dead letter to a file.

    Raises:
        StorageError: The folder cannot be written, or its disk is full.
    """
    document = write.document
    line = dumps(
        {"index": document.index, "id": document.id, "reason": reason, "source": document.source}
    )
    path = folder / "refused.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(line + b"\n")
    except OSError as exc:
        full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
        mend = "its disk is full: free some space" if full else f"{exc.strerror}"
        raise StorageError(
            f"writer.dead_letter_dir: {path} cannot be written ({mend}), then run the same "
            "command again: nothing is lost"
        ) from exc


def as_letters(
    layout: Layout, folder: Path, write: Write, reason: str, observed_at: datetime
) -> Sequence[Write]:
    """What is written in place of a refused document: its dead letter, or a line in the folder."""
    document = write.document
    if document.index.startswith(layout.one("deadletter")) or write.origin is None:
        keep_in_folder(folder, write, reason)
        return ()
    source = write.payload if write.payload is not None else document.source
    letter = DeadLetter(
        origin=write.origin,
        stage="write",
        reason=f"{document.index}: {reason}",
        payload=dumps(source).decode(),
        observed_at=observed_at,
        kind=write.kind,
    )
    return (dead_letter_write(layout, letter),)
