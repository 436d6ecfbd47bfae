"""Pages of a Mastodon timeline: which part is new, where to go on, what order ids have. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs

from ingestors.fields import mapping, moment, string
from ingestors.platform import Page, Payload, Unreadable, Window
from lake.errors import UnavailableError
from lake.http_answer import Answer

_NOT_PUBLIC = ("private", "direct")
_SNOWFLAKE_DIGITS = 17  # an id is milliseconds since 1970 times 2**16: 17 digits since 1974


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a page must begin: newer than ``min_id``'s status, or older than ``max_id``'s."""

    name: Literal["min_id", "max_id"]
    id: str

    def admits(self, status_id: str) -> bool:
        """Whether a status lies beyond the edge."""
        ours, its = order(self.id), order(status_id)
        return its > ours if self.name == "min_id" else its < ours


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of a timeline.

    Args:
        payloads: Its statuses, as the server ordered them.
        unreadable: What is no status.
        ids: Of the statuses, those that are not public included.
        further: Where the server says that more lies although this page is empty.
        observed_at: When it was received.
    """

    payloads: Sequence[Payload]
    unreadable: Sequence[Unreadable]
    ids: Sequence[str]
    further: Edge | None
    observed_at: datetime

    def page(self, cursor: str | None, *, overlaps: bool | None) -> Page:
        """The batch as the poll loop takes it."""
        return Page(self.payloads, self.observed_at, cursor, overlaps, self.unreadable)


def read_batch(answer: Answer, edge: Edge | None, host: str) -> Batch:
    """What of a page lies beyond the edge that was asked for; the rest was given before.

    Raises:
        UnavailableError: The answer is no list, or holds only what lies before the edge: not the
            timeline's end, but a cache, or a server that ignores ``min_id`` and ``max_id``.
    """
    if not isinstance(answer.body, list):
        raise UnavailableError(f"{host} answered a timeline that is no list")
    ids = [id_of(item) for item in answer.body]
    # An item without an id is kept: normalising it will say what is wrong with it.
    kept = [n for n, id_ in enumerate(ids) if id_ is None or edge is None or edge.admits(id_)]
    known = [id_ for n in kept if (id_ := ids[n]) is not None]
    if answer.body and not known and not (edge and set(ids) == {edge.id}):
        raise UnavailableError(f"{host} repeated a page of a timeline")
    payloads, unreadable = sorted_out([answer.body[n] for n in kept], host)
    further = None if answer.body else _further(answer, edge)
    return Batch(payloads, unreadable, known, further, answer.received_at)


def _further(answer: Answer, edge: Edge | None) -> Edge | None:
    name: Literal["min_id", "max_id"] = edge.name if edge else "max_id"
    relation = "prev" if name == "min_id" else "next"
    found = parse_qs(answer.links.get(relation, "").partition("?")[2]).get(name)
    if not found or (edge and not edge.admits(found[0])):
        return None
    return Edge(name, found[0])


def sorted_out(items: Any, host: str) -> tuple[list[Payload], list[Unreadable]]:
    """The statuses of a list as payloads, without those that are not public."""
    payloads, unreadable = [], []
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            unreadable.append(Unreadable(json.dumps(item), "a status that is no JSON object"))
        elif item.get("visibility") not in _NOT_PUBLIC:  # a token may show its owner's letters
            payloads.append(Payload("status", item, source=host))
    return payloads, unreadable


def id_of(item: Any) -> str | None:
    """A status's id on its server; None where it has none."""
    found = mapping(item).get("id")
    return str(found) if type(found) is int else string(found)


def order(status_id: str) -> tuple[int, str]:
    """A key: numbers without leading zeros, and the sortable ids of other servers, sort by it."""
    return len(status_id), status_id


def before(status_id: str, seconds: int) -> str:
    """The id that a status of so many seconds earlier would have, where ids hold the time."""
    if not holds_time(status_id):
        return status_id
    return str(max(0, int(status_id) - (seconds * 1_000 << 16)))


def id_at(moment: datetime, *, margin_s: int = 0) -> str:
    """The first id that a status of that time and ``margin_s`` later may have."""
    milliseconds = int(moment.timestamp() * 1_000) + margin_s * 1_000
    return str(max(0, milliseconds << 16))


def holds_time(status_id: str) -> bool:
    """Whether an id is made of the time that its status was written at."""
    return status_id.isascii() and status_id.isdigit() and len(status_id) >= _SNOWFLAKE_DIGITS


def within(batch: Batch, window: Window) -> Batch:
    """A batch without the statuses that were surely posted outside of a window."""
    kept = [one for one in batch.payloads if _in_window(one, window) is not False]
    return replace(batch, payloads=kept)


def all_before(batch: Batch, start: datetime) -> bool:
    """Whether every status of a batch was surely posted before ``start``."""
    written = [moment(mapping(one.body).get("created_at")) for one in batch.payloads]
    known = [one for one in written if one is not None]
    return bool(known) and max(known) < start


def _in_window(payload: Payload, window: Window) -> bool | None:
    written = moment(mapping(payload.body).get("created_at"))
    return None if written is None else window[0] <= written < window[1]
