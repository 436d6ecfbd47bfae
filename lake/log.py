"""The only place that sets up logging: text for people, ECS JSON lines for Kibana.

Everywhere else: ``logging.getLogger(__name__)``, a constant message, and what varies in ``extra``.

ECS fields: https://www.elastic.co/docs/reference/ecs/ecs-base
"""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from lake.json_text import dumps

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered; it stands in every line that is logged for it."""

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


def set_up_logging(
    level: Literal["debug", "info", "warning", "error"],
    form: Literal["text", "json"],
    stream: TextIO = sys.stderr,
) -> None:
    """Sends every log line of the process to ``stream``, replacing what was set up before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_EcsFormatter() if form == "json" else _TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # They log each request and each job; ours say the same once a run, and how late it was.
    for noisy in ("uvicorn", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)  # our retries say it better
    # A job whose last turn is not over yet is no news, one that was cut off by Ctrl-C neither, and
    # one that failed ends the process with its own traceback.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {name: value for name, value in vars(record).items() if name not in _OWN}
    request_id = REQUEST_ID.get()
    return fields if request_id is None else {"request_id": request_id} | fields


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        line = f"{at} {record.levelname.lower():7} {record.name}: {record.getMessage()} {fields}"
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        return "\n".join(part for part in (line.rstrip(), trace) if part)


class _EcsFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "@timestamp": at.replace("+00:00", "Z"),
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "ecs.version": "8.11.0",
            "log.logger": record.name,
            "process.pid": record.process,
        }
        if record.exc_info:
            line["error.stack_trace"] = self.formatException(record.exc_info)
        return dumps(line | _fields(record)).decode()
