"""What Jetstream really sent, streamed again from loopback."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

from ingestors.platform import Page
from lake.records import Erasure, Post
from tests.contract.bluesky_payloads import FOLDER
from tests.fakes import jetstream as fakes
from tests.fakes.jetstream import START_US, run_jetstream
from tests.fakes.jetstream_pages import keys, pages_until_cut, records, stream


async def test_what_was_recorded_is_streamed_whole() -> None:
    lines = (FOLDER / "jetstream/expected_v1.jsonl").read_text(encoding="utf-8").splitlines()
    async with run_jetstream() as fake:
        fake.send(*map(json.loads, lines))
        fake.turns.extend([fakes.cut_after(40), fakes.cut_after(100)])
        tags = {"indierebellion", "talesatwonderworld", "howtotellaitoshutup"}
        latest = str(max(json.loads(line)["time_us"] for line in lines))
        source, found, cursor = stream(fake), list[Page](), str(START_US)
        for _ in range(2):
            pages, cursor = await pages_until_cut(source, cursor, tags)
            found += pages
        async with asyncio.timeout(60), aclosing(source.pages(lambda: tags, cursor)) as rest:
            async for page in rest:
                found.append(page)
                if page.cursor == latest:
                    break

    posts = [one for one in records(found) if isinstance(one, Post)]
    erased = [one for one in records(found) if isinstance(one, Erasure)]
    assert len(keys(found)) == len(set(keys(found)))
    assert {tag for post in posts for tag in post.hashtags} >= tags
    assert len(posts) == 2
    assert len(erased) == 1
