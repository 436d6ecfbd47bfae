"""How answers and requests become JSON and back: orjson, whatever a document holds."""

from __future__ import annotations

from typing import Any

import orjson
from elasticsearch.serializer import JsonSerializer
from typing_extensions import override

from lake.json_text import dumps

# What a bulk answer starts with when every line was carried out; see ``lake.bulk``.
_ALL_WELL = b'{"errors":false,"items":['


class LakeSerializer(JsonSerializer):
    """The client's JSON.

    Of a bulk answer without errors only that is read: a thousand outcomes are two thousand
    dictionaries, and making them was a quarter of the writer's processor time.
    """

    mimetype = "application/vnd.elasticsearch+json"

    @override
    def loads(self, data: bytes) -> Any:
        """The answer, or ``{"errors": False}`` for a bulk request that went well."""
        return {"errors": False} if data.startswith(_ALL_WELL) else orjson.loads(data)

    @override
    def dumps(self, data: Any) -> bytes:
        """``data`` as JSON; bytes are JSON already."""
        return data if isinstance(data, bytes) else dumps(data)
