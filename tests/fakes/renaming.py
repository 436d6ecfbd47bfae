"""A Mastodon that changes its payloads, and a mapper that follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ingestors.platform import Payload
from ingestors.platforms import mastodon
from lake.records import Record
from tests.fakes.mastodon import FakeMastodon


def rename(fake: FakeMastodon, ids: Sequence[str], old: str, new: str) -> None:
    """Gives a key of these statuses another name, as a platform does without notice."""
    for id_ in ids:
        status = fake.statuses[id_]
        status[new] = status.pop(old)


class Repaired:
    """``mastodon.normalise`` as somebody repaired it: it reads keys by their new names too."""

    def __init__(self, **new_names: str) -> None:
        self._new_names = new_names
        self._before = mastodon.normalise

    def __call__(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        body: dict[str, Any] = dict(payload.body)
        for old, new in self._new_names.items():
            if new in body:
                body[old] = body.pop(new)
        mapped = Payload(payload.kind, body, payload.place, payload.source)
        return self._before(mapped, observed_at)
