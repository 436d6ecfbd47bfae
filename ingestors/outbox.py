"""Pages on their way to an API: as NDJSON, compressed, again until it keeps them."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingestors.platform import Page, Target
from lake import times
from lake.errors import (
    BlockedError,
    ConfigError,
    InvalidError,
    NotFoundError,
    RetryError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http import Http
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)

_PATH = "/v1/push"
_MOST_LINES = 1_000
# Compressed that is well below the megabyte that proxies take by default.
_MOST_BYTES = 2_000_000
_BACKOFF = Backoff(base_s=1.0, cap_s=60.0)


@dataclass(frozen=True, slots=True)
class Outbox:
    """An API that takes payloads.

    Args:
        http: How it is reached.
        url: Its address, such as ``https://lake.example.org``.
        token: What lets us in; None where it lets everybody in.
        collector: Our name there.
        attempts: How often a push is tried; None tries for ever.
        backoff: How long to wait between.
    """

    http: Http
    url: str
    token: str | None = None
    collector: str = "remote"
    attempts: int | None = None
    backoff: Backoff = _BACKOFF

    async def push(self, target: Target, page: Page) -> tuple[int, int]:
        """Returns when the API keeps the whole page: payloads that it can use, and cannot.

        Raises:
            RetryError: It did not answer in so many attempts; part of the page may be there.
            ConfigError: It refuses us: the address or the token is wrong.
        """
        accepted = refused = 0
        for lines in _parts(_lines(target, page)):
            taken, left = await self._send(target.platform, lines)
            accepted += taken
            refused += left
        return accepted, refused

    async def _send(self, platform: str, lines: Sequence[bytes]) -> tuple[int, int]:
        data = gzip.compress(b"".join(lines), 6, mtime=0)
        try:
            answer = await retrying(
                lambda: self._post(platform, data),
                backoff=self.backoff,
                attempts=self.attempts,
                on_wait=_told,
            )
        except InvalidError:  # too large for it
            if len(lines) == 1:
                logger.error(  # noqa: TRY400
                    "payload larger than the API takes; left out",
                    extra={"platform": platform, "bytes": len(lines[0])},
                )
                return 0, 1
            middle = len(lines) // 2
            first = await self._send(platform, lines[:middle])
            second = await self._send(platform, lines[middle:])
            return first[0] + second[0], first[1] + second[1]
        for each in answer["refused"]:
            what = {"platform": platform, "reason": each.get("reason")}
            logger.warning("payload refused by the API", extra=what)
        return int(answer["accepted"]), int(answer["refused_lines"])

    async def _post(self, platform: str, data: bytes) -> dict[str, Any]:
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            answer = await self.http.post_json(
                f"{self.url}{_PATH}/{platform}",
                headers=headers,
                params={"collector": self.collector},
                data=data,
                refusal=self._refusal,
            )
        except (UnauthorizedError, NotFoundError) as exc:
            raise ConfigError(f"--push: {exc}, and not as a Taglake API does") from exc
        except BlockedError as exc:  # a proxy or a login page of the network, not the API
            raise UnavailableError(f"{exc}, and not as a Taglake API does") from exc
        body = answer.body
        if not isinstance(body, dict) or not {"accepted", "refused", "refused_lines"} <= set(body):
            raise ConfigError(f"--push {self.url}: what answers there is no Taglake API")
        return body

    def _refusal(self, status: int, body: Any) -> TaglakeError | None:
        detail = body.get("detail") if isinstance(body, dict) else None
        if status == 401:
            return ConfigError(
                f"--push {self.url}: the API refuses our token; it must be one of its "
                "api.push_tokens. Nothing is lost: the next run goes on here."
            )
        if status == 413:
            return InvalidError(f"{self.url}: the push is too large")
        if 400 <= status < 500 and status not in (408, 425, 429):
            return ConfigError(f"--push {self.url} answered {status}: {detail}")
        return None


def _lines(target: Target, page: Page) -> Iterator[bytes]:
    for payload in page.payloads:
        entry = {
            "kind": payload.kind,
            "observed_at": times.to_text(page.observed_at),
            "target": target.key,
            "payload": payload.body,
        }
        if payload.source is not None:
            entry["source"] = payload.source
        # All in ASCII, so that text which UTF-8 cannot say arrives as it came.
        yield json.dumps(entry, separators=(",", ":")).encode("ascii") + b"\n"


def _parts(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for line in lines:
        if part and (len(part) >= _MOST_LINES or size + len(line) > _MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def _told(exc: RetryError, wait_s: float) -> None:
    what = {"reason": str(exc), "wait_s": round(wait_s, 1)}
    logger.warning("waiting for the API", extra=what)
