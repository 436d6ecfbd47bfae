"""``exact``: whether an answer about authors counts each of them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

Exactness = Literal["auto", "true", "false"]
EXACT_HELP = (
    "`true`: every author is counted one by one, which takes seconds where they are very many. "
    "`false`: the largest are, and a sample stands for the others; the answer is fast and says how "
    "far off it may be. `auto`: `true` for up to 5,000 authors."
)
Exact = Annotated[Exactness, Query(description=EXACT_HELP)]
_WANTED: dict[Exactness, bool | None] = {"auto": None, "true": True, "false": False}


def wanted(exact: Exactness) -> bool | None:
    """What the answers take: None leaves it to them."""
    return _WANTED[exact]
