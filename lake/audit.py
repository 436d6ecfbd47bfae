"""What people and programs decided, when and why: the ``audit`` index, which is only added to."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.client import our_errors, while_starting
from lake.errors import ConflictError, RejectedError, UnavailableError
from lake.layout import Layout
from lake.records import Json
from lake.text import clean, digest

_LONGEST = 1_000
_MOST_DETAILS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision.

    Args:
        actor: Who decided: on the command line the user of the operating system.
        action: What was done, such as ``model.promote``.
        subject: To what, such as a model's name.
        at: When.
        reason: Why, in the actor's words.
        details: What else is worth knowing; at most 50 short values.
    """

    actor: str
    action: str
    subject: str
    at: datetime
    reason: str | None = None
    details: dict[str, str | int | float | bool] = field(default_factory=dict)


class Audit:
    """The ``audit`` index."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("audit")

    async def note(self, entry: Entry) -> None:
        """Keeps an entry; asked again where Elasticsearch does not answer, kept once all the same.

        Raises:
            RetryError: Elasticsearch did not answer for a while.
        """
        key = digest(entry.action, entry.subject, uuid4().hex)

        async def write() -> None:
            with our_errors(f"keeping the audit entry {entry.action} {entry.subject}"):
                await self._client.create(
                    index=self._index, id=key, document=_source(entry), refresh="wait_for"
                )

        try:
            await while_starting(write)
        except ConflictError:  # an earlier attempt was carried out, its answer lost
            return

    async def note_all(self, entries: Mapping[str, Entry]) -> None:
        """Keeps many entries, seen by searches a second later; safe to ask again for the same.

        Args:
            entries: By ids that the caller makes, new ones for new entries.

        Raises:
            RejectedError: Elasticsearch refused some for good; the others are kept.
            RetryError: Elasticsearch did not answer for a while, or did not take some now.
        """
        lines: list[Json] = []
        for key, entry in entries.items():
            lines += [{"create": {"_id": key}}, _source(entry)]

        async def write() -> None:
            with our_errors("keeping audit entries"):
                answer = await self._client.bulk(index=self._index, operations=lines)
            # 409: an earlier attempt was carried out, its answer lost
            states = {item["create"]["status"] for item in answer["items"]} - {409}
            if any(status == 429 or status >= 500 for status in states):
                raise UnavailableError("keeping audit entries: Elasticsearch took only some")
            if any(status >= 400 for status in states):
                raise RejectedError("keeping audit entries: Elasticsearch refused some")

        if lines:
            await while_starting(write)

    async def last(self, n: int = 100, *, action: str = "", subject: str = "") -> list[Entry]:
        """The last entries, the newest first.

        Args:
            n: How many at most; up to 10,000.
            action: Only those that begin so, such as ``model.``.
            subject: Only those on this.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        filters: list[Json] = []
        if action:
            filters.append({"prefix": {"action": action}})
        if subject:
            filters.append({"term": {"subject": subject}})

        async def ask() -> Json:
            with our_errors("reading the audit entries"):
                answer = await self._client.search(
                    index=self._index,
                    query={"bool": {"filter": filters}},
                    sort=[{"at": "desc"}],
                    size=n,
                    ignore_unavailable=True,
                )
            return dict(answer)

        hits = (await while_starting(ask))["hits"]["hits"]
        return [_entry(hit["_source"]) for hit in hits]


def this_user() -> str:
    """The name of the user who runs this process."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # an account that the system has no name for, as in containers
        return f"uid {number}"


def _source(entry: Entry) -> Json:
    details = {
        _short(name): _short(value) if isinstance(value, str) else value
        for name, value in list(entry.details.items())[:_MOST_DETAILS]
    }
    source: Json = {
        "at": times.to_text(entry.at),
        "actor": _short(entry.actor),
        "action": entry.action,
        "subject": _short(entry.subject),
        "details": details,
    }
    return source | ({"reason": _short(entry.reason)} if entry.reason else {})


def _short(text: str) -> str:
    return clean(text[:_LONGEST])


def _entry(source: Json) -> Entry:
    return Entry(**source | {"at": times.from_text(source["at"])})
