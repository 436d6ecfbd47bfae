"""Whether a compiled dashboard holds together: versions, references, places, nothing forbidden."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import combinations
from typing import Any

from kibana.compile import CORE_VERSION, KIBANA, TYPE_VERSIONS
from kibana.compiled import Compiled, Shown
from kibana.panel_forms import WIDTH
from lake.records import Json

_LINK = re.compile(r"\(#/view/([^)]+)\)")
_COLUMN_KEYS = re.compile(r"(accessors?|columnId|primaryGroups|metrics)$", re.IGNORECASE)


def shape_problems(file: Compiled, dashboards: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each panel's name, or nothing, and what is wrong.

    Args:
        file: A compiled dashboard.
        dashboards: The ids of all dashboards, which links and drill-downs may open.
    """
    yield from (("", problem) for problem in _versions(file))
    yield from (("", problem) for problem in _runtime_fields(file))
    yield from (("", problem) for problem in _grid(file))
    yield from (("", problem) for problem in _dashboard_references(file, dashboards))
    titles = Counter(panel.body["title"] for panel in file.panels)
    ids = Counter(panel.id for panel in file.panels)
    for name, times in [*titles.items(), *ids.items()]:
        if times > 1:
            yield "", f"{times} panels are called {name!r}"
    for panel in file.panels:
        for problem in _of_panel(file, panel, dashboards):
            yield panel.id, problem


def _versions(file: Compiled) -> Iterator[str]:
    for one in file.objects:
        name = f"{one.get('type')} {one.get('id')}"
        if one.get("coreMigrationVersion") != CORE_VERSION:
            yield f"{name}: coreMigrationVersion must be {CORE_VERSION}"
        wanted = TYPE_VERSIONS.get(one.get("type", ""))
        if wanted is None:
            yield f"{name}: no such type is imported"
        elif one.get("typeMigrationVersion") != wanted:
            yield f"{name}: typeMigrationVersion must be {wanted}"
    for panel in file.panels:
        if panel.body.get("version") != KIBANA:
            yield f"the panel {panel.id} must have version {KIBANA}"


def _runtime_fields(file: Compiled) -> Iterator[str]:
    for id_, view in file.views.items():
        if json.loads(view.get("runtimeFieldMap", "{}")):
            yield f"the data view {id_} has runtime fields, which not every Elasticsearch has"
    for panel in file.panels:
        if panel.lens and panel.lens["state"]["datasourceStates"]["textBased"]["layers"]:
            yield f"the panel {panel.id} asks ES|QL, which not every Elasticsearch has"


def _grid(file: Compiled) -> Iterator[str]:
    for panel in file.panels:
        x, y, width, height = panel.grid
        if min(x, y) < 0 or min(width, height) < 1 or x + width > WIDTH:
            yield f"the panel {panel.id} does not stand within the {WIDTH} columns"
        if panel.body["gridData"].get("i") != panel.id:
            yield f"the panel {panel.id} has another id in the grid"
    for one, other in combinations(file.panels, 2):
        if _overlap(one, other):
            yield f"the panels {one.id} and {other.id} overlap"


def _overlap(one: Shown, other: Shown) -> bool:
    x, y, width, height = one.grid
    to_x, to_y, to_width, to_height = other.grid
    beside = x + width <= to_x or to_x + to_width <= x
    return not beside and not (y + height <= to_y or to_y + to_height <= y)


def _dashboard_references(file: Compiled, dashboards: Collection[str]) -> Iterator[str]:
    yield from _missing(file, dashboards)
    names = [one["name"] for one in file.dashboard["references"]]
    yield from (f"two references are called {name}" for name, n in Counter(names).items() if n > 1)
    for name, view in file.controls:
        if view is None:
            yield f"the control of {name} refers to no data view"
    panels = {panel.id for panel in file.panels}
    for name in names:
        if not name.startswith("controlGroup_") and name.partition(":")[0] not in panels:
            yield f"the reference {name} is of a panel that is not there"


def _missing(file: Compiled, dashboards: Collection[str]) -> Iterator[str]:
    there = {(one["type"], one["id"]) for one in file.objects}
    there |= {("dashboard", id_) for id_ in dashboards}
    for owner in file.objects:
        for one in owner["references"]:
            if (one["type"], one["id"]) not in there:
                what = f"{one['type']} {one['id']}"
                yield f"{owner['type']} {owner['id']} refers to {what}, which is missing"


def _of_panel(file: Compiled, panel: Shown, dashboards: Collection[str]) -> Iterator[str]:
    if panel.lens is not None:
        yield from _of_lens(file, panel)
    elif "panelRefName" in panel.body and file.search(panel) is None:
        yield f"it shows {panel.body['panelRefName']}, which is missing"
    text = str(panel.saved.get("params", {}).get("markdown", ""))
    for id_ in _LINK.findall(text):
        if id_ not in dashboards:
            yield f"it links the dashboard {id_}, which is missing"
    events = panel.body["embeddableConfig"]["enhancements"].get("dynamicActions", {})
    for event in events.get("events", []):
        name = f"{panel.id}:drilldown:{event['action']['factoryId']}:{event['eventId']}:dashboardId"
        if name not in file.references:
            yield f"a click refers to {name}, which is missing"


def _of_lens(file: Compiled, panel: Shown) -> Iterator[str]:
    lens = panel.lens or {}
    own = {(one["name"], one["id"]) for one in lens["references"]}
    if not panel.layers:
        yield "it has no layers"
    for layer, body in panel.layers.items():
        name = f"indexpattern-datasource-layer-{layer}"
        if (name, file.view_of(panel, layer)) not in own:
            yield f"the panel's and the dashboard's data view of the layer {layer} differ"
        yield from (f"{problem} in the layer {layer}" for problem in _of_layer(body))
        if body.get("ignoreGlobalFilters"):
            yield from _unfiltered(body, panel.query)
    shown = lens["state"]["visualization"]
    for state in shown.get("layers", [shown]):
        if state["layerId"] not in panel.layers:
            yield f"it draws the layer {state['layerId']}, which is missing"
            continue
        drawn = set(_drawn(state))
        for column_id in sorted(drawn - set(panel.layers[state["layerId"]]["columns"])):
            yield f"it draws the column {column_id}, which is missing"


def _of_layer(body: Json) -> Iterator[str]:
    columns = body["columns"]
    if sorted(columns) != sorted(body["columnOrder"]):
        yield "columnOrder does not name the columns"
    used = {one for column in columns.values() for one in _columns_of(column)}
    for column_id in sorted(used - set(columns)):
        yield f"a column refers to {column_id}, which is missing"


def _unfiltered(body: Json, kql: str) -> Iterator[str]:
    """Kibana ignores the panel's own query with all others (elastic/kibana#184100)."""
    for id_, column in body["columns"].items():
        if column["isBucketed"] or column["operationType"] == "math":
            continue
        if kql not in column.get("filter", {}).get("query", ""):
            yield f"it ignores what is chosen, so the column {id_} needs its query {kql!r} too"


def _columns_of(column: Any) -> Iterator[str]:
    yield from column.get("references", [])
    params = column.get("params", {})
    by = params.get("orderBy", {})
    if by.get("type") == "column":
        yield by["columnId"]
    if "tinymathAst" in params:
        yield from _in_tree(params["tinymathAst"])


def _in_tree(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for one in node["args"]:
            yield from _in_tree(one)


def _drawn(state: Any, key: str = "") -> Iterator[str]:
    """The ids of columns that a visualization names."""
    if isinstance(state, dict):
        for name, one in state.items():
            yield from _drawn(one, name)
    elif isinstance(state, list):
        for one in state:
            yield from _drawn(one, key)
    elif isinstance(state, str) and _COLUMN_KEYS.search(key):
        yield state
