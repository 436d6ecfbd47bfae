"""Keys in a lake, and headers that carry them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from lake import times
from lake.audit import Audit, Entry
from lake.key import Key, Role, made_key
from lake.keys import Keys
from lake.store import Store
from tests.fakes.running_api import Api

T = TypeVar("T")
ELSEWHERE = {"X-Forwarded-For": "203.0.113.9"}
"""What a proxy on this machine says of a request that came from another one."""


def keys_of(store: Store) -> Keys:
    return Keys(store.client, store.layout)


async def give_key(store: Store, role: Role, **changes: Any) -> tuple[Key, str]:
    """A key that is in the lake, with some of its values changed; and its text."""
    now = times.from_text(times.to_text(times.now() - timedelta(minutes=5)))
    key, text = made_key(f"the {role} one", role, by="ann", now=now)
    key = replace(key, **changes)
    await keys_of(store).add(key)
    return key, text


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def audited(store: Store, action: str) -> list[Entry]:
    """The entries of an action, the oldest first."""
    await store.refresh()
    return (await Audit(store.client, store.layout).last(1_000, action=action))[::-1]


async def status_of(api: Api, path: str, text: str | None = None, **headers: str) -> int:
    """The status that a GET is answered with."""
    sent = headers | (bearer(text) if text else {})
    async with api.session.get(path, headers=sent) as answer:
        return answer.status


async def until(ask: Callable[[], Awaitable[T]]) -> T:
    """What ``ask`` gives as soon as that is true."""
    async with asyncio.timeout(60):
        while not (found := await ask()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return found
