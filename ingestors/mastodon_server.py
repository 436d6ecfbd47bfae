"""One Mastodon server: its calls, its credentials, its statuses and accounts.

Endpoints: https://docs.joinmastodon.org/methods/ (instance, statuses, accounts).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from pydantic import SecretStr

from ingestors.credentials import Lease, Pool, by_name
from ingestors.fields import host_of, mapping, string
from ingestors.mastodon_places import Address
from ingestors.mastodon_timeline import Batch, Edge, id_of, read_batch, sorted_out
from ingestors.platform import Page, Payload, Unreadable
from lake.errors import (
    BlockedError,
    NotFoundError,
    RetryError,
    StopPlatformError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Http
from lake.http_answer import Answer
from lake.retry import Backoff, retrying
from lake.times import now

logger = logging.getLogger(__name__)
T = TypeVar("T")
PAGE_SIZE = 40  # the most that a timeline gives
STATUSES_PER_CALL = 20  # the most that a server takes of ``id[]``
_GONE = (404, 410)
Feed = Literal["open", "for accounts", "closed", "untold"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What is the same for every server.

    Args:
        attempts: Calls in all before a walk is cut short.
        backoff_s: Longest wait after the first failure; it doubles with each further one.
        first_poll_pages: Pages that the first poll of a hashtag goes back.
        lookback_s: How far before its place a later poll begins.
        patience_s: The longest wait that a server may ask for; it is left out for a longer one.
    """

    attempts: int
    backoff_s: float
    first_poll_pages: int = 1
    lookback_s: int = 0
    patience_s: float = 900.0


class Server:
    """Calls to one server.

    Args:
        client: Makes the calls.
        base: The server's address, without a path.
        settings: How often they are tried, and how far walks go.
        tokens: The operator's access tokens there; each has a limit of its own.
    """

    def __init__(
        self, client: Http, base: str, settings: Settings, tokens: tuple[SecretStr, ...] = ()
    ) -> None:
        self.base = base
        self.host = host_of(base) or ""
        self.settings = settings
        self._http = client
        self._backoff = Backoff(base_s=settings.backoff_s, max_wait_s=settings.patience_s)
        self._pool = Pool(by_name(tokens), client.limits)
        self._feed_is_checked = False
        self._feed_check = asyncio.Lock()
        self._takes_several = True

    async def get(self, path: str, params: dict[str, str] | None = None) -> Answer:
        """The JSON at a path.

        Raises:
            RetryError: The server did not answer.
            StopPlatformError: It refuses us, or all of our tokens.
            NotFoundError: It has no such path, or not what the path names.
        """
        return await self._retry(lambda: self._ask(path, params, _refusal))

    async def batch(self, path: str, edge: Edge | None) -> Batch:
        """One page of a timeline, beyond an edge."""
        params = {"limit": str(PAGE_SIZE)} | ({edge.name: edge.id} if edge else {})

        async def ask() -> Batch:
            return read_batch(await self._ask(path, params, _refusal), edge, self.host)

        return await self._retry(ask)

    def payload(self, kind: str, answer: Answer) -> Payload:
        """An answer as this server's payload."""
        return Payload(kind, mapping(answer.body), source=self.host)

    async def refuse_closed_feed(self) -> None:
        """Asks once whether tag feeds are open.

        Raises:
            BlockedError: They are closed.
        """
        async with self._feed_check:
            if self._feed_is_checked:
                return
            try:
                feed = await self._feed()
            except (NotFoundError, StopPlatformError):
                feed = "untold"  # the timeline itself will tell
            self._refuse(feed)
            self._feed_is_checked = True

    async def check(self) -> str:
        """Says in a few words what one call tells of the server.

        Raises:
            RetryError: The server did not answer.
            StopPlatformError: It refuses us, or closed its tag feeds.
        """
        try:
            feed = await self._feed()
        except NotFoundError:
            feed = "untold"
        self._refuse(feed)
        return f"{self.host} {'shows hashtags' if feed == 'open' else 'answers'}"

    def _refuse(self, feed: Feed) -> None:
        if feed in ("closed", "for accounts"):
            mend = "give it an access token, or " if feed == "for accounts" else ""
            raise BlockedError(f"{self.host} closed its tag feeds; {mend}poll another server")

    async def _feed(self) -> Feed:
        """For whom the server shows hashtags, as far as it says: one before 4.5 does not."""
        instance = mapping((await self.get("/api/v2/instance")).body)
        access = mapping(mapping(instance.get("configuration")).get("timelines_access"))
        told = set(map(str, mapping(access.get("hashtag_feeds")).values()))
        if not told:
            return "untold"
        if told <= {"disabled"}:
            return "closed"
        is_member = len(self._pool) > 0
        return "for accounts" if told <= {"disabled", "authenticated"} and not is_member else "open"

    async def account_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        """One page with an account's profile."""
        try:
            answer = await self.get("/api/v1/accounts/lookup", {"acct": handle})
        except NotFoundError as exc:
            raise NotFoundError(f"{self.host} knows no account {handle!r}") from exc
        yield Page([self.payload("account", answer)], answer.received_at)

    async def reply_pages(self, address: Address) -> AsyncGenerator[Page, None]:
        """One page with the replies to a status."""
        found = await self._there(f"/api/v1/statuses/{address.id}/context")
        if isinstance(found, int):
            raise NotFoundError(f"{self.host} has no status {address.id}, or no longer")
        payloads, unreadable = sorted_out(mapping(found.body).get("descendants"), self.host)
        yield Page(payloads, found.received_at, unreadable=unreadable)

    async def status_pages(self, addresses: Sequence[Address]) -> AsyncGenerator[Page, None]:
        """What statuses of this server are now; of those that are gone, that they are."""
        for start in range(0, len(addresses), STATUSES_PER_CALL):
            wanted = addresses[start : start + STATUSES_PER_CALL]
            items = await self._several([one.id for one in wanted]) if len(wanted) > 1 else []
            given = {id_of(item): item for item in items}
            payloads: list[Payload] = []
            unreadable: list[Unreadable] = []
            for one in wanted:
                item = given.get(one.id)
                found = item if item is not None else await self._one(one)
                if isinstance(found, Payload):
                    payloads.append(found)
                    continue
                good, bad = sorted_out([found], self.host)
                payloads += good
                unreadable += bad
            yield Page(payloads, now(), unreadable=unreadable)

    async def _several(self, ids: Sequence[str]) -> list[Any]:
        """Those of several statuses that the server gives at once; before 4.3 none."""
        if not self._takes_several:
            return []
        path = "/api/v1/statuses?" + urlencode([("id[]", id_) for id_ in ids])
        try:
            body = (await self.get(path)).body
        except (NotFoundError, BlockedError):
            body = None
        self._takes_several = isinstance(body, list)
        return body if isinstance(body, list) else []

    async def _one(self, address: Address) -> Any:
        found = await self._there(f"/api/v1/statuses/{address.id}")
        if isinstance(found, int):
            body = {"uri": address.uri, "status": found}
            return Payload("gone", body, source=self.host)
        return found.body

    async def _there(self, path: str) -> Answer | int:
        """An answer, or the HTTP status by which the server itself said that there is none.

        Raises:
            UnavailableError: Something before the server said so, which knows nothing of statuses.
        """

        async def ask() -> Answer | int:
            said: list[int] = []

            def refusal(status: int, body: Any) -> TaglakeError | None:
                if status in _GONE and string(mapping(body).get("error")):
                    said.append(status)
                return _refusal(status, body)

            try:
                return await self._ask(path, None, refusal)
            except NotFoundError as exc:
                if said:
                    return said[-1]
                raise UnavailableError(f"{self.host} did not say itself what is gone") from exc

        return await self._retry(ask)

    async def _ask(
        self,
        path: str,
        params: dict[str, str] | None,
        refusal: Callable[[int, Any], TaglakeError | None],
    ) -> Answer:
        url = self.base + path
        if not len(self._pool):
            return await self._http.get_json(url, params, refusal=refusal)

        async def ask(lease: Lease[str]) -> Answer:
            headers = {"Authorization": f"Bearer {lease.credential}"}
            try:
                return await self._http.get_json(
                    url, params, headers, refusal=refusal, bucket=lease.bucket
                )
            except UnauthorizedError as exc:
                self._pool.refuse(lease.name, exc)
                raise

        return await self._pool.call(self.host, ask)

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempts = self.settings.attempts
        return await retrying(call, backoff=self._backoff, attempts=attempts, on_wait=_log_wait)


def worst(errors: Sequence[TaglakeError]) -> TaglakeError:
    """Of several servers' errors the one to be told: one that may pass, if there is any."""
    return next((one for one in errors if isinstance(one, RetryError)), errors[0])


def _refusal(status: int, body: Any) -> TaglakeError | None:
    """An account that may not sign in is 403 (``Your login is currently disabled``)."""
    said = string(mapping(body).get("error")) or ""
    if status == 403 and said.startswith("Your login"):
        return UnauthorizedError(f"the token's account may not sign in ({status})")
    return None


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
