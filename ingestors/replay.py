"""Dead letters tried again, after a mapper or a template was repaired."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from ingestors.connections import Mapper, mapper
from ingestors.platform import Payload
from lake import times
from lake.dead_letter_box import KeptLetter, letters, mark_replayed
from lake.documents import RawPayload
from lake.erasure import erase
from lake.errors import ConfigError, PayloadError
from lake.records import Erasure, Json
from lake.store import Sighting, Store


@dataclass(slots=True)
class Replayed:
    """What a replay did: letters that are in the lake now, and letters that still cannot be."""

    done: int = 0
    failed: int = 0


async def replay(store: Store, query: Json, on_letter: Callable[[Replayed], None]) -> Replayed:
    """Normalises and writes each letter that a query finds; no platform is asked anything.

    Args:
        store: Where letters are and posts go.
        query: Which letters; see ``letters_query``.
        on_letter: Called after each letter with the count so far.

    Raises:
        RetryError: Elasticsearch did not answer; letters that were done are marked so.
    """
    result = Replayed()
    mappers: dict[tuple[str, str | None], Mapper] = {}
    async with aclosing(letters(store, query)) as found:
        async for letter in found:
            if letter.source["stage"] == "read":  # only another file can mend what is no JSON
                result.failed += 1
                on_letter(result)
                continue
            key = (letter.source["platform"], letter.source.get("context"))
            try:
                if key not in mappers:
                    mappers[key] = mapper(*key)
                await _write(store, letter, sighting_of(letter, mappers[key]))
            except (PayloadError, ConfigError) as exc:
                result.failed += 1
                await mark_replayed(store, letter, failure=str(exc))
            else:
                result.done += 1
                await mark_replayed(store, letter, failure=None)
            on_letter(result)
    return result


def sighting_of(letter: KeptLetter, normalise: Mapper) -> Sighting:
    """The letter's payload and the records that it holds. Pure.

    Raises:
        PayloadError: It still lacks something that no record can do without.
    """
    source = letter.source
    body = json.loads(source["payload"])
    observed_at = times.from_text(source["@timestamp"])
    payload = Payload(source.get("kind", ""), body, source.get("place"), source.get("source"))
    records = normalise(payload, observed_at)
    seen_at = records[0].observed_at if records else observed_at
    raw = RawPayload(payload.kind, body, seen_at, payload.place, payload.source)
    return Sighting(raw, records)


async def _write(store: Store, letter: KeptLetter, seen: Sighting) -> None:
    written = await (await store.submit([seen], letter.origin)).done()
    if written.rejected:
        raise PayloadError("Elasticsearch refused it again")
    await erase(store, [record for record in seen.records if isinstance(record, Erasure)])
