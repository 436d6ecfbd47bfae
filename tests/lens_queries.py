"""What Kibana asks Elasticsearch for a panel: Lens columns as an aggregation, Vega's own body.

Only what the dashboards use. ``last_value`` is a ``top_hits`` here and a ``top_metrics`` in Kibana:
the embedded node lacks the latter; both give the newest document's value.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kibana.compiled import Compiled, Shown
from kibana.kql import parse_kql
from lake.records import Json

RECORDS = "___records___"
Row = dict[str, Any]
_MATHS: Mapping[str, Callable[..., float]] = {
    "add": lambda one, other: one + other,
    "subtract": lambda one, other: one - other,
    "multiply": lambda one, other: one * other,
    "divide": lambda one, other: one / other if other else math.nan,
    "sqrt": math.sqrt,
}


@dataclass(frozen=True)
class Context:
    """What a dashboard is opened with.

    Args:
        start: Of the time range.
        end: Of it.
        chosen: Field to value, of the controls.
    """

    start: str
    end: str
    chosen: Mapping[str, str] = field(default_factory=dict)

    def filters(self) -> list[Json]:
        return [{"term": {name: value}} for name, value in self.chosen.items()]

    def time(self, name: str | None) -> list[Json]:
        return [{"range": {name: {"gte": self.start, "lte": self.end}}}] if name else []


@dataclass(frozen=True)
class Request:
    """One search of a panel.

    Args:
        index: Pattern.
        body: Of the search.
        read: The rows of its answer.
    """

    index: str
    body: Json
    read: Callable[[Json], list[Row]]


def requests_of(file: Compiled, panel: Shown, context: Context) -> Iterator[Request]:
    """Every search that a panel makes; none for markdown."""
    if search := file.search(panel):
        yield _of_search(file, panel, search, context)
    for name, layer in panel.layers.items():
        view = file.views[file.view_of(panel, name) or ""]
        filters = context.time(view.get("timeFieldName"))
        if not layer.get("ignoreGlobalFilters"):  # Kibana ignores the panel's own query then too
            filters += [*context.filters(), parse_kql(panel.query).query]
        columns = [(id_, layer["columns"][id_]) for id_ in layer["columnOrder"]]
        splits = [(id_, one) for id_, one in columns if one["isBucketed"]]
        body: Json = {
            "size": 0,
            "query": {"bool": {"filter": filters}},
            "aggs": _nested(splits, layer["columns"]),
        }
        yield Request(view["title"], body, _Reader(layer["columns"], splits).rows)
    if (spec := panel.vega) is not None:
        yield _of_vega(spec, context)


def _of_search(file: Compiled, panel: Shown, search: Json, context: Context) -> Request:
    view = file.views[file.view_of(panel) or ""]
    source = search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]
    kql = json.loads(source)["query"]["query"]
    filters = [*context.filters(), *context.time(view.get("timeFieldName")), parse_kql(kql).query]
    [[name, direction]] = search["attributes"]["sort"]
    body: Json = {
        "size": 50,
        "query": {"bool": {"filter": filters}},
        "sort": [{name: {"order": direction, "missing": "_last"}}],
    }
    return Request(view["title"], body, _documents)


def _documents(answer: Json) -> list[Row]:
    return [hit["_source"] for hit in answer["hits"]["hits"]]


def _of_vega(spec: Json, context: Context) -> Request:
    data = spec["data"]
    body = _filled(copy.deepcopy(data["url"]["body"]), context)

    def read(answer: Json) -> list[Row]:
        if "format" not in data:  # transformations read the only aggregation
            [found] = answer.get("aggregations", {"none": {"buckets": []}}).values()
            return list(found["buckets"])
        found = answer
        for step in data["format"]["property"].split("."):
            found = found.get(step, {})
        return list(found)

    return Request(data["url"]["index"], body, read)


def _filled(value: Any, context: Context) -> Any:
    """A body with Kibana's placeholders replaced."""
    if isinstance(value, list):
        found = []
        for one in value:
            if one == "%dashboard_context-filter_clause%":
                found += context.filters()
            elif not (isinstance(one, str) and one.startswith("%dashboard_context-")):
                found.append(_filled(one, context))
        return found
    if isinstance(value, dict):
        if value.get("%timefilter%") is True:
            return {"gte": context.start, "lte": context.end}
        return {key: _filled(one, context) for key, one in value.items()}
    return value


def _nested(splits: Sequence[tuple[str, Json]], columns: Mapping[str, Json]) -> Json:
    if not splits:
        metrics = {id_: _metric(one) for id_, one in columns.items() if not one["isBucketed"]}
        return {id_: body for id_, body in metrics.items() if body is not None}
    (id_, split), *rest = splits
    body = _bucket(split)
    inner = _nested(rest, columns)
    by = split.get("params", {}).get("orderBy", {})
    if by.get("type") == "column":
        column = columns[by["columnId"]]
        path = _order_path(by["columnId"], column)
        body["terms"]["order"] = [{path: split["params"]["orderDirection"]}, {"_key": "asc"}]
        if path.split(">")[0] != "_count":
            inner = inner | {by["columnId"]: _metric(column)}
    return {id_: body | {"aggs": inner}}


def _order_path(id_: str, column: Json) -> str:
    if column["operationType"] == "count":
        return id_ if "filter" in column else "_count"
    inner = {"median": ".50", "percentile": ".95"}.get(column["operationType"], "")
    value = ".sum" if column["operationType"] == "sum" else inner
    return f"{id_}>v{value}" if "filter" in column else f"{id_}{value}"


def _bucket(split: Json) -> Json:
    name, params = split.get("sourceField"), split["params"]
    match split["operationType"]:
        case "terms":
            order = {"_key": params["orderDirection"]}
            return {"terms": {"field": name, "size": params["size"], "order": order}}
        case "date_histogram":
            every = "1d" if params["interval"] == "auto" else params["interval"]
            return {"date_histogram": {"field": name, "calendar_interval": every}}
        case "filters":
            filters = {one["label"]: one["input"]["query"] for one in params["filters"]}
            return {
                "filters": {"filters": {key: parse_kql(one).query for key, one in filters.items()}}
            }
    raise AssertionError(f"no interpreter of {split['operationType']}")


def _metric(column: Json) -> Json | None:
    name, operation = column.get("sourceField"), column["operationType"]
    plain: Mapping[str, Json] = {
        "sum": {"stats": {"field": name}},
        "average": {"avg": {"field": name}},
        "min": {"min": {"field": name}},
        "max": {"max": {"field": name}},
        "median": {"percentiles": {"field": name, "percents": [50]}},
        "percentile": {
            "percentiles": {"field": name, "percents": [column["params"].get("percentile", 95)]}
        },
        "unique_count": {"cardinality": {"field": name}},
        "last_value": {
            "top_hits": {
                "size": 1,
                "sort": [{column["params"].get("sortField", "_score"): "desc"}],
                "docvalue_fields": [name],
                "_source": False,
            }
        },
    }
    if operation in {"formula", "math"}:
        return None
    if operation == "count":
        asked = column.get("filter")
        return {"filter": parse_kql(asked["query"]).query} if asked else None
    if "filter" not in column:
        return plain[operation]
    return {"filter": parse_kql(column["filter"]["query"]).query, "aggs": {"v": plain[operation]}}


@dataclass(frozen=True)
class _Reader:
    """Reads the rows of a layer's answer: column id to value."""

    columns: Mapping[str, Json]
    splits: Sequence[tuple[str, Json]]

    def rows(self, answer: Json) -> list[Row]:
        if "aggregations" not in answer and self.splits:  # there is no such index yet
            return []
        total = answer["hits"]["total"]["value"]
        bucket = answer.get("aggregations", {}) | {"doc_count": total}
        return list(self._rows(bucket, list(self.splits), {}))

    def _rows(self, bucket: Json, splits: list[tuple[str, Json]], row: Row) -> Iterator[Row]:
        if not splits:
            numbers = {
                id_: self._number(id_, bucket)
                for id_, one in self.columns.items()
                if not one["isBucketed"]
            }
            yield {**row, **numbers}
            return
        (id_, _), *rest = splits
        found = bucket[id_]["buckets"]
        keyed = found.items() if isinstance(found, dict) else ((one["key"], one) for one in found)
        for key, inner in keyed:
            if inner["doc_count"]:
                yield from self._rows(inner, rest, {**row, id_: key})

    def _number(self, id_: str, bucket: Json) -> Any:
        column = self.columns[id_]
        operation = column["operationType"]
        if operation == "formula":
            return self._number(column["references"][0], bucket)
        if operation == "math":
            return self._worked_out(column["params"]["tinymathAst"], bucket)
        if operation == "count":
            found = bucket[id_]["doc_count"] if "filter" in column else bucket["doc_count"]
            return found or (None if column["params"].get("emptyAsNull") else 0)
        return _value(operation, bucket[id_]["v"] if "filter" in column else bucket[id_], column)

    def _worked_out(self, node: Any, bucket: Json) -> float | None:
        if isinstance(node, str):
            found = self._number(node, bucket)
            return 0 if found is None and self.columns[node]["operationType"] == "count" else found
        if not isinstance(node, dict):
            return float(node)
        parts = [self._worked_out(one, bucket) for one in node["args"]]
        if any(part is None for part in parts):
            return None
        value = _MATHS[node["name"]](*parts)
        return None if math.isnan(value) else value


def _value(operation: str, found: Json, column: Json) -> Any:
    if operation == "sum":
        return found["sum"] if found["count"] else None
    if operation in {"median", "percentile"}:
        [value] = found["values"].values()
        return value
    if operation == "last_value":
        hits = found["hits"]["hits"]
        values = hits[0].get("fields", {}).get(column["sourceField"], []) if hits else []
        return values[0] if values else None
    return found["value"]
