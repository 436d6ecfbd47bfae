"""The requests of a Vega specification, and which fields they use for what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lake.records import Json

# Keys below which a field is named by a key.
_BY_KEY = {"term", "terms", "range", "match", "prefix"}
_METRICS = {"sum": "sum", "avg": "average", "min": "min", "max": "max", "percentiles": "percentile"}
_OTHERS = {"terms": "terms", "cardinality": "unique_count", "date_histogram": "date_histogram"}
_OPERATIONS = _METRICS | _OTHERS
FORBIDDEN = {"script", "runtime_mappings", "scripted_metric", "script_fields"}


def requests(spec: Any) -> Iterator[Json]:
    """Every ``data.url`` of a specification, however deep."""
    if isinstance(spec, dict):
        if isinstance(spec.get("url"), dict):
            yield spec["url"]
        for one in spec.values():
            yield from requests(one)
    elif isinstance(spec, list):
        for one in spec:
            yield from requests(one)


def uses(body: Any, operation: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a request's body with the Lens operation that it stands for, or nothing.

    Args:
        body: Of a search.
        operation: What the body is below.
    """
    if isinstance(body, list):
        for one in body:
            yield from uses(one, operation)
    elif isinstance(body, dict):
        for key, value in body.items():
            yield from _named(key, value, operation)


def _named(key: str, value: Any, operation: str) -> Iterator[tuple[str, str]]:
    if key == "field":
        yield value, _OPERATIONS.get(operation, "")
    elif key == "sort":
        yield from ((name, "") for one in value for name in one)
    elif key == "_source" or (key in _BY_KEY and "field" not in value):
        yield from ((name, "") for name in value)
    else:
        yield from uses(value, key)


def forbidden(body: Any) -> set[str]:
    """What a body uses that not every Elasticsearch has: scripts, runtime fields."""
    if isinstance(body, list):
        return set().union(*map(forbidden, body)) if body else set()
    if not isinstance(body, dict):
        return set()
    return (set(body) & FORBIDDEN) | forbidden(list(body.values()))
