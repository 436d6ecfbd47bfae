"""Tells an MLflow server of trainings and evaluations, for those who have one.

Optional twice: only where ``enrichment.mlflow_uri`` is set, and with the extra ``mlops``. Whatever
goes wrong here is one warning; no training or evaluation fails for it.

API: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.client.html
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from lake import times
from lake.errors import ConfigError, TaglakeError, UnavailableError

logger = logging.getLogger(__name__)

EXPERIMENT = "taglake"
_ENVIRONMENT = {
    # It would tell its makers what it is used for.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Its own patience with a server that is away is a quarter of an hour.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
_LONGEST_VALUE = 500
_NO_NAME = re.compile(r"[^\w\-./ ]")


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one training or evaluation.

    Args:
        name: What people read first, such as the model's name.
        kind: ``training`` or ``evaluation``.
        params: What went in.
        metrics: What came out; what is no finite number is left out.
        files: File name -> text, such as ``confusion.svg``.
    """

    name: str
    kind: str
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def tell(uri: str | None, told: Told) -> bool:
    """Tells MLflow; blocking, half a minute at most where the server is away.

    Args:
        uri: ``enrichment.mlflow_uri``; None tells nobody.
        told: What to tell.

    Returns:
        Whether it was told.
    """
    if uri is None:
        return False
    try:
        _tell(uri, told)
    except TaglakeError as exc:
        logger.warning("MLflow was not told", extra={"run": told.name, "why": str(exc)})
        return False
    return True


def _tell(uri: str, told: Told) -> None:
    parts = _parts(uri)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        # Takes seconds to load, and is no dependency of Taglake's core.
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    except ImportError as exc:
        raise ConfigError(
            "enrichment.mlflow_uri needs the extra mlops: pip install 'taglake[mlops]'"
        ) from exc
    try:
        _write(MlflowClient(tracking_uri=uri), told)
    except (MlflowException, OSError) as exc:  # requests' errors are OSErrors
        raise UnavailableError(f"{_shown(parts)}: {_without_secrets(exc, parts)}") from exc


def _write(client: Any, told: Told) -> None:
    from mlflow.entities import Metric, Param

    found = client.get_experiment_by_name(EXPERIMENT)
    experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT)
    run = client.create_run(experiment, run_name=told.name, tags={"taglake.kind": told.kind})
    run_id = run.info.run_id
    now_ms = int(times.now().timestamp() * 1000)
    metrics = [
        Metric(_key(name), float(value), now_ms, 0)
        for name, value in told.metrics.items()
        if abs(value) < float("inf")
    ]
    params = [
        Param(_key(name), str(value)[:_LONGEST_VALUE])
        for name, value in told.params.items()
        if value is not None
    ]
    client.log_batch(run_id, metrics=metrics, params=params)
    for name, text in told.files.items():
        client.log_text(run_id, text, name)
    client.set_terminated(run_id)


def _key(name: str) -> str:
    return _NO_NAME.sub("_", name)[:_LONGEST_VALUE] or "_"


def _parts(uri: str) -> SplitResult:
    """An address's parts.

    Raises:
        ConfigError: It is none.
    """
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - it is read only when asked for, and then may be none
    except ValueError as exc:
        raise ConfigError("enrichment.mlflow_uri is no address; write http://HOST:PORT") from exc
    return parts


def _shown(parts: SplitResult) -> str:
    """An address without its user, password and query."""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _without_secrets(exc: Exception, parts: SplitResult) -> str:
    """What an error says, in a line, without what an address may hide."""
    why = " ".join(str(exc).split()).replace(parts.geturl(), _shown(parts))
    for secret in filter(None, (parts.query, parts.username, parts.password)):
        why = why.replace(secret, "…")
    return why[:_LONGEST_VALUE]
