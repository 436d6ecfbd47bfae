"""Reading a body of NDJSON: bounded before and after decompression, whatever its sender says."""

from __future__ import annotations

import asyncio
import zlib

from starlette.exceptions import HTTPException
from starlette.requests import Request

MEDIA_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_GZIP = 31  # zlib's window bits for gzip with its header and checksum
_PIECE_BYTES = 4096  # what lies behind a gzip file's end is copied, so not all of it at once
# How much of a body that is too large is read and dropped, so that its sender, who reads the
# answer only after sending, gets it.
_DRAINED_BODIES = 5


async def ndjson_body(request: Request, limit_bytes: int) -> bytes:
    """The request's body, decompressed where it came so.

    Raises:
        HTTPException: 415 where it is not said to be NDJSON or has an encoding other than gzip,
            413 where it is larger than ``limit_bytes`` before or after decompression, 400 where it
            is no whole gzip stream.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise HTTPException(
            415, f"the body must be NDJSON; send it with Content-Type: {MEDIA_TYPES[0]}"
        )
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise HTTPException(
            415,
            f"the body is encoded as {encoding[:40]!r}; send it as it is, or with gzip",
            {"Accept-Encoding": "gzip"},
        )
    body = await _read(request, limit_bytes)
    if encoding == "identity":
        return body
    return await asyncio.to_thread(_unzipped, body, limit_bytes)


async def _read(request: Request, limit_bytes: int) -> bytes:
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit_bytes:
            body += chunk
        elif size > limit_bytes * _DRAINED_BODIES:
            break
    if size > limit_bytes:
        raise _too_large(limit_bytes)
    return bytes(body)


def _unzipped(body: bytes, limit_bytes: int) -> bytes:
    """Never holds more than ``limit_bytes`` and one byte, however much the body would become."""
    whole = bytearray()
    unzip = zlib.decompressobj(wbits=_GZIP)
    for start in range(0, len(body), _PIECE_BYTES):
        rest = body[start : start + _PIECE_BYTES]
        while rest:
            if unzip.eof:  # gzip files may follow each other (RFC 1952, 2.2)
                unzip = zlib.decompressobj(wbits=_GZIP)
            try:
                whole += unzip.decompress(rest, limit_bytes + 1 - len(whole))
            except zlib.error as exc:
                raise HTTPException(400, "the body is no gzip stream") from exc
            if len(whole) > limit_bytes:
                raise _too_large(limit_bytes)
            rest = unzip.unused_data
    if body and not unzip.eof:
        raise HTTPException(400, "the body is a gzip stream that is cut off")
    return bytes(whole)


def _too_large(limit_bytes: int) -> HTTPException:
    return HTTPException(
        413, f"the push is larger than {limit_bytes:,} bytes; send it in several parts"
    )
