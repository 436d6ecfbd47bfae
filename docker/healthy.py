"""Whether a container does its work: exit status 0 or 1, and a line that says why.

``healthy.py api``: the API answers, and can ask the lake. ``healthy.py lake``: Elasticsearch
answers this container's user. Python's own library alone: an image needs no curl.
"""

from __future__ import annotations

import base64
import os
import ssl
import sys
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

_TIMEOUT_S = 8
_API = "http://127.0.0.1:8000/readyz"


def main(arguments: list[str]) -> int:
    """Looks; gives the exit status."""
    look = {"api": api, "lake": lake}.get(arguments[0] if arguments else "")
    if look is None:
        sys.stderr.write("say what to look at: api or lake\n")
        return 1
    try:
        look()
    except HTTPError as exc:
        sys.stderr.write(f"{exc.url} answered {exc.code}\n")
        return 1
    except (OSError, HTTPException, KeyError) as exc:
        sys.stderr.write(f"{type(exc).__name__}: {exc}\n")
        return 1
    return 0


def api() -> None:
    """Raises where the API is not ready."""
    ask(Request(os.environ.get("TAGLAKE_HEALTH_URL", _API)), None)  # noqa: S310


def lake() -> None:
    """Raises where Elasticsearch does not know us."""
    url = os.environ.get("TAGLAKE_HEALTH_URL", "https://elasticsearch:9200/_security/_authenticate")
    user, password = (os.environ[f"TAGLAKE_ELASTICSEARCH_{name}"] for name in ("USER", "PASSWORD"))
    word = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = Request(url, headers={"Authorization": f"Basic {word}"})  # noqa: S310
    trust = None
    if url.startswith("https"):
        trust = ssl.create_default_context(cafile=os.environ.get("TAGLAKE_CA_FILE", "/ca/ca.crt"))
    ask(request, trust)


def ask(request: Request, trust: ssl.SSLContext | None) -> None:
    """Raises unless the answer is a success; the address is ours, not a stranger's."""
    with urlopen(request, timeout=_TIMEOUT_S, context=trust) as answer:  # noqa: S310
        answer.read(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
