"""Dead letters tried again, after a mapper or a template was repaired."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any

from ingestors.connections import connection
from ingestors.platform import Payload, Platform
from lake import times
from lake.dead_letter_box import KeptLetter, letters, mark_replayed
from lake.documents import RawPayload
from lake.errors import ConfigError, PayloadError
from lake.records import Json
from lake.store import Sighting, Store

Sections = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Replayed:
    """What a replay did: letters that are in the lake now, and letters that still cannot be."""

    done: int = 0
    failed: int = 0


async def replay(
    store: Store, query: Json, sections: Sections, on_letter: Callable[[Replayed], None]
) -> Replayed:
    """Normalises and writes each letter that a query finds.

    Args:
        store: Where letters are and posts go.
        query: Which letters; see ``letters_query``.
        sections: The platforms' sections of config.yaml.
        on_letter: Called after each letter with the count so far.

    Raises:
        RetryError: Elasticsearch did not answer; letters that were done are marked so.
    """
    result = Replayed()
    async with AsyncExitStack() as stack:
        platforms: dict[tuple[str, str | None], Platform] = {}
        found = await stack.enter_async_context(aclosing(letters(store, query)))
        async for letter in found:
            if letter.source["stage"] == "read":  # only another file can mend what is no JSON
                result.failed += 1
                on_letter(result)
                continue
            key = (letter.source["platform"], letter.source.get("context"))
            try:
                if key not in platforms:
                    opened = connection(key[0], _section(key, sections))
                    platforms[key] = await stack.enter_async_context(opened)
                await _write(store, letter, platforms[key])
            except (PayloadError, ConfigError) as exc:
                result.failed += 1
                await mark_replayed(store, letter, failure=str(exc))
            else:
                result.done += 1
                await mark_replayed(store, letter, failure=None)
            on_letter(result)
    return result


def _section(key: tuple[str, str | None], sections: Sections) -> Mapping[str, Any]:
    platform, context = key
    if context is not None:
        section: Mapping[str, Any] = json.loads(context)
        return section
    return sections.get(platform, {})


async def _write(store: Store, letter: KeptLetter, platform: Platform) -> None:
    source = letter.source
    body = json.loads(source["payload"])
    observed_at = times.from_text(source["@timestamp"])
    payload = Payload(source.get("kind", ""), body, source.get("place"))
    records = platform.normalise(payload, observed_at)
    seen_at = records[0].observed_at if records else observed_at
    sighting = Sighting(RawPayload(payload.kind, body, seen_at, payload.place), records)
    written = await (await store.submit([sighting], letter.origin)).done()
    if written.rejected:
        raise PayloadError("Elasticsearch refused it again")
