"""A lake that belongs to one test, and what the command line answered in it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lake.access import Access
from lake.config import Config


@dataclass(frozen=True)
class LakeOfTest:
    """A lake with a prefix that nobody else has.

    Args:
        config: Its configuration.
        access: How to enter it as one who may do everything.
        folder: A folder of the test's own.
    """

    config: Config
    access: Access
    folder: Path

    @property
    def prefix(self) -> str:
        return self.config.elasticsearch.index_prefix

    def config_file(self, **sections: dict[str, object]) -> Path:
        """A config.yaml for the command line that leads into this lake."""
        elasticsearch = {
            "url": self.access.url,
            "user": self.access.user,
            "password": "${TAGLAKE_TEST_PASSWORD}",
            "index_prefix": self.prefix,
        }
        writer = {"dead_letter_dir": str(self.folder / "dead-letters")}
        found: dict[str, dict[str, object]] = {"elasticsearch": elasticsearch, "writer": writer}
        for name, section in sections.items():
            found[name] = found.get(name, {}) | section
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(found))
        return path


@dataclass(frozen=True)
class Called:
    """What a call of the command line gave."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def _listen_to_ctrl_c() -> None:
    """A shell that starts the tests in its background makes them deaf to it, and their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class CommandLine:
    """``taglake`` with a configuration; call it, or start it and see."""

    config: Path
    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    async def __call__(self, *arguments: str | Path) -> Called:
        process = await self.start(*arguments)
        out, err = await process.communicate()
        return Called(process.returncode or 0, out.decode(), err.decode())

    async def start(self, *arguments: str | Path) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "taglake",
            "--config",
            str(self.config),
            *map(str, arguments),
            cwd=self.root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | self.environment,
            preexec_fn=_listen_to_ctrl_c,
        )
