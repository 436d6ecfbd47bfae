"""Python's cycle collector, set for a server that reads large JSON answers.

An answer of Elasticsearch is some ten thousand dictionaries and lists, none of which is part of a
cycle. With Python's usual threshold (700) the collector walks over all of them again and again
while they are being read: a quarter of the processor time that the API spends on questions about a
million posts.
"""

from __future__ import annotations

import gc

_NEW_OBJECTS = 50_000
_YOUNGER_ROUNDS = 20


def collect_seldom() -> None:
    """What is there now is never looked at again; what comes is looked at more seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNGER_ROUNDS, _YOUNGER_ROUNDS)
