"""The door: who may come in, how often, and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import Caller, Denied, Doorkeeper, address_of, is_loopback
from api.keyring import Keyring
from api.limits import Buckets, Pace, Turn
from api.problems import problem, put_off
from api.route_path import route_path, shown_path
from api.trail import Refusal, Trail, trailing
from lake import times
from lake.audit import Audit, Entry
from lake.config import ApiConfig
from lake.errors import RetryError
from lake.keys import Keys
from lake.log import REQUEST_ID
from lake.store import Store

# Behind one address of this machine may be many programs, and whoever comes through a tunnel.
_LOOPBACK_TIMES = 10
_UNLIMITED = frozenset({"/healthz"})
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Guard:
    """What the door needs; made when the server starts.

    Args:
        keeper: Says who may come in.
        trail: Keeps what they did.
        buckets: How often each was there.
        pace: How often a key or an address may ask; None for as often as it likes.
        clock: Seconds that never go back.
    """

    keeper: Doorkeeper
    trail: Trail
    buckets: Buckets
    pace: Pace | None
    clock: Callable[[], float] = time.monotonic

    def turn(self, name: str, address: str) -> Turn | None:
        """Whether it is somebody's turn; None where nothing is counted."""
        if self.pace is None:
            return None
        is_wide = name.startswith("address:") and is_loopback(address)
        pace = self.pace.times(_LOOPBACK_TIMES) if is_wide else self.pace
        return self.buckets.take(name, pace, self.clock())


class Door:
    """The middleware that stands before every route; its guard is ``app.state.guard``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers in the routes' place where somebody may not come in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guard: Guard = scope["app"].state.guard
        address = address_of(scope)
        try:
            found = await guard.keeper.admit(scope)
        except RetryError as exc:
            await put_off(shown_path(scope), exc)(scope, receive, send)
            return
        # A wrong key's id is anybody's guess, so who is refused counts as their address.
        name = f"address:{address}" if isinstance(found, Denied) else found.name
        is_counted = route_path(scope) not in _UNLIMITED
        turn = guard.turn(name, address) if is_counted else None
        told = _telling(send, turn)
        if turn is not None and not turn.is_granted:
            detail = "too many requests; ask again after the seconds in Retry-After"
            await problem(429, detail)(scope, receive, told)
        elif isinstance(found, Denied):
            _keep(guard.trail, found, address, scope)
            answer = problem(found.status, found.detail, headers=found.headers)
            await answer(scope, receive, told)
        else:
            await self._pass(found, guard.trail, scope, receive, told)

    async def _pass(
        self, caller: Caller, trail: Trail, scope: Scope, receive: Receive, send: Send
    ) -> None:
        scope.setdefault("state", {})["caller"] = caller
        if caller.key_id is None:
            await self._app(scope, receive, send)
            return
        trail.use(caller.key_id)
        if scope["method"] not in _WRITING:
            await self._app(scope, receive, send)
            return
        at = times.now()
        told: dict[str, str | int | float | bool] = {}
        location = ""

        async def watch(message: Message) -> None:
            nonlocal location
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                location = MutableHeaders(raw=message["headers"]).get("location", "")
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            told |= {"method": scope["method"], "path": shown_path(scope)}
            told |= {"request_id": REQUEST_ID.get() or ""}
            action = f"api.{getattr(scope.get('route'), 'name', 'unknown')}"
            trail.add(Entry(caller.name, action, _subject(scope, location), at, details=told))


def _subject(scope: Scope, location: str) -> str:
    """The id in the path, or of what was made; else the path."""
    ids = "/".join(str(value) for value in scope.get("path_params", {}).values())
    return ids or location.rpartition("/")[2] or shown_path(scope)


def _keep(trail: Trail, denied: Denied, address: str, scope: Scope) -> None:
    if denied.status in (401, 403):
        refusal = Refusal(address or "unknown", denied.status, denied.reason, denied.actor)
        trail.refuse(refusal, shown_path(scope))


def _telling(send: Send, turn: Turn | None) -> Send:
    """``send`` that adds what a caller is told of its limit."""
    if turn is None:
        return send

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(turn.headers())
        await send(message)

    return told


@asynccontextmanager
async def guarding(store: Store, settings: ApiConfig) -> AsyncIterator[Guard]:
    """What stands at the door of the API while the block runs."""
    keys = Keys(store.client, store.layout)
    keyring = Keyring(keys)
    with suppress(RetryError):  # then the first request reads them, or is told to come back
        await keyring.keys()
    keeper = Doorkeeper(
        keyring,
        require_keys=settings.require_keys,
        push_tokens=[token.get_secret_value().encode() for token in settings.push_tokens],
    )
    per_min = settings.requests_per_min
    pace = None if per_min is None else Pace(per_min, settings.requests_burst)
    async with trailing(Audit(store.client, store.layout), keys) as trail:
        yield Guard(keeper, trail, Buckets(), pace)
