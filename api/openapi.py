"""What the OpenAPI document says beyond the routes' own words: shapes of bodies, and examples.

The examples are answers that were really given, long lists cut; ``examples.json`` holds them by
operation, and ``tests.api_examples`` makes them over the sample campaign.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import orjson

from api.answer import problems
from api.auth import OPEN
from api.problems import MEDIA_TYPE
from lake.campaign import CampaignSpec

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "description": "As in X-Request-Id and the log"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

_PUSH_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "One of api.push_tokens; without any, and without keys, none is needed",
}
_API_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of `taglake key create`; where none exists, none is needed",
}
# What the middlewares answer with, whatever was asked.
_ALWAYS = problems(400, 429, 503)
_BEHIND_THE_DOOR = problems(401, 403)
_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """The document with the shapes it refers to, and an example for each answer."""
    shapes = schema.setdefault("components", {}).setdefault("schemas", {})
    spec = CampaignSpec.model_json_schema(ref_template="#/components/schemas/{model}")
    shapes.update(spec.pop("$defs", {}))
    shapes.update({"CampaignSpec": spec, "Problem": _PROBLEM})
    for unused in ("HTTPValidationError", "ValidationError"):
        shapes.pop(unused, None)
    schema["components"]["securitySchemes"] = {
        "apiKey": _API_KEY,
        "pushToken": _PUSH_TOKEN,
    }
    schema["security"] = [{"apiKey": []}, {}]
    examples = orjson.loads((files("api") / "examples.json").read_bytes())
    for address, path in schema["paths"].items():
        for operation in path.values():
            _add_problems(operation, is_open=address in OPEN)
            _describe(operation, examples.get(operation["operationId"]))
    return schema


def _add_problems(operation: dict[str, Any], *, is_open: bool) -> None:
    if is_open:
        operation["security"] = []
    further = _ALWAYS if is_open else _ALWAYS | _BEHIND_THE_DOOR
    for status, response in further.items():
        operation["responses"].setdefault(str(status), dict(response))


def _describe(operation: dict[str, Any], example: Any) -> None:
    for status, response in operation["responses"].items():
        content = response.setdefault("content", {})
        if status >= "400":  # FastAPI adds its own 422, which we never answer with
            response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM_REF}}
        elif "application/json" in content:
            content["application/json"]["schema"] = {"type": "object"}
            if example is not None:
                content["application/json"]["example"] = example
