"""A small dashboard as files have it: a panel of each kind, a control, and what they refer to."""

from __future__ import annotations

import json
from typing import Any

from kibana.saved_objects import SavedObject

POSTS = "test-posts"
DASHBOARD = "test-dashboard"
LENS = "test-lens"
LAYER = "indexpattern-datasource-layer-l1"
VERSIONS = {"index-pattern": "8.0.0", "lens": "8.9.0", "dashboard": "8.9.0"}


def sample() -> list[SavedObject]:
    """A dashboard, a visualization and their data view."""
    return [data_view(), lens(), dashboard()]


def data_view(title: str = "taglake-posts-*") -> SavedObject:
    return made("index-pattern", POSTS, {"title": title, "timeFieldName": "@timestamp"}, [])


def lens() -> SavedObject:
    return made("lens", LENS, lens_state("Posts over time"), [reference(LAYER)])


def dashboard(id_: str = DASHBOARD, title: str = "Übersicht – test") -> SavedObject:
    control = {"c1": {"type": "optionsListControl", "order": 0}}
    attributes = {
        "title": title,
        "timeRestore": True,
        "timeFrom": "now-30d",
        "timeTo": "now",
        "panelsJSON": json.dumps(panels()),
        "controlGroupInput": {"panelsJSON": json.dumps(control), "controlStyle": "oneLine"},
        "kibanaSavedObjectMeta": {"searchSourceJSON": '{"query": {}, "filter": []}'},
    }
    references = [
        reference(f"p1:{LAYER}"),
        reference("controlGroup_c1:optionsListDataView"),
        {"type": "lens", "id": LENS, "name": "p4:panel_p4"},
    ]
    return made("dashboard", id_, attributes, references)


def panels() -> list[dict[str, Any]]:
    vega = {"type": "vega", "params": {"spec": '{"mark": "bar"}'}}
    markdown = {"type": "markdown", "params": {"markdown": "### What is what"}}
    return [
        panel("p1", "lens", {"attributes": lens_state("Share") | {"type": "lens"}}),
        panel("p2", "visualization", {"savedVis": vega}) | {"title": "Scatter"},
        panel("p3", "visualization", {"savedVis": markdown}),
        panel("p4", "lens", {}) | {"panelRefName": "panel_p4"},
    ]


def panel(index: str, type_: str, config: dict[str, Any]) -> dict[str, Any]:
    grid = {"x": 0, "y": 0, "w": 24, "h": 10, "i": index}
    return {"panelIndex": index, "type": type_, "gridData": grid, "embeddableConfig": config}


def lens_state(title: str) -> dict[str, Any]:
    columns = {"x": {"operationType": "date_histogram"}, "y": {"operationType": "count"}}
    layers = {"l1": {"columns": columns, "columnOrder": ["x", "y"], "incompleteColumns": {}}}
    state = {"datasourceStates": {"formBased": {"layers": layers}}, "filters": []}
    return {"title": title, "visualizationType": "lnsXY", "state": state}


def reference(name: str) -> dict[str, str]:
    return {"type": "index-pattern", "id": POSTS, "name": name}


def made(
    type_: str, id_: str, attributes: dict[str, Any], references: list[dict[str, str]]
) -> SavedObject:
    return SavedObject({
        "type": type_,
        "id": id_,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": VERSIONS[type_],
    })  # fmt: skip


def changed(one: SavedObject, **changes: Any) -> SavedObject:
    """An object with other keys or attributes."""
    attributes = one.attributes | changes.pop("attributes", {})
    return SavedObject(one.body | {"attributes": attributes} | changes)
