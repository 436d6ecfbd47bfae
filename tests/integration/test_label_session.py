"""``taglake label --next`` at a terminal: a pseudo-terminal is on both of its ends."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import termios

from lake.store import Store
from tests.fakes.labelled_posts import write_scored
from tests.lakes import CommandLine

UNSURE = (0.33, 0.34, 0.33)
PATIENCE_S = 300.0


async def _shown(terminal: int, wanted: str) -> str:
    """What is shown until the wanted text is, or time is up."""
    seen = ""
    async with asyncio.timeout(PATIENCE_S):
        while wanted not in seen:
            try:
                seen += os.read(terminal, 4_096).decode(errors="replace")
            except BlockingIOError:
                await asyncio.sleep(0.05)
    return seen


async def _press(terminal: int, inner: int, key: bytes) -> None:
    """Presses a key once the program waits for it: what is typed before is dropped."""
    async with asyncio.timeout(PATIENCE_S):
        # A terminal tells nobody of its mode.
        while termios.tcgetattr(inner)[3] & termios.ICANON:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    os.write(terminal, key)


async def test_a_key_is_a_label_and_the_models_word_comes_after_it(
    taglake: CommandLine, store: Store
) -> None:
    texts = ("first of all", "second of all", "third of all")
    await write_scored(store, *((text, UNSURE, "neutral") for text in texts))
    terminal, inner = pty.openpty()
    os.set_blocking(terminal, False)
    process = None
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
        before = await _shown(terminal, "q quit")
        await _press(terminal, inner, b"p")
        after = await _shown(terminal, "q quit")
        await _press(terminal, inner, b"s")
        await _shown(terminal, "q quit")
        await _press(terminal, inner, b"q")
        await _shown(terminal, "labels given: 1")
        status = await process.wait()
    finally:
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()
        os.close(inner)
        os.close(terminal)

    await store.refresh()
    labels = [label async for label in store.labels.all()]
    assert status == 0
    assert "test-1 says" not in before
    assert "test-1 says unsure" in after
    assert [(one["label"], one["by"]) for one in labels] == [("positive", "ann")]
    assert labels[0]["text"] in before
