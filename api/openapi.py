"""What the OpenAPI document says beyond the routes' own words: shapes of bodies, and examples.

The examples are answers that were really given; ``examples.json`` holds them by operation.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import orjson

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
    "description": "One of api.push_tokens; without any configured, none is needed",
}
_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """The document with the shapes it refers to, and an example for each answer."""
    shapes = schema.setdefault("components", {}).setdefault("schemas", {})
    spec = CampaignSpec.model_json_schema(ref_template="#/components/schemas/{model}")
    shapes.update(spec.pop("$defs", {}))
    shapes.update({"CampaignSpec": spec, "Problem": _PROBLEM})
    for unused in ("HTTPValidationError", "ValidationError"):
        shapes.pop(unused, None)
    schema["components"]["securitySchemes"] = {"pushToken": _PUSH_TOKEN}
    examples = orjson.loads((files("api") / "examples.json").read_bytes())
    for path in schema["paths"].values():
        for operation in path.values():
            _describe(operation, examples.get(operation["operationId"]))
    return schema


def _describe(operation: dict[str, Any], example: Any) -> None:
    for status, response in operation["responses"].items():
        content = response.setdefault("content", {})
        if status >= "400":  # FastAPI adds its own 422, which we never answer with
            response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM_REF}}
        elif example is not None and "application/json" in content:
            content["application/json"] |= {"schema": {"type": "object"}, "example": example}
