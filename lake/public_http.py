"""HTTP to servers whose names strangers wrote: it connects to public addresses only.

The check is at the socket, so neither a name that resolves to this machine, nor a redirect, nor an
address in disguise gets past it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from lake.http import Http, HttpOptions
from lake.quota import LimitBook

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
_LOW_32 = 0xFFFFFFFF


@asynccontextmanager
async def connect_public(
    options: HttpOptions, limits: LimitBook, *, user_agent: str = "taglake"
) -> AsyncIterator[Http]:
    """A client as ``lake.http.connect``'s; a server elsewhere than on the internet is unavailable.

    Args:
        options: How calls are made.
        limits: Where what is left of each server's limit is kept.
        user_agent: What the servers are told.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=options.connections, socket_factory=_public_socket),
        timeout=aiohttp.ClientTimeout(
            total=options.timeout_s,
            sock_connect=min(options.connect_s, options.timeout_s),
            sock_read=options.timeout_s,
        ),
        headers={"User-Agent": user_agent, "Accept": "application/json"},
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    async with session:
        yield Http(session, options, limits)


def is_public(address: str) -> bool:
    """Whether an IP address, without a port, is one of the internet's."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & _LOW_32)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def _public_socket(addr_info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
    family, kind, protocol, _, address = addr_info
    if not is_public(str(address[0])):
        raise PermissionError("not an address of the internet")
    return socket.socket(family=family, type=kind, proto=protocol)
