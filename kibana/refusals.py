"""What a Kibana's refusals mean for somebody who wants to import dashboards. Pure."""

from __future__ import annotations

import ssl
from typing import Any

from lake.errors import (
    BlockedError,
    ConfigError,
    InvalidError,
    NotFoundError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.records import Json

OLDEST = (8, 12)
"""The oldest Kibana whose saved objects ours are."""
WRONG_SERVER = "is no Kibana; set kibana.url or --url to the address of one"


def explained(exc: TaglakeError, where: str, who: str, doing: str) -> TaglakeError:
    """An error of a call, as what has to be done about it.

    Args:
        exc: What ``lake.http`` made of the answer.
        where: The address that was asked.
        who: As whom.
        doing: What was tried: "importing".
    """
    match exc:
        case UnauthorizedError():
            return ConfigError(
                f"{where} refuses {who} (401); check the user and TAGLAKE_KIBANA_PASSWORD, or "
                "TAGLAKE_KIBANA_API_KEY"
            )
        case BlockedError(status=403):
            return ConfigError(
                f"{where} does not allow {doing} to {who} (403); all rights to dashboards, data "
                "views and saved objects in the space are needed"
            )
        case BlockedError():
            return ConfigError(f"{where} {WRONG_SERVER} ({exc})")
        case NotFoundError():
            return ConfigError(f"{where} {WRONG_SERVER} (it answered 404)")
        case UnavailableError():
            return _of_tls(exc, where) or exc
    return exc


def _of_tls(exc: UnavailableError, where: str) -> ConfigError | None:
    """A certificate does not become right by waiting."""
    if isinstance(exc.__cause__, ssl.SSLCertVerificationError):
        return ConfigError(
            f"the certificate of {where} is not trusted; name its authority with kibana.ca_file or "
            "--ca-file, and the host as the certificate does"
        )
    if isinstance(exc.__cause__, ssl.SSLError):
        return ConfigError(f"{where} speaks no TLS; is it http:// ?")
    return None


def not_ready(status: int, body: Any) -> TaglakeError | None:
    """While it starts, it tells what is missing beside a 503."""
    if status == 400:  # Elasticsearch knows no such path, for one
        return ConfigError(f"what is there {WRONG_SERVER}")
    if status == 503:
        overall = (body.get("status") or {}).get("overall") if isinstance(body, dict) else None
        text = f" ({overall.get('level')}{summary(overall)})" if isinstance(overall, dict) else ""
        return UnavailableError(f"it is not ready yet{text}")
    return None


def not_taken(status: int, body: Any) -> TaglakeError | None:
    """A file that is refused as a whole."""
    text = message(body)
    if status == 422 or (status in (400, 500) and "more recent version of Kibana" in text):
        return InvalidError(
            f"the objects are of a newer version than this Kibana ({status}: {text}); a Kibana "
            f"takes nothing newer than itself: write them for {OLDEST[0]}.{OLDEST[1]}"
        )
    if status == 413:
        return InvalidError("the file is larger than Kibana's savedObjects.maxImportPayloadBytes")
    if status in (400, 500):
        return InvalidError(
            f"Kibana refuses the objects ({status}: {text}); mostly an attribute that it does not "
            "know, and Kibana's log says which"
        )
    return None


def refused(status: int, body: Any) -> TaglakeError | None:
    """A request that Kibana does not understand; other refusals go by their status."""
    if status == 400:
        return InvalidError(f"Kibana refuses the request (400: {message(body)})")
    return None


def message(body: Any) -> str:
    """What Kibana says itself, in one line."""
    text = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(text or "no reason given").split())[:500]


def summary(overall: Json) -> str:
    """What it says about its state, to be put behind the state."""
    text = str(overall.get("summary") or "")
    return f": {' '.join(text.split())[:200]}" if text else ""
