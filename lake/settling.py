"""Bulk lines sent until each has an outcome that waiting does not change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from elasticsearch import AsyncElasticsearch

from lake.bulk import ALL_WELL, WELL, Outcome, must_wait, send
from lake.documents import Document
from lake.errors import RetryError
from lake.json_text import dumps
from lake.retry import Backoff

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(base_s=0.5, cap_s=5.0)
_LINES_A_REQUEST = 500


def delete_line(index: str, id_: str, seq_no: int | None = None, term: int | None = None) -> bytes:
    """A line that deletes a document, with ``seq_no`` only if it is still as it was read."""
    place: dict[str, object] = {"_index": index, "_id": id_}
    if seq_no is not None:
        place |= {"if_seq_no": seq_no, "if_primary_term": term}
    return b"%b\n" % dumps({"delete": place})


def versioned_lines(document: Document, version: int) -> bytes:
    """A line pair that replaces a document unless its version is higher than this one."""
    place = {"_index": document.index, "_id": document.id}
    action = {"index": {**place, "version": version, "version_type": "external_gte"}}
    return b"%b\n%b\n" % (dumps(action), dumps(document.source))


async def settled(client: AsyncElasticsearch, lines: Sequence[bytes]) -> list[Outcome]:
    """What became of each line, in order; waits for Elasticsearch while it has no room.

    Raises:
        RejectedError: It refuses a whole request.
        ConfigError: The user may not write there.
    """
    found: list[Outcome] = []
    for start in range(0, len(lines), _LINES_A_REQUEST):
        found += await _chunk(client, lines[start : start + _LINES_A_REQUEST])
    return found


async def _chunk(client: AsyncElasticsearch, lines: Sequence[bytes]) -> list[Outcome]:
    outcomes: list[Outcome] = [WELL] * len(lines)
    left = list(range(len(lines)))
    waits = 0
    while left:
        try:
            answers = await send(client, [lines[number] for number in left])
        except RetryError as exc:
            await _wait(waits, str(exc), exc.after_s)
            waits += 1
            continue
        if answers is ALL_WELL:
            break
        for number, answer in zip(left, answers, strict=True):
            outcomes[number] = answer
        left = [number for number in left if _is_late(outcomes[number])]
        if left:
            await _wait(waits, "Elasticsearch has no room", None)
            waits += 1
    return outcomes


def _is_late(outcome: Outcome) -> bool:
    return outcome.error is not None and must_wait(outcome)


async def _wait(waits: int, reason: str, after_s: float | None) -> None:
    wait_s = _BACKOFF.wait_s(waits, after_s)
    logger.warning(
        "waiting for Elasticsearch", extra={"reason": reason, "wait_s": round(wait_s, 2)}
    )
    await asyncio.sleep(wait_s)
