"""Walks over TikTok's site: a hashtag's counter and posts, an account, a video's comments.

The paths are those that TikTokApi's own methods ask for. A hashtag's feed is not in the order of
time, shows some hundred videos of what may be millions, and others at each poll: so each poll
begins at its start, and none can say what lies between it and the last one.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from ingestors.fields import mapping, mappings, whole
from ingestors.platform import Page, Payload, Target, Unreadable
from ingestors.tiktok_browser import Browser, WebAnswer
from ingestors.tiktok_options import Options
from lake.errors import InvalidError, NotFoundError, UnavailableError
from lake.json_text import dumps

logger = logging.getLogger(__name__)
POSTS_A_PAGE = 30
_COMMENTS_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class _List:
    """How the site calls the parts of one of its lists.

    Args:
        path: Where it is.
        items: The key of the page's items.
        more: The key of whether there are further pages.
        id: The key of an item's id.
        kind: What kind of payload an item is.
    """

    path: str
    items: str
    more: str
    id: str
    kind: str


_POSTS = _List("/api/challenge/item_list/", "itemList", "hasMore", "id", "item")
_COMMENTS = _List("/api/comment/list/", "comments", "has_more", "cid", "comment")


class Web:
    """The site.

    Args:
        browser: Makes the calls.
        options: The platform's section of config.yaml.
    """

    def __init__(self, browser: Browser, options: Options) -> None:
        self._browser = browser
        self._options = options

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``; no walk leaves a cursor: the site's lists change under it.

        Raises:
            NotFoundError: There is no such account or video.
        """
        del cursor
        value = target.value.strip()
        if target.kind == "hashtag" and target.window is None and value.strip("#"):
            return self._tag_pages(value.strip("#"))
        if target.kind == "profile" and value.strip("@"):
            return self._user_pages(value.lstrip("@"))
        if target.kind == "comments" and whole(value):
            return self._comment_pages(value)
        raise InvalidError(f"tiktok cannot poll {target.key!r}")

    async def check(self) -> str:
        """See ``Platform.check``."""
        await self._browser.get("/api/user/detail/", {"uniqueId": "tiktok", "secUid": ""})
        return "the site answers the browser"

    async def _tag_pages(self, tag: str) -> AsyncGenerator[Page, None]:
        try:
            answer = await self._browser.get("/api/challenge/detail/", {"challengeName": tag})
        except NotFoundError:  # nobody has used it yet
            return
        info = mapping(answer.body.get("challengeInfo"))
        id_ = whole(mapping(info.get("challenge")).get("id"))
        if not id_:
            return
        yield Page([Payload("challenge", info)], answer.received_at)
        params = {"challengeID": str(id_), "count": str(POSTS_A_PAGE)}
        async with aclosing(self._walk(_POSTS, params, self._options.page_cap)) as walk:
            async for page in walk:
                yield page

    async def _user_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        params = {"uniqueId": handle, "secUid": ""}
        answer = await self._browser.get("/api/user/detail/", params)
        info = mapping(answer.body.get("userInfo"))
        if not mapping(info.get("user")):
            raise NotFoundError(f"tiktok shows no account {handle!r}")
        yield Page([Payload("user", info)], answer.received_at)

    async def _comment_pages(self, video_id: str) -> AsyncGenerator[Page, None]:
        params = {"aweme_id": video_id, "count": str(_COMMENTS_A_PAGE)}
        async with aclosing(self._walk(_COMMENTS, params, self._options.comment_page_cap)) as walk:
            async for page in walk:
                yield page

    async def _walk(
        self, listed: _List, params: dict[str, str], page_cap: int
    ) -> AsyncGenerator[Page, None]:
        """A list's pages to its end, to the cap, or until it gives only what it gave before.

        An empty page that leads on is no end.
        """
        cursor, seen = 0, set[str]()
        for _ in range(page_cap):
            answer = await self._browser.get(listed.path, params | {"cursor": str(cursor)})
            page, ids = _page(answer, listed)
            if ids and seen.issuperset(ids):
                logger.info("the list repeats itself", extra={"path": listed.path})
                return
            seen.update(ids)
            yield page
            following = whole(answer.body.get("cursor"))
            if not answer.body.get(listed.more):
                return
            if following is None or following <= cursor:
                raise UnavailableError(f"tiktok's {listed.path} leads in a circle at {cursor}")
            cursor = following
        logger.info("the page cap is reached", extra={"path": listed.path, "pages": page_cap})


def _page(answer: WebAnswer, listed: _List) -> tuple[Page, list[str]]:
    """The page that an answer is, and the ids on it."""
    found = answer.body.get(listed.items)
    items: list[Any] = found if isinstance(found, list) else []
    strange = [item for item in items if not isinstance(item, dict)]
    payloads = [Payload(listed.kind, item) for item in mappings(items)]
    ids = [str(id_) for item in mappings(items) if (id_ := whole(item.get(listed.id)))]
    unreadable = [Unreadable(dumps(item).decode(), "no object in a list") for item in strange]
    return Page(payloads, answer.received_at, unreadable=unreadable), ids
