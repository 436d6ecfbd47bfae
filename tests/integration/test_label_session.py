"""``taglake label --next`` at a terminal: a pseudo-terminal is on both of its ends."""

from __future__ import annotations

import asyncio
import os
import pty
import sys

from lake.store import Store
from tests.fakes.labelled_posts import write_scored
from tests.lakes import CommandLine

UNSURE = (0.33, 0.34, 0.33)
PATIENCE_S = 300.0


async def _read_until(terminal: int, wanted: str, seen: str = "") -> str:
    async with asyncio.timeout(PATIENCE_S):
        while wanted not in seen:
            part = await asyncio.to_thread(os.read, terminal, 4_096)
            seen += part.decode(errors="replace")
    return seen


async def test_a_key_is_a_label_and_the_models_word_comes_after_it(
    taglake: CommandLine, store: Store
) -> None:
    texts = ("first of all", "second of all", "third of all")
    await write_scored(store, *((text, UNSURE, "neutral") for text in texts))
    terminal, inner = pty.openpty()
    arguments = ("-m", "taglake", "--config", str(taglake.config))
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            *("label", "--next", "--by", "ann"),
            cwd=taglake.root,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=os.environ | taglake.environment | {"TERM": "dumb", "COLUMNS": "100"},
        )
        before = await _read_until(terminal, "q quit")
        os.write(terminal, b"p")
        after = await _read_until(terminal, "2 of 3")
        await _read_until(terminal, "q quit", after.partition("2 of 3")[2])
        os.write(terminal, b"s")
        await _read_until(terminal, "3 of 3")
        os.write(terminal, b"q")
        await _read_until(terminal, "1 posts labelled")
        status = await process.wait()
    finally:
        os.close(inner)
        os.close(terminal)

    await store.refresh()
    labels = [label async for label in store.labels.all()]
    assert status == 0
    assert "test-1 says" not in before
    assert "test-1 says unsure" in after
    assert [(one["label"], one["by"]) for one in labels] == [("positive", "ann")]
    assert labels[0]["text"] in before
