"""Lens panels: layers of columns, and how each kind of picture refers to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kibana.columns import Columns
from kibana.panel_forms import Bucket, Chart, Heatmap, Layer, Measure, Pie, Table, TagCloud, Tile
from kibana.spec import Colours
from lake.errors import InvalidError
from lake.records import Json

LensPanel = Tile | Chart | Pie | Table | Heatmap | TagCloud
_ONE = "l1"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel of Lens.

    Args:
        type: Lens's name of the kind.
        visualization: What refers to the columns.
        layers: The columns of each layer by its id.
    """

    type: str
    visualization: Json
    layers: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a panel is drawn on.

    Args:
        types: The view's fields and their types.
        colours: Tables of colours by name.
    """

    types: Mapping[str, str]
    colours: Mapping[str, Colours]

    def table(self, name: str) -> Colours:
        """A table of colours.

        Raises:
            InvalidError: There is none of the name.
        """
        if name not in self.colours:
            raise InvalidError(f"there is no table of colours {name} in colours.yaml")
        return self.colours[name]

    def colour(self, measure: Measure) -> str | None:
        """The colour of a number; None where it has none of its own.

        Raises:
            InvalidError: It names one that is not there.
        """
        if measure.colour is None or measure.colour.startswith("#"):
            return measure.colour
        name, _, value = measure.colour.partition(".")
        values = self.table(name).values
        if value not in values:
            raise InvalidError(f"there is no colour {measure.colour} in colours.yaml")
        return values[value]


def draw(panel: LensPanel, ground: Ground) -> Drawn:
    """A panel in Lens's JSON.

    Raises:
        InvalidError: It names a field or colours that are not there, or a formula that is none.
    """
    kinds: Mapping[type, Callable[[Any, Ground], Drawn]] = {
        Tile: _tile,
        Chart: _chart,
        Pie: _pie,
        Table: _table,
        Heatmap: _heatmap,
        TagCloud: _tagcloud,
    }
    return kinds[type(panel)](panel, ground)


def _tile(panel: Tile, ground: Ground) -> Drawn:
    columns = _columns(panel, ground)
    state: Json = {"layerId": _ONE, "layerType": "data", "metricAccessor": "m"}
    if panel.split:
        state |= {"breakdownByAccessor": columns.bucket("g", panel.split, "m"), "maxCols": 1}
    columns.number("m", panel.number)
    if colour := ground.colour(panel.number):
        state["color"] = colour
    if panel.second:
        state["secondaryMetricAccessor"] = columns.number("n", panel.second)
        state["secondaryPrefix"] = panel.second.label
    return _single("lnsMetric", state, columns, panel)


def _chart(panel: Chart, ground: Ground) -> Drawn:
    layers, states = {}, []
    for number, layer in enumerate(panel.layers, start=1):
        columns = _columns(panel, ground, gaps_as_zero=panel.gaps == "zero")
        states.append(_data_layer(f"l{number}", layer, columns, ground))
        layers[f"l{number}"] = _finished(columns, panel)
    many = len(layers) > 1 or any(
        len(state["accessors"]) > 1 or "splitAccessor" in state for state in states
    )
    shown = {"x": True, "yLeft": True, "yRight": True}
    state: Json = {
        "legend": {"isVisible": many, "position": "right"},
        "valueLabels": "hide",
        "fittingFunction": "Linear" if panel.gaps == "joined" else "None",
        "axisTitlesVisibilitySettings": shown,
        "tickLabelsVisibilitySettings": shown,
        "labelsOrientation": {"x": 0, "yLeft": 0, "yRight": 0},
        "gridlinesVisibilitySettings": shown,
        "preferredSeriesType": panel.layers[0].series,
        "layers": states,
    }
    if panel.gaps == "joined":
        state["emphasizeFitting"] = True  # the line between two looks is no dashed one
    if panel.to_100:
        extent = "yLeftExtent" if panel.to_100 == "left" else "yRightExtent"
        state[extent] = {"mode": "custom", "lowerBound": 0, "upperBound": 100}
    return Drawn("lnsXY", state, layers)


def _data_layer(name: str, layer: Layer, columns: Columns, ground: Ground) -> Json:
    own = "" if name == _ONE else name  # ids are unique in the whole chart
    numbers = [f"{own}y{number}" for number in range(len(layer.numbers))]
    first = numbers[0]
    if layer.each:
        first += f"-{next(iter(ground.table(layer.each).values))}"
    splits = [(f"{own}s", layer.split)] if layer.split else []
    buckets: list[tuple[str, Bucket]] = [(f"{own}x", layer.x)]
    # Lens asks for the terms of a series first, and for their times then.
    buckets = [*splits, *buckets] if layer.x.time else [*buckets, *splits]
    for column, bucket in buckets:
        columns.bucket(column, bucket, first)
    accessors, configs = [], []
    for column, measure in zip(numbers, layer.numbers, strict=True):
        colours = _numbers(column, measure, layer.each, columns, ground)
        accessors += list(colours)
        configs += [
            {"forAccessor": one, "axisMode": measure.axis} | ({"color": colour} if colour else {})
            for one, colour in colours.items()
        ]
    state: Json = {
        "layerId": name,
        "accessors": accessors,
        "position": "top",
        "seriesType": layer.series,
        "showGridlines": False,
        "layerType": "data",
        "xAccessor": f"{own}x",
        "palette": {"type": "palette", "name": "default"},
        "yConfig": configs,
    }
    return state | ({"splitAccessor": f"{own}s"} if layer.split else {})


def _pie(panel: Pie, ground: Ground) -> Drawn:
    columns = _columns(panel, ground)
    groups = [columns.bucket("g", panel.split, "m0")] if panel.split else []
    colours: dict[str, str | None] = {}
    for number, measure in enumerate(panel.numbers):
        colours |= _numbers(f"m{number}", measure, panel.each, columns, ground)
    layer: Json = {
        "layerId": _ONE,
        "primaryGroups": groups,
        "metrics": list(colours),
        "numberDisplay": "percent",
        "categoryDisplay": "default",
        "legendDisplay": "show",
        "nestedLegend": False,
        "layerType": "data",
    }
    if len(colours) > 1:
        known = {column: colour for column, colour in colours.items() if colour}
        layer |= {"allowMultipleMetrics": True, "colorsByDimension": known}
    return _single("lnsPie", {"shape": panel.shape, "layers": [layer]}, columns, panel)


def _table(panel: Table, ground: Ground) -> Drawn:
    columns = _columns(panel, ground)
    first = "m0"
    splits = [columns.bucket(f"b{place}", bucket, first) for place, bucket in enumerate(panel.by)]
    numbers = [columns.number(f"m{place}", measure) for place, measure in enumerate(panel.numbers)]
    state: Json = {
        "layerId": _ONE,
        "layerType": "data",
        "columns": [{"columnId": one, "isTransposed": False} for one in [*splits, *numbers]],
        "paging": {"size": panel.rows, "enabled": True},
    }
    if panel.sort_by is not None:
        state["sorting"] = {"columnId": numbers[panel.sort_by], "direction": "desc"}
    return _single("lnsDatatable", state, columns, panel)


def _heatmap(panel: Heatmap, ground: Ground) -> Drawn:
    columns = _columns(panel, ground)
    columns.bucket("x", panel.x, "v")
    columns.bucket("y", panel.y, "v")
    columns.number("v", panel.number)
    shown = ("CellLabel", "YAxisLabel", "XAxisLabel", "YAxisTitle", "XAxisTitle")
    state: Json = {
        "shape": "heatmap",
        "layerId": _ONE,
        "layerType": "data",
        "legend": {"isVisible": True, "position": "right", "type": "heatmap_legend"},
        "gridConfig": {"type": "heatmap_grid", **{f"is{one}Visible": True for one in shown}},
        "valueAccessor": "v",
        "xAccessor": "x",
        "yAccessor": "y",
    }
    return _single("lnsHeatmap", state, columns, panel)


def _tagcloud(panel: TagCloud, ground: Ground) -> Drawn:
    columns = _columns(panel, ground)
    columns.bucket("t", panel.split, "v")
    columns.number("v", panel.number)
    state: Json = {
        "layerId": _ONE,
        "layerType": "data",
        "tagAccessor": "t",
        "valueAccessor": "v",
        "maxFontSize": 48,
        "minFontSize": 14,
        "orientation": "single",
        "showLabel": False,
    }
    return _single("lnsTagcloud", state, columns, panel)


def _numbers(
    column: str, measure: Measure, each: str | None, columns: Columns, ground: Ground
) -> dict[str, str | None]:
    """Adds a number, or one for each value of a table of colours; gives ids to colours."""
    if each:
        return dict(columns.each(column, measure, ground.table(each)))
    return {columns.number(column, measure): ground.colour(measure)}


def _columns(panel: LensPanel, ground: Ground, *, gaps_as_zero: bool = False) -> Columns:
    always = panel.filter if panel.ignores_controls else ""
    return Columns(ground.types, gaps_as_zero=gaps_as_zero, always=always)


def _single(type_: str, state: Json, columns: Columns, panel: LensPanel) -> Drawn:
    return Drawn(type_, state, {_ONE: _finished(columns, panel)})


def _finished(columns: Columns, panel: LensPanel) -> Json:
    columns.check_order()
    return columns.layer(ignores_controls=panel.ignores_controls)
