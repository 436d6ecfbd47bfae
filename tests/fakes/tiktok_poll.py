"""Polls of the two fakes of TikTok, as lists."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from ingestors.platform import Page, Target, TargetKind, Window
from ingestors.platforms.tiktok import Tiktok


async def walk(
    tiktok: Tiktok,
    kind: TargetKind = "hashtag",
    value: str = "vans",
    cursor: str | None = None,
    *,
    window: Window | None = None,
    into: list[Page] | None = None,
) -> list[Page]:
    """All the pages of a target; what comes before an error is in ``into``."""
    got: list[Page] = [] if into is None else into
    async with aclosing(tiktok.pages(Target("tiktok", kind, value, window), cursor)) as pages:
        async for page in pages:
            got.append(page)
    return got


def ids(pages: Sequence[Page], kind: str = "item") -> list[str]:
    """The ids of the payloads of a kind, in order."""
    found = [load.body for page in pages for load in page.payloads if load.kind == kind]
    return [str(body.get("cid") or body["id"]) for body in found]
