"""Tools that tell the log of each of their steps, kept silent while they work."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_chatter(level: int = logging.INFO) -> Iterator[None]:
    """Nothing up to a level is logged in the block, by anybody.

    ONNX Runtime's quantiser and optimizer log a line for every tensor, some of them through the
    root logger, so that no name can be told to be silent.

    Args:
        level: The highest that is not logged; by default warnings still are.
    """
    before = logging.root.manager.disable
    logging.disable(max(before, level))
    try:
        yield
    finally:
        logging.disable(before)
