"""Instagram's Graph API: a hashtag's posts of the last 24 hours, its top posts, accounts.

Calls: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login/
hashtag-search and …/business-discovery. Posts under a hashtag come without their authors, and
without likes where the owner hides them. The cursor of ``recent_media`` has the same value on every
page and leads on all the same; the list ends where a page is empty or links to no next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ingestors.credentials import Lease, Pool, bucket_of, credential_name
from ingestors.fields import mapping, mappings, string
from ingestors.files.cells import identity
from ingestors.instagram_ledger import TagLedger
from ingestors.instagram_options import Options
from ingestors.instagram_place import Walk, read_place
from ingestors.instagram_shapes import user_of
from ingestors.meta_graph import CALLS, Account, Call, Graph, Listed, Read, listed
from ingestors.platform import Page, Payload, Unreadable
from lake.errors import InvalidError, NotFoundError, UnavailableError
from lake.http import Http
from lake.http_answer import Answer
from lake.json_text import dumps
from lake.records import Json
from lake.retry import Backoff

T = TypeVar("T")
NAME = "instagram"
PAGE_SIZE = 50
_TAG_FIELDS = "id,caption,comments_count,like_count,media_type,permalink,timestamp"
_OWN_FIELDS = f"{_TAG_FIELDS},media_product_type"
_PROFILE_FIELDS = (
    "id,username,name,biography,website,profile_picture_url,followers_count,follows_count,"
    "media_count"
)


@dataclass(frozen=True, slots=True)
class _Batch:
    listed: Listed
    received_at: datetime


class GraphApi:
    """The calls that Taglake makes, with the operator's accounts.

    Args:
        client: Makes the calls.
        options: The platform's section of config.yaml.
    """

    def __init__(self, client: Http, options: Options) -> None:
        self._options = options
        accounts = {
            credential_name(one.access_token.get_secret_value()): Account(
                one.user_id, one.access_token
            )
            for one in options.accounts
        }
        self._accounts = accounts
        self._graph = Graph(
            client,
            Pool(accounts, client.limits),
            f"{options.base}/{options.version}",
            name=NAME,
            backoff=Backoff(base_s=options.backoff_s),
            attempts=options.attempts,
        )
        self._ledger = TagLedger(client.limits, list(accounts), options.tags_per_week)
        self._first_calls = asyncio.Lock()
        self._tag_ids: dict[str, str] = {}

    async def tag_pages(self, tag: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        """A hashtag's new posts, then a page of its top posts.

        Raises:
            RateLimitedError: The hashtag would be one too many for the accounts.
            NotFoundError: Instagram has no such hashtag, or shows it to nobody.
        """
        place = read_place(cursor)
        if place.tag_id is not None:
            self._tag_ids.setdefault(tag, place.tag_id)
        tag_id = self._tag_ids.get(tag) or await self._search(tag)
        walk = Walk(place, timedelta(seconds=self._options.lookback_s))
        after: str | None = None
        for left in reversed(range(self._options.max_pages)):
            batch = await self._edge(tag, f"{tag_id}/recent_media", after, walk)
            fresh = walk.take(batch.listed.items, batch.received_at)
            after = batch.listed.after
            ended = not batch.listed.items or not batch.listed.linked or after is None
            is_last = ended or walk.reached or left == 0
            payloads, unreadable = sorted_out(fresh)
            yield Page(
                payloads,
                batch.received_at,
                walk.place(tag_id).to_text() if is_last else None,
                walk.overlaps(ended=ended) if is_last else None,
                unreadable,
            )
            if is_last:
                break
        if self._options.top_posts:
            batch = await self._edge(tag, f"{tag_id}/top_media", None, None)
            payloads, unreadable = sorted_out(batch.listed.items)
            yield Page(payloads, batch.received_at, unreadable=unreadable)

    async def profile_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        """An account with its latest posts; only professional ones can be found.

        Raises:
            NotFoundError: There is none, or it is personal or age-gated.
        """
        posts = f"media.limit({PAGE_SIZE}){{{_OWN_FIELDS}}}"
        fields = f"business_discovery.username({handle}){{{_PROFILE_FIELDS},{posts}}}"

        def call(account: Account) -> Call:
            return Call(account.user_id, {"fields": fields})

        def read(answer: Answer, _: Lease[Account]) -> tuple[Json, Json, datetime]:
            found = mapping(mapping(answer.body).get("business_discovery"))
            user = user_of({"business_discovery": found})
            if user is None:
                raise UnavailableError("instagram answered an account's look-up with no account")
            return found, user, answer.received_at

        try:
            found, user, at = await self._graph.ask(self._graph.anybody, call, read)
        except (NotFoundError, InvalidError) as exc:
            raise NotFoundError(f"instagram shows no professional account {handle!r}") from exc
        owner = {key: user[key] for key in ("id", "username", "name") if key in user}
        items = mapping(found.get("media")).get("data")
        payloads, unreadable = sorted_out(items if isinstance(items, list) else [])
        posts_of_it = [Payload("media", {"media": one.body, "owner": owner}) for one in payloads]
        yield Page([Payload("profile", user), *posts_of_it], at, unreadable=unreadable)

    async def check(self) -> str:
        """Asks for the account's own name."""

        def call(account: Account) -> Call:
            return Call(account.user_id, {"fields": "id,username"})

        answer = await self._graph.ask(self._graph.anybody, call, _as_it_is)
        name = string(mapping(answer.body).get("username")) or "an account without a name"
        return f"the token is accepted for {name}; accounts: {len(self._accounts)}"

    async def _search(self, tag: str) -> str:
        def call(account: Account) -> Call:
            return Call("ig_hashtag_search", {"user_id": account.user_id, "q": tag})

        def read(answer: Answer, _: Lease[Account]) -> list[Json]:
            return mappings(listed(answer.body, NAME).items)

        found = await self._ask_of_tag(tag, call, read)
        tag_id = identity(found[0].get("id")) if found else None
        if tag_id is None:
            raise NotFoundError(f"instagram knows no hashtag #{tag}")
        self._tag_ids[tag] = tag_id
        return tag_id

    async def _edge(self, tag: str, path: str, after: str | None, walk: Walk | None) -> _Batch:
        params = {"fields": _TAG_FIELDS, "limit": str(PAGE_SIZE)}
        params |= {"after": after} if after else {}

        def call(account: Account) -> Call:
            return Call(path, {"user_id": account.user_id} | params)

        def read(answer: Answer, _: Lease[Account]) -> _Batch:
            found = listed(answer.body, NAME)
            if walk is not None and walk.repeats(found.items):
                raise UnavailableError(f"instagram repeated a page of #{tag}")
            return _Batch(found, answer.received_at)

        return await self._ask_of_tag(tag, call, read)

    async def _ask_of_tag(self, tag: str, call: Callable[[Account], Call], read: Read[T]) -> T:
        """A call that counts toward the 30 hashtags of the account that makes it."""
        if any(self._ledger.holds(name, tag) for name in self._usable()):
            return await self._counted(tag, call, read)
        async with self._first_calls:  # two new hashtags at once might both take the last place
            return await self._counted(tag, call, read)

    async def _counted(self, tag: str, call: Callable[[Account], Call], read: Read[T]) -> T:
        asked: list[str] = []

        def pick() -> Lease[Account]:
            usable = self._usable()
            if not usable:
                return self._graph.anybody()  # raises: none is accepted
            name = self._ledger.pick(usable, tag)
            asked.append(name)
            return Lease(name, self._accounts[name], bucket_of(name, CALLS))

        def read_counted(answer: Answer, lease: Lease[Account]) -> T:
            self._ledger.count(lease.name, tag)
            return read(answer, lease)

        try:
            return await self._graph.ask(pick, call, read_counted)
        except (UnavailableError, NotFoundError, InvalidError):
            if asked:  # it may have counted all the same
                self._ledger.count(asked[-1], tag)
            raise

    def _usable(self) -> Sequence[str]:
        return [name for name in self._accounts if name not in self._graph.refused]


def sorted_out(items: Sequence[Any]) -> tuple[list[Payload], list[Unreadable]]:
    """The posts of a list as payloads, and what is none."""
    payloads, unreadable = [], []
    for item in items:
        if isinstance(item, dict):
            payloads.append(Payload("media", item))
        else:
            unreadable.append(Unreadable(dumps(item).decode(), "a post that is no JSON object"))
    return payloads, unreadable


def _as_it_is(answer: Answer, _: Lease[Account]) -> Answer:
    return answer
