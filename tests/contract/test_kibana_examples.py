"""What is compiled has the form of the files that a real Kibana imported and rendered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kibana
from kibana.compiled import Compiled, Shown, read_compiled
from tests.conftest import SHARED

DASHBOARDS = sorted((Path(kibana.__file__).parent / "dashboards").glob("*.ndjson"))
# Of Kibana 8.12's own types (x-pack/plugins/lens), beside what the rendered files happen to use.
DOCUMENTED = {
    "column median",
    "column last_value",
    "column max",
    "column min",
    "state lnsMetric.breakdownByAccessor",
    "state lnsMetric.maxCols",
    "state lnsMetric.secondaryMetricAccessor",
    "state lnsMetric.secondaryPrefix",
    "state lnsXY.yRightExtent",
    "state lnsXY.emphasizeFitting",
    "layer lnsXY.yConfig",
    "layer lnsPie.allowMultipleMetrics",
    "layer lnsPie.colorsByDimension",
    "attribute index-pattern.allowNoIndex",
    "control singleSelect",
    "part ignoreGlobalFilters",
    "series bar_percentage_stacked",
    "series bar_horizontal_percentage_stacked",
    "interval 1h",
    "interval 1w",
    "interval auto",
    "by alphabetical",
    "panel hidePanelTitles",
}


@pytest.fixture(scope="module")
def rendered() -> set[str]:
    """Every form in the rendered files."""
    found: set[str] = set()
    for name in ("example", "example2"):
        text = (SHARED / f"kibana/{name}.ndjson").read_text(encoding="utf-8")
        found |= set(_forms(read_compiled(name, text)))
    return found


def _forms(file: Compiled) -> Iterator[str]:
    for one in file.objects:
        yield f"object {one['type']} {one['coreMigrationVersion']} {one['typeMigrationVersion']}"
        yield from (f"attribute {one['type']}.{name}" for name in one["attributes"])
        if one["type"] == "lens":
            yield from _of_lens(one["attributes"])
    if "controlGroupInput" in file.dashboard["attributes"]:
        yield from _of_controls(file.dashboard["attributes"]["controlGroupInput"])
    for panel in file.panels:
        yield from _of_panel(panel)
    for name in file.references:
        yield f"reference {':'.join(_shape(part) for part in name.split(':')[1:])}"


def _shape(part: str) -> str:
    """A part of a reference's name without the ids in it."""
    for start in ("indexpattern-datasource-layer-", "panel_"):
        if part.startswith(start):
            return start
    return part


def _of_controls(group: Any) -> Iterator[str]:
    yield from (f"controls {name}" for name in group)
    for control in json.loads(group["panelsJSON"]).values():
        yield from (f"control {name}" for name in control["explicitInput"])
        yield f"control type {control['type']}"


def _of_panel(panel: Shown) -> Iterator[str]:
    yield f"type {panel.body['type']}"
    yield from (f"panel {name}" for name in panel.body)
    yield from (f"panel {name}" for name in panel.body["embeddableConfig"])
    if panel.saved:
        yield f"vis {panel.saved['type']}"
        yield from (f"vis {panel.saved['type']}.{name}" for name in panel.saved["params"])
    if panel.lens is not None:
        yield from _of_lens(panel.lens)


def _of_lens(lens: Any) -> Iterator[str]:
    kind, shown = lens["visualizationType"], lens["state"]["visualization"]
    yield from (f"lens {name}" for name in lens["state"])
    yield from (f"source {name}" for name in lens["state"]["datasourceStates"])
    yield from (f"state {kind}.{name}" for name in shown)
    for layer in shown.get("layers", []):
        yield from (f"layer {kind}.{name}" for name in layer)
        yield f"series {layer.get('seriesType')}"
    if "shape" in shown:
        yield f"shape {shown['shape']}"
    for part in lens["state"]["datasourceStates"]["formBased"]["layers"].values():
        yield from (f"part {name}" for name in part)
        for column in part["columns"].values():
            yield from _of_column(column)


def _of_column(column: Any) -> Iterator[str]:
    operation = column["operationType"]
    yield f"column {operation}"
    if f"column {operation}" not in DOCUMENTED:
        yield from (
            f"{operation} {name}" for name in column if name not in {"filter", "customLabel"}
        )
        yield from (f"{operation} params.{name}" for name in column["params"] if name != "format")
    if "interval" in column["params"]:
        yield f"interval {column['params']['interval']}"
    if by := column["params"].get("orderBy"):
        yield f"by {by['type']}"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_form_is_rendered_or_documented(path: Path, rendered: set[str]) -> None:
    compiled = set(_forms(read_compiled(path.stem, path.read_text(encoding="utf-8"))))
    clicks = {one for one in compiled if one.startswith("reference drilldown:")}

    assert compiled - rendered - DOCUMENTED - clicks == set()
    assert len(compiled & rendered) > 40


def test_nothing_is_allowed_that_no_dashboard_needs(rendered: set[str]) -> None:
    used: set[str] = set()
    for path in DASHBOARDS:
        used |= set(_forms(read_compiled(path.stem, path.read_text(encoding="utf-8"))))

    assert DOCUMENTED - rendered <= used
