"""An MLflow tracking server: the part of its REST API that a run's way through it needs.

https://mlflow.org/docs/latest/api_reference/rest-api.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import orjson

_API = "/api/2.0/mlflow/"
_FILES = "/api/2.0/mlflow-artifacts/artifacts/"
_EXPERIMENT = {"experiment_id": "7", "name": "taglake", "artifact_location": "mlflow-artifacts:/7"}


@dataclass
class FakeMlflow:
    """A server with nothing in it; ``status`` is what it answers to everything if it is set."""

    base: str
    status: int | None = None
    calls: list[tuple[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    has_experiment: bool = False

    @property
    def run_id(self) -> str:
        """Another for each server: the client remembers where a run's files go."""
        return f"r{self.base.rpartition(':')[2]}"

    def of(self, call: str) -> list[Any]:
        return [body for name, body in self.calls if name == call]

    def answer(self, call: str, body: Any) -> tuple[int, Any]:
        self.calls.append((call, body))
        if self.status is not None:
            return self.status, {"error_code": "INTERNAL_ERROR", "message": "no"}
        if call == "experiments/get-by-name" and not self.has_experiment:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}
        self.has_experiment = True
        info = {
            "run_id": self.run_id,
            "run_uuid": self.run_id,
            "experiment_id": "7",
            "status": "RUNNING",
            "artifact_uri": f"mlflow-artifacts:/7/{self.run_id}/artifacts",
        }
        answers: dict[str, Any] = {
            "experiments/get-by-name": {"experiment": _EXPERIMENT},
            "experiments/create": {"experiment_id": "7"},
            "experiments/get": {"experiment": _EXPERIMENT},
            "runs/create": {"run": {"info": info, "data": {}}},
            "runs/get": {"run": {"info": info, "data": {}}},
            "runs/update": {"run_info": info},
        }
        return 200, answers.get(call, {})


@contextmanager
def run_mlflow() -> Iterator[FakeMlflow]:
    """The server in a thread: MLflow's client blocks."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    fake = FakeMlflow(f"http://127.0.0.1:{server.server_address[1]}")
    server.fake = fake  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        fake: FakeMlflow = self.server.fake  # type: ignore[attr-defined]
        path = urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer = 200, {}
        if path.startswith(_FILES):
            fake.files[path.removeprefix(_FILES)] = body
        else:
            status, answer = fake.answer(
                path.removeprefix(_API), orjson.loads(body) if body else None
            )
        sent = orjson.dumps(answer)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Silent."""
