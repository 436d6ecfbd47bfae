"""Plain HTTP requests to a node, as any of its users."""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from lake.node_start import NodeAccess


def call(access: NodeAccess, user: str | None, request: str, body: object = None) -> Any:
    """Send ``METHOD path``; gives the status and the decoded answer."""
    method, path = request.split(" ")
    headers = {"Content-Type": "application/json"}
    if user is not None:
        who = access.users[user]
        token = base64.b64encode(f"{who.user}:{who.password}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    text = body if isinstance(body, str) else json.dumps(body) if body is not None else None
    connection = http.client.HTTPConnection(urlsplit(access.url).netloc, timeout=30)
    connection.request(method, path, body=text, headers=headers)
    response = connection.getresponse()
    answer = json.loads(response.read() or b"null")
    connection.close()
    return response.status, answer
