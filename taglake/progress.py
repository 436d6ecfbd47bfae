"""Progress bars: on standard error, and only where a person looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

Advance = Callable[[float], None]


@contextmanager
def progress(what: str, total: float | None, *, unit: str = "bytes") -> Iterator[Advance]:
    """A bar that is drawn while the block runs; call the yielded function with what is done so far.

    Args:
        what: What goes on, in a word or two.
        total: How much there is; None where nobody knows.
        unit: What is counted; ``bytes`` are shown as kB and MB.
    """
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    amount: ProgressColumn = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        amount,
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
