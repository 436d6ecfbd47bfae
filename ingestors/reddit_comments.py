"""The comments below a submission: a tree that comes in parts. Pure.

Endpoints: https://www.reddit.com/dev/api (comments/{article}, api/morechildren). An answer holds a
part of the tree and ``more`` objects for the rest: such a one lists ids, which are asked for a
hundred at a time, or none where a thread is only continued on a page of its own. So many calls are
made as a poll may make; the newest comments come first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from ingestors.fields import mapping, string
from ingestors.reddit_records import data_of, fullname
from ingestors.reddit_search import read_listing
from lake.errors import UnavailableError
from lake.json_text import dumps
from lake.records import Json
from lake.text import digest

MOST_IDS = 100  # that morechildren takes in one call
_MOST_COMMENTS = "500"
Call = tuple[str, dict[str, str]]


class CommentWalk:
    """Every comment below one submission, each once.

    Args:
        link: The submission's fullname.
    """

    def __init__(self, link: str) -> None:
        self._link = link
        self._page = f"/comments/{link.removeprefix('t3_')}"
        self._ids: deque[str] = deque()
        self._threads: deque[str] = deque()
        self._met: set[str] = set()
        self._asked: set[str] = set()
        self._begun = False

    def next_call(self) -> Call | None:
        """What is asked for next: path and parameters; None at the end."""
        if not self._begun:
            self._begun = True
            return self._page, {"limit": _MOST_COMMENTS, "sort": "new"}
        if self._ids:
            ids = [self._ids.popleft() for _ in range(min(MOST_IDS, len(self._ids)))]
            params = {"link_id": self._link, "children": ",".join(ids), "sort": "new"}
            return "/api/morechildren", params | {"api_type": "json", "limit_children": "false"}
        if self._threads:
            params = {"comment": self._threads.popleft(), "limit": _MOST_COMMENTS, "sort": "new"}
            return self._page, params
        return None

    @property
    def left(self) -> int:
        """Parts of the tree that are known and were not asked for."""
        return len(self._ids) + len(self._threads)

    def take(self, things: Sequence[Any]) -> list[Any]:
        """What of an answer's things was not met before, one by one; ``more`` is for later."""
        fresh: list[Any] = []
        for thing in _one_by_one(things):
            if mapping(thing).get("kind") == "more":
                self._note(data_of(thing))
                continue
            data = data_of(mapping(thing))
            name = fullname(data, "t1") or fullname(data, "t3") or digest(dumps(thing))
            if name not in self._met:
                self._met.add(name)
                fresh.append(thing)
        return fresh

    def _note(self, more: Json) -> None:
        ids = [id_ for child in _list(more.get("children")) if (id_ := string(child))]
        self._ids += [id_ for id_ in dict.fromkeys(ids) if id_ not in self._asked]
        self._asked.update(ids)
        parent = string(more.get("parent_id")) or ""
        if not ids and parent.startswith("t1_") and parent not in self._asked:
            self._asked.add(parent)
            self._threads.append(parent.removeprefix("t1_"))


def things_in(body: Any) -> list[Any]:
    """The things of an answer to either call, trees as they came.

    Raises:
        UnavailableError: It holds none, or says that something went wrong.
    """
    if isinstance(body, list):  # a submission's page: itself and its comments
        return [child for part in body for child in read_listing(part).children]
    answer = mapping(mapping(body).get("json"))
    if errors := answer.get("errors"):
        raise UnavailableError(f"reddit did not give more comments: {str(errors)[:80]}")
    things = mapping(answer.get("data")).get("things")
    if not isinstance(things, list):
        raise UnavailableError("reddit answered with something that holds no comments")
    return things


def _one_by_one(things: Sequence[Any]) -> Iterator[Any]:
    """Each thing of a tree without those below it, which come as things of their own."""
    waiting = deque(things)
    while waiting:
        thing = waiting.popleft()
        replies = data_of(mapping(thing)).get("replies")
        if not isinstance(replies, dict):
            yield thing
            continue
        below = mapping(replies.get("data")).get("children")
        waiting.extend(_list(below))
        data = {key: value for key, value in data_of(thing).items() if key != "replies"}
        yield {**thing, "data": data}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
