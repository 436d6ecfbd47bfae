"""Mastodon and the servers that speak its API: tag timelines, tag history, accounts, replies.

Endpoints: https://docs.joinmastodon.org/methods/ (timelines, tags, accounts, statuses, instance).
A server shows only what has reached it, so several may be polled, all at once; a post's global name
is its ``uri``, and the counts of a remote post are those that the server that sent it has seen.

The cursor holds each server's own place as JSON. A server that fails keeps its place and does not
hide the others' posts; a poll vouches for its time only where every server was walked. A window of
time is done when every server was walked through it, but for those that refuse us.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime

from ingestors.about import About, Key, Limit
from ingestors.fields import host_of, mapping, whole
from ingestors.mastodon_options import Options
from ingestors.mastodon_places import Address, copy_of, discussion, home_of, places, places_text
from ingestors.mastodon_records import account_records, gone_records, status_records, tag_records
from ingestors.mastodon_server import PAGE_SIZE, Server, Settings, worst
from ingestors.mastodon_walk import tag_pages, window_pages
from ingestors.platform import Page, Payload, Target
from ingestors.side_by_side import Ended, side_by_side
from lake import http
from lake.errors import (
    InvalidError,
    PayloadError,
    RetryError,
    StopPlatformError,
    TaglakeError,
    UnavailableError,
)
from lake.public_http import connect_public
from lake.records import Record
from lake.times import now

__all__ = ["Mastodon", "Options", "about", "connect", "normalise"]

logger = logging.getLogger(__name__)
_READERS = {
    "status": status_records,
    "tag": tag_records,
    "account": account_records,
    "gone": gone_records,
}
_ALONE_S = 900.0
_LIMITS_PAGE = "https://docs.joinmastodon.org/api/rate-limits/"
_TOKENS_PAGE = "https://docs.joinmastodon.org/client/token/"


def about(options: Options | None) -> About:
    """What Mastodon offers; see ``ingestors.about``."""
    chosen = options or Options()
    hosts = [host_of(base) or "" for base in chosen.instances]
    told = f"assumed where a server tells nothing: {_LIMITS_PAGE}"
    return About(
        label="Mastodon",
        capabilities={
            "posts": "hashtag timelines of each server",
            "counts": "posts and accounts a day for 7 days, as each server saw them",
            "profiles": "followers, posts",
            "comments": "the replies that a server knows",
            "history": "as far back as the servers kept posts",
            "refresh": "of posts of the servers that are asked"
            if not chosen.ask_home_servers
            else "of every post whose own server answers",
        },
        keys=(Key("access_tokens", "an access token of an account there", _TOKENS_PAGE, False),),
        limits=tuple(Limit(host, 300, 300.0, told) for host in hosts),
        poll_calls=dict.fromkeys(hosts, 2.0),
        page_posts=PAGE_SIZE,
        page_bucket=hosts[0],
        credentials=max([1, *map(len, chosen.access_tokens.values())]),
    )


@asynccontextmanager
async def connect(options: Options) -> AsyncIterator[Mastodon]:
    """The platform, with connections that are closed at the end of the block."""
    how = http.HttpOptions(timeout_s=options.timeout_s, max_pause_s=_patience_s(options))
    async with (
        http.connect(how) as client,
        connect_public(how, client.limits) as strangers,
    ):
        yield Mastodon(client, strangers, options)


class Mastodon:
    """Several servers; see ``ingestors.platform.Platform``.

    Args:
        client: Makes the calls to the configured servers.
        strangers: Makes the calls to posts' own servers, if the options allow any.
        options: The platform's section of config.yaml.
    """

    name = "mastodon"
    context: str | None = None

    def __init__(self, client: http.Http, strangers: http.Http, options: Options) -> None:
        self.limits = client.limits
        self._strangers = strangers
        self._options = options
        settings = Settings(
            options.attempts,
            options.backoff_s,
            options.first_poll_pages,
            options.lookback_s,
            _patience_s(options),
        )
        servers = [
            Server(client, base, settings, options.access_tokens.get(host_of(base) or "", ()))
            for base in options.instances
        ]
        self._servers = {server.host: server for server in servers}

    def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """See ``Platform.pages``.

        A profile is ``user@host``, or a user of the first server. A comments target is a status's
        uri, or ``host:id`` for a server's copy; ``posts`` are uris.

        Raises:
            NotFoundError: The account or the status is not there, or no longer.
        """
        if target.kind == "hashtag" and target.value.strip("."):
            return self._tag_pages(target, cursor)
        if target.kind == "profile" and target.value.strip("@ "):
            return self._account_pages(target.value.strip("@ "))
        if target.kind == "comments":
            bases = {host: server.base for host, server in self._servers.items()}
            address = copy_of(target.value, bases)
            if address is not None:
                return _of_one(self._servers[address.host].reply_pages(address))
        if target.kind == "posts" and target.value.split():
            return self._refresh(target.value.split())
        raise InvalidError(f"mastodon cannot poll {target.key!r}")

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """See ``Platform.normalise``."""
        return normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """See ``Platform.related``."""
        has_replies = whole(mapping(payload.body).get("replies_count"))
        value = discussion(payload) if payload.kind == "status" and has_replies else None
        return (Target(self.name, "comments", value),) if value else ()

    async def check(self) -> str:
        """See ``Platform.check``: one call a server; it fails where no server shows hashtags."""
        said: list[str] = []
        errors: list[TaglakeError] = []
        for server in self._servers.values():
            try:
                said.append(await server.check())
            except (RetryError, StopPlatformError) as exc:
                errors.append(exc)
                said.append(str(exc))
        if len(errors) == len(self._servers):
            raise worst(errors)
        return "; ".join(said)

    async def _tag_pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        known = {h: place for h, place in places(cursor).items() if h in self._servers}
        window = target.window
        walks = {
            host: tag_pages(server, target.value, known.get(host))
            if window is None
            else window_pages(server, target.value, window, known.get(host))
            for host, server in self._servers.items()
        }
        is_alone = len(walks) == 1
        errors: dict[str, TaglakeError] = {}
        vouched: set[str] = set()
        async with aclosing(side_by_side(walks)) as steps:
            async for host, found in steps:
                if isinstance(found, Ended):
                    errors |= {host: found.error} if found.error else {}
                    continue
                known |= {host: found.cursor} if found.cursor else {}
                vouched |= {host} if found.overlaps else set()
                yield replace(
                    found,
                    cursor=places_text(known) if found.cursor else None,
                    overlaps=found.overlaps if is_alone else None,
                )
        self._tell(errors, among=len(walks), all_must=window is not None)
        if not is_alone and vouched == set(walks) and not errors:
            yield Page([], now(), overlaps=True)

    async def _account_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        user, _, host = handle.lower().partition("@")
        home = self._servers.get(host)
        first = next(iter(self._servers.values()))
        walk = _of_one(home.account_pages(user) if home else first.account_pages(handle))
        async with aclosing(walk) as pages:
            async for page in pages:
                yield page

    async def _refresh(self, uris: Sequence[str]) -> AsyncGenerator[Page, None]:
        """What posts are now, each asked of its own server: only there its numbers are whole."""
        homes: dict[str, list[Address]] = {}
        for uri in dict.fromkeys(uris):
            home = home_of(uri)
            if home and (home.host in self._servers or self._options.ask_home_servers):
                homes.setdefault(home.host, []).append(home)
        walks = {
            host: self._home(host, wanted[0].base).status_pages(wanted)
            for host, wanted in homes.items()
        }
        errors: dict[str, TaglakeError] = {}
        async with aclosing(side_by_side(walks)) as steps:
            async for host, found in steps:
                if isinstance(found, Page):
                    yield found
                elif found.error is not None and host in self._servers:
                    errors[host] = found.error
                elif found.error is not None:
                    logger.info("no answer", extra={"server": host, "reason": str(found.error)})
        ours = sum(host in self._servers for host in walks)
        self._tell(errors, among=ours, all_must=False)

    def _home(self, host: str, base: str) -> Server:
        once = Settings(attempts=1, backoff_s=self._options.backoff_s, patience_s=0)
        return self._servers.get(host) or Server(self._strangers, base, once)

    def _tell(self, errors: Mapping[str, TaglakeError], *, among: int, all_must: bool) -> None:
        """Raises what ended the walks if none came through; else the log tells it.

        Args:
            errors: Host to what ended its walk early.
            among: How many walks there were.
            all_must: Whether a server that may answer later must have been walked as well.
        """
        for host, error in errors.items():
            logger.warning("server left out", extra={"server": host, "reason": str(error)})
        may_pass = any(isinstance(error, RetryError) for error in errors.values())
        if errors and (len(errors) == among or (all_must and may_pass)):
            raise worst(list(errors.values()))


async def _of_one(walk: AsyncGenerator[Page, None]) -> AsyncGenerator[Page, None]:
    """What one server is asked beside its timelines: its refusal must not stop the others."""
    try:
        async with aclosing(walk) as pages:
            async for page in pages:
                yield page
    except StopPlatformError as exc:
        raise UnavailableError(f"one server does not show it: {exc}") from exc


def _patience_s(options: Options) -> float:
    """How long a poll waits for a limit: where others wait too, not longer than for an answer."""
    return _ALONE_S if len(options.instances) == 1 else min(options.timeout_s, _ALONE_S)


def normalise(payload: Payload, observed_at: datetime) -> Sequence[Record]:
    """The records that a payload of the server ``payload.source`` holds; needs no connection.

    Raises:
        PayloadError: The payload lacks something that no record can do without.
    """
    reader = _READERS.get(payload.kind)
    if reader is None:
        raise PayloadError(f"mastodon has no payload of kind {payload.kind!r}")
    return reader(payload.body, observed_at, payload.source or "")
