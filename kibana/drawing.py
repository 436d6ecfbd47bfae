"""Panels that are no Lens: Vega, markdown, documents; and what a click on a panel does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kibana.lens import Drawn
from kibana.panel_forms import Drilldown, Search, Vega
from kibana.spec import Colours, Control
from lake.errors import InvalidError
from lake.records import Json

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_NOTHING = {"query": "", "language": "kuery"}


def lens_attributes(title: str, text: str, drawn: Drawn, kql: str, data_view: str) -> Json:
    """The attributes of a Lens panel that is kept in its dashboard."""
    return {
        "title": title,
        "description": text,
        "visualizationType": drawn.type,
        "type": "lens",
        "references": [
            {"type": "index-pattern", "id": data_view, "name": lens_reference(layer)}
            for layer in drawn.layers
        ],
        "state": {
            "visualization": drawn.visualization,
            "query": {"query": kql, "language": "kuery"},
            "filters": [],
            "datasourceStates": {
                "formBased": {"layers": dict(drawn.layers)},
                "indexpattern": {"layers": {}},
                "textBased": {"layers": {}},
            },
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }


def lens_reference(layer: str) -> str:
    """The name by which a layer's data view is referred to."""
    return f"indexpattern-datasource-layer-{layer}"


def visualization(title: str, text: str, kind: str, params: Json) -> Json:
    """What a dashboard keeps of a panel that is Vega or markdown."""
    source = {"query": _NOTHING, "filter": []}
    return {
        "title": title,
        "description": text,
        "type": kind,
        "params": params,
        "uiState": {},
        "data": {"aggs": [], "searchSource": source},
    }


def vega_spec(panel: Vega, indices: Mapping[str, str], colours: Mapping[str, Colours]) -> str:
    """The Vega-Lite specification of a panel.

    Args:
        panel: Whose.
        indices: View to the indices that it means.
        colours: Tables of colours by name.

    Raises:
        InvalidError: It names a view or colours that are not there.
    """
    body = _filled(panel.vega, indices, colours)
    # Vega warns of every axis that has no data; an empty panel says enough.
    body["config"] = body.get("config", {}) | {"kibana": {"hideWarnings": True}}
    return json.dumps({"$schema": SCHEMA, **body}, indent=2, sort_keys=True, ensure_ascii=False)


def _filled(value: Any, indices: Mapping[str, str], colours: Mapping[str, Colours]) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("url"), dict) and "index" in value["url"]:
            name = value["url"]["index"]
            if name not in indices:
                raise InvalidError(f"there is no view {name} in views.yaml")
            value = value | {"url": value["url"] | {"index": indices[name]}}
        return {key: _filled(one, indices, colours) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, indices, colours) for one in value]
    if isinstance(value, str) and value.startswith("%colours."):
        return _scale(value.removeprefix("%colours.").removesuffix("%"), colours)
    return value


def _scale(name: str, colours: Mapping[str, Colours]) -> Json:
    if name not in colours:
        raise InvalidError(f"there is no table of colours {name} in colours.yaml")
    values = colours[name].values
    return {"domain": list(values), "range": list(values.values())}


def search_object(panel: Search, id_: str, text: str, data_view: str) -> Json:
    """The saved search of a panel that shows documents, without its versions."""
    reference = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {
        "query": {"query": panel.filter, "language": "kuery"},
        "filter": [],
        "indexRefName": reference,
    }
    return {
        "id": id_,
        "type": "search",
        "attributes": {
            "title": panel.title,
            "description": text,
            "columns": list(panel.columns),
            "sort": [list(panel.sort)],
            "grid": {},
            "hideChart": False,
            "isTextBasedQuery": False,
            "timeRestore": False,
            "kibanaSavedObjectMeta": {"searchSourceJSON": packed(source)},
        },
        "references": [{"name": reference, "type": "index-pattern", "id": data_view}],
    }


def controls_attributes(controls: tuple[Control, ...]) -> Json:
    """The lists of values above a dashboard."""
    ignored = ("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations")
    return {
        "controlStyle": "oneLine",
        "chainingSystem": "HIERARCHICAL",
        "ignoreParentSettingsJSON": packed(dict.fromkeys(ignored, False)),
        "panelsJSON": packed(
            {
                control_id(number): {
                    "order": number,
                    "width": "medium",
                    "grow": True,
                    "type": "optionsListControl",
                    "explicitInput": {
                        "id": control_id(number),
                        "fieldName": control.field,
                        "title": control.title,
                        "enhancements": {},
                        "selectedOptions": [],
                        **({"singleSelect": True} if control.one else {}),
                    },
                }
                for number, control in enumerate(controls)
            }
        ),
    }


def control_id(number: int) -> str:
    """The id of the n-th list."""
    return f"c{number}"


def control_reference(number: int) -> str:
    """The name by which the n-th list's data view is referred to."""
    return f"controlGroup_{control_id(number)}:optionsListDataView"


def enhancements(panel_id: str, drilldown: Drilldown | None) -> Json:
    """What a click on a value of a panel opens.

    Dashboard drilldowns come with every licence; those to an address do not
    (https://www.elastic.co/guide/en/kibana/8.12/drilldowns.html).
    """
    if drilldown is None:
        return {}
    event = {
        "eventId": f"{panel_id}-click",
        "triggers": ["FILTER_TRIGGER"],
        "action": {
            "factoryId": "DASHBOARD_TO_DASHBOARD_DRILLDOWN",
            "name": drilldown.label,
            "config": {
                "useCurrentFilters": drilldown.keep_filters,
                "useCurrentDateRange": True,
                "openInNewTab": False,
            },
        },
    }
    return {"dynamicActions": {"events": [event]}}


def drilldown_reference(panel_id: str) -> str:
    """The name by which the dashboard that a click opens is referred to."""
    return f"drilldown:DASHBOARD_TO_DASHBOARD_DRILLDOWN:{panel_id}-click:dashboardId"


def packed(value: object) -> str:
    """JSON in a text, always the same for the same value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
