"""Dashboards as Kibana imports them: one NDJSON file a dashboard, with the data views it needs.

Always the same bytes for the same spec: fixed ids, sorted keys, no clock. Written for Kibana 8.12;
newer ones take it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kibana import drawing, texts
from kibana.fields import field_types
from kibana.grid import place
from kibana.lens import Ground, draw
from kibana.panel_forms import AnyPanel, Markdown, Search, Vega
from kibana.saved_objects import SavedObject, as_ndjson
from kibana.spec import Dashboard, Spec, View
from lake.errors import ConfigError, InvalidError
from lake.records import Json

KIBANA = "8.12.2"
CORE_VERSION = "8.8.0"
TYPE_VERSIONS = {
    "index-pattern": "8.0.0",
    "lens": "8.9.0",
    "dashboard": "8.9.0",
    "search": "8.0.0",
}
DEFAULT_PREFIX = "taglake-"
DEFAULT_API = "http://127.0.0.1:8000"
_LINK = {"id": "url", "params": {"type": "a", "openLinkInCurrentTab": False}}
_FORMATS: Mapping[str, Json] = {
    "url": _LINK,
    "number": {"id": "number", "params": {"pattern": "0,0"}},
    "percent": {"id": "number", "params": {"pattern": "0.0"}},
}


@dataclass(frozen=True, slots=True)
class Target:
    """For whom dashboards are compiled.

    Args:
        prefix: What the lake's index names begin with; ids of saved objects begin with it too.
        api_url: Where the API answers, for links to definitions.
    """

    prefix: str = DEFAULT_PREFIX
    api_url: str = DEFAULT_API

    def dashboard(self, name: str) -> str:
        """The id of a dashboard."""
        return f"{self.prefix}{name}"

    def view(self, name: str) -> str:
        """The id of a data view."""
        return f"{self.prefix}view-{name}"


@dataclass(slots=True)
class _Making:
    """A dashboard in the making."""

    spec: Spec
    meanings: texts.Meanings
    target: Target
    name: str
    panels: list[Json] = field(default_factory=list)
    references: list[Json] = field(default_factory=list)
    searches: list[Json] = field(default_factory=list)

    @property
    def dashboard(self) -> Dashboard:
        return self.spec.dashboards[self.name]

    def refer(self, name: str, type_: str, id_: str) -> None:
        self.references.append({"name": name, "type": type_, "id": id_})

    def data_view(self, name: str) -> str:
        if name not in self.spec.views:
            raise InvalidError(f"there is no view {name} in views.yaml")
        return self.target.view(name)


def compile_all(
    spec: Spec, meanings: texts.Meanings, target: Target | None = None
) -> dict[str, str]:
    """Every dashboard's file by the dashboard's name.

    Args:
        spec: What people wrote.
        meanings: The definitions of numbers by their ids.
        target: For whom; None: a lake and an API with every default.

    Raises:
        ConfigError: A panel cannot be drawn; the message names its file and it.
    """
    target = target or Target()
    return {
        name: as_ndjson(map(SavedObject, _objects(spec, meanings, target, name)))
        for name in spec.dashboards
    }


def _objects(spec: Spec, meanings: texts.Meanings, target: Target, name: str) -> Iterator[Json]:
    making = _Making(spec, meanings, target, name)
    for panel, spot in zip(making.dashboard.panels, place(making.dashboard.panels), strict=True):
        try:
            _panel(making, panel, spot)
        except InvalidError as exc:
            raise ConfigError(f"kibana/spec/{name}.yaml: panel {panel.id}: {exc}") from exc
    for number, control in enumerate(making.dashboard.controls):
        of = making.data_view(control.view)
        making.refer(drawing.control_reference(number), "index-pattern", of)
    used = {one["id"] for one in making.references if one["type"] == "index-pattern"}
    used |= {one["id"] for search in making.searches for one in search["references"]}
    for view_name, view in sorted(spec.views.items()):
        if target.view(view_name) in used:
            yield _versioned(_view(target, view_name, view))
    yield from map(_versioned, making.searches)
    yield _versioned(_dashboard(making))


def _panel(making: _Making, panel: AnyPanel, spot: Json) -> None:
    text = texts.description(panel, making.meanings)
    kept: Json = {"enhancements": drawing.enhancements(panel.id, panel.drilldown)}
    shown: Json = {"type": "visualization"}
    if isinstance(panel, Search):
        shown = _search(making, panel, text)
    elif isinstance(panel, Markdown):
        kept |= {"savedVis": _markdown(making, panel), "hidePanelTitles": True}
    elif isinstance(panel, Vega):
        kept |= {"savedVis": _vega(making, panel, text)}
    else:
        shown, kept = {"type": "lens"}, kept | {"hidePanelTitles": False}
        view = making.data_view(panel.view)
        drawn = draw(panel, Ground(_types(making, panel.view), making.spec.colours))
        kept["attributes"] = drawing.lens_attributes(panel.title, text, drawn, panel.filter, view)
        for layer in drawn.layers:
            name = f"{panel.id}:{drawing.lens_reference(layer)}"
            making.refer(name, "index-pattern", view)
    if panel.drilldown:
        to = _target_of(making, panel.drilldown.to)
        making.refer(f"{panel.id}:{drawing.drilldown_reference(panel.id)}", "dashboard", to)
    making.panels.append(
        {
            "version": KIBANA,
            "gridData": {**spot, "i": panel.id},
            "panelIndex": panel.id,
            "title": panel.title,
            "embeddableConfig": kept,
            **shown,
        }
    )


def _search(making: _Making, panel: Search, text: str) -> Json:
    id_ = f"{making.target.dashboard(making.name)}-{panel.id}"
    made = drawing.search_object(panel, id_, text, making.data_view(panel.view))
    making.searches.append(made)
    making.refer(f"{panel.id}:panel_{panel.id}", "search", id_)
    return {"type": "search", "panelRefName": f"panel_{panel.id}"}


def _markdown(making: _Making, panel: Markdown) -> Json:
    text = panel.text.strip()
    if "{numbers}" in text:
        url = f"{making.target.api_url}/v1/metrics/definitions"
        explained = texts.numbers(making.dashboard, making.meanings, url)
        text = text.replace("{numbers}", explained)
    for name in making.spec.dashboards:
        text = text.replace(f"(dashboard:{name})", f"(#/view/{making.target.dashboard(name)})")
    if "(dashboard:" in text:
        raise InvalidError("it links a dashboard that is not there")
    params = {"fontSize": 12, "openLinksInNewTab": False, "markdown": text}
    return drawing.visualization(panel.title, "", "markdown", params)


def _vega(making: _Making, panel: Vega, text: str) -> Json:
    making.data_view(panel.view)
    indices = {name: making.target.prefix + one.index for name, one in making.spec.views.items()}
    body = drawing.vega_spec(panel, indices, making.spec.colours)
    return drawing.visualization(panel.title, text, "vega", {"spec": body})


def _types(making: _Making, view: str) -> Mapping[str, str]:
    index = making.spec.views[view].index
    types = field_types(index)
    if types is None:
        raise InvalidError(f"no index template is for {index}")
    return types


def _target_of(making: _Making, name: str) -> str:
    if name not in making.spec.dashboards:
        raise InvalidError(f"there is no dashboard {name} to open")
    return making.target.dashboard(name)


def _view(target: Target, name: str, view: View) -> Json:
    formats = {field: _FORMATS[one] for field, one in view.formats.items()}
    attributes: Json = {
        "title": target.prefix + view.index,
        "name": view.title,
        "fields": "[]",
        "fieldAttrs": "{}",
        "fieldFormatMap": drawing.packed(formats),
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "typeMeta": "{}",
        "allowNoIndex": True,  # an empty lake shows empty panels and no errors
    }
    if view.time:
        attributes["timeFieldName"] = view.time
    return {
        "id": target.view(name),
        "type": "index-pattern",
        "attributes": attributes,
        "references": [],
    }


def _dashboard(making: _Making) -> Json:
    dashboard = making.dashboard
    options = dict.fromkeys(("useMargins", "syncColors", "syncCursor"), True)
    options |= dict.fromkeys(("syncTooltips", "hidePanelTitles"), False)
    nothing = {"query": {"query": "", "language": "kuery"}, "filter": []}
    return {
        "id": making.target.dashboard(making.name),
        "type": "dashboard",
        "attributes": {
            "title": dashboard.title,
            "description": dashboard.about,
            "version": 1,
            "timeRestore": True,
            "timeFrom": dashboard.time.start,
            "timeTo": dashboard.time.end,
            "refreshInterval": {"pause": True, "value": 60_000},
            "optionsJSON": drawing.packed(options),
            "panelsJSON": drawing.packed(making.panels),
            "controlGroupInput": drawing.controls_attributes(dashboard.controls),
            "kibanaSavedObjectMeta": {"searchSourceJSON": drawing.packed(nothing)},
        },
        "references": making.references,
    }


def _versioned(body: Json) -> Json:
    return body | {
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": TYPE_VERSIONS[body["type"]],
    }
