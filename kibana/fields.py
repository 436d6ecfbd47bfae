"""Which fields a data view has, by the index templates; and what an operation can use."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from lake.records import Json
from lake.templates import load_templates

RECORDS = "___records___"  # Lens's word for the documents themselves
NUMBERS = frozenset({"long", "double", "integer", "float"})
TERMS = NUMBERS | {"keyword", "boolean", "ip"}
DATES = frozenset({"date"})
# What Lens calls a type.
_KINDS = {"date": "date", "boolean": "boolean", "keyword": "string", "text": "string", "ip": "ip"}
# Operation of a Lens column to the types that it can use; count takes any.
USABLE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("sum", "average", "median", "percentile"), NUMBERS),
    **dict.fromkeys(("min", "max"), NUMBERS | DATES),
    "unique_count": TERMS | DATES,
    "last_value": TERMS | DATES,
    "terms": TERMS,
    "date_histogram": DATES,
}


def field_types(index: str, prefix: str = "") -> dict[str, str] | None:
    """Elasticsearch's type of each field of the indices that a pattern means.

    Args:
        index: Such as ``posts-*``, under the prefix.
        prefix: What the lake's index names begin with.

    Returns:
        None where no index template is for them.
    """
    for body in load_templates(prefix).values():
        if any(_may_mean(index, pattern) for pattern in body["index_patterns"]):
            return dict(_flat(body["template"]["mappings"]["properties"]))
    return None


def kind_of(type_name: str) -> str:
    """What Lens calls an Elasticsearch type."""
    return _KINDS.get(type_name, "number")


def _may_mean(index: str, pattern: str) -> bool:
    """Whether one of the names that ``index`` stands for is one of the template's."""
    return any(fnmatchcase(index.replace("*", text), pattern) for text in ("0", ""))


def _flat(properties: Json, path: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, one in properties.items():
        if "properties" in one:
            found += _flat(one["properties"], f"{path}{name}.")
        else:
            found.append((f"{path}{name}", one["type"]))
    return found
