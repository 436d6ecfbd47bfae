"""Whether every field that a compiled dashboard uses is there, and can be used so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from kibana.compiled import Compiled, Shown
from kibana.fields import RECORDS, USABLE, field_types
from kibana.kql import parse_kql
from kibana.vega_queries import forbidden, requests, uses
from lake.errors import InvalidError
from lake.records import Json

_META = {"_id", "_index", "_score"}
Types = Mapping[str, str]


def field_problems(file: Compiled, prefix: str) -> Iterator[tuple[str, str]]:
    """Each panel's name and what is wrong with a field in it.

    Args:
        file: A compiled dashboard.
        prefix: What the lake's index names begin with.
    """
    types = {id_: field_types(one["title"], prefix) for id_, one in file.views.items()}
    for id_, found in types.items():
        if found is None:
            title = file.views[id_]["title"]
            yield "", f"no index template is for {title}, which data view {id_} names"
        elif (time := file.views[id_].get("timeFieldName")) and found.get(time) != "date":
            yield "", f"the time field {time} of data view {id_} is no date"
    known = {id_: found for id_, found in types.items() if found is not None}
    for panel in file.panels:
        yield from ((panel.id, problem) for problem in _of_panel(file, panel, known, prefix))
    yield from (("", problem) for problem in _of_controls(file, known))


def _of_panel(
    file: Compiled, panel: Shown, known: Mapping[str, Types], prefix: str
) -> Iterator[str]:
    for name, layer in panel.layers.items():
        types = known.get(file.view_of(panel, name) or "", {})
        yield from _unknown(_asked(panel.query), types)
        for column in layer["columns"].values():
            yield from _of_column(column, types)
    if search := file.search(panel):
        yield from _of_search(search, known.get(file.view_of(panel) or "", {}))
    try:
        spec = panel.vega
    except InvalidError as exc:
        yield str(exc)
        return
    for url in requests(spec):
        yield from _of_request(url, prefix)


def _of_column(column: Json, types: Types) -> Iterator[str]:
    operation, name = column["operationType"], column.get("sourceField")
    if name is not None and name != RECORDS:
        yield from _misused(name, operation, types)
    if operation == "last_value" and types.get(column["params"]["sortField"]) != "date":
        yield f"last_value is sorted by {column['params']['sortField']}, which is no date"
    filters = [one["input"]["query"] for one in column.get("params", {}).get("filters", [])]
    for kql in [column.get("filter", {}).get("query", ""), *filters]:
        yield from _unknown(_asked(kql), types)


def _of_search(search: Json, types: Types) -> Iterator[str]:
    attributes = search["attributes"]
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    names = [*attributes["columns"], *_asked(source["query"]["query"])]
    yield from _unknown(names, types)
    for name, _ in attributes["sort"]:
        if types.get(name) in {"text", "flattened"}:
            yield f"documents cannot be sorted by {name}, which is {types[name]}"
        yield from _unknown([name], types)


def _of_request(url: Json, prefix: str) -> Iterator[str]:
    types = field_types(str(url.get("index", "")), prefix)
    if types is None:
        yield f"no index template is for {url.get('index')!r}, which Vega asks"
        return
    body = url.get("body", {})
    for word in sorted(forbidden(body)):
        yield f"it uses {word}, which not every Elasticsearch has"
    if "%context%" in url and "query" in body:
        yield "it has both %context% and a query, of which Kibana takes one"
    for name, operation in uses(body):
        if operation:
            yield from _misused(name, operation, types)
        else:
            yield from _unknown([name], types)


def _of_controls(file: Compiled, known: Mapping[str, Types]) -> Iterator[str]:
    for name, view in file.controls:
        if known.get(view or "", {}).get(name) not in USABLE["terms"]:
            yield f"the control of {name} has no field to list"
    for name, _ in file.controls:
        for panel in file.panels:
            types = known.get(file.view_of(panel) or "")
            if types is not None and panel.follows and name not in types:
                yield f"a choice of {name} would empty the panel {panel.id}, which lacks the field"


def _asked(kql: str) -> list[str]:
    return sorted(parse_kql(kql).fields)


def _misused(name: str, operation: str, types: Types) -> Iterator[str]:
    if name not in types:
        yield f"there is no field {name}"
    elif types[name] not in USABLE.get(operation, frozenset()):
        yield f"{operation} cannot use the field {name}, which is {types[name]}"


def _unknown(names: list[str], types: Types) -> Iterator[str]:
    missing = [name for name in names if name not in types and name not in _META]
    return (f"there is no field {name}" for name in missing)
