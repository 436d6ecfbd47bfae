"""Whether what Kibana stored is what was sent.

An import may answer success and still have emptied panels: old migrations that run on a newer
object leave ``formBased.layers`` without columns, and the panels load for ever. So what came back
is compared with what was sent. A newer Kibana adds to panels; it must not take away. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kibana.saved_objects import Key, SavedObject, shown_type
from lake.records import Json


def losses(sent: SavedObject, stored: Json, places: Mapping[Key, Key]) -> list[str]:
    """What Kibana lost of an object, a line each; empty where it is whole.

    Args:
        sent: The object as it was imported.
        stored: The object as Kibana gives it back.
        places: Where each imported object went; as itself, unless copies were made.
    """
    found = SavedObject(stored)
    lines = _of_kind(sent, found)
    there = found.references
    for key in sorted(sent.references):
        if places.get(key, key) not in there:
            lines.append(f"no longer knows its {shown_type(key[0])} {key[1]}")
    return [f"{sent.shown} {line}" for line in lines]


def _of_kind(sent: SavedObject, stored: SavedObject) -> list[str]:
    match sent.key[0]:
        case "dashboard":
            return _of_dashboard(sent.attributes, stored.attributes)
        case "lens":
            lost = _lens_columns(sent.attributes) - _lens_columns(stored.attributes)
            return [_emptied(lost)] if lost else []
        case "index-pattern":
            same = sent.attributes.get("title") == stored.attributes.get("title")
            return [] if same else ["names other indices than it should"]
    return [] if stored.attributes else ["is empty"]


def _of_dashboard(sent: Json, stored: Json) -> list[str]:
    there = _panels(stored)
    lines = []
    for place, panel in _panels(sent).items():
        name = repr(_title(panel) or place)
        if place not in there:
            lines.append(f"has lost the panel {name}")
        elif lost := _of_panel(panel, there[place]):
            lines.append(f"has the panel {name}, which {lost}")
    wanted, found = _controls(sent), _controls(stored)
    if wanted - found:
        lines.append(f"has {len(found)} of {len(wanted)} controls")
    return lines


def _of_panel(sent: Json, stored: Json) -> str | None:
    ours, theirs = _config(sent), _config(stored)
    lost = _lens_columns(ours.get("attributes")) - _lens_columns(theirs.get("attributes"))
    if lost:
        return _emptied(lost)
    if _drawn(ours.get("savedVis")) and not _drawn(theirs.get("savedVis")):
        return "has lost what it draws"
    if "panelRefName" in sent and "panelRefName" not in stored:
        return "has lost what it refers to"
    return None


def _emptied(lost: set[str]) -> str:
    return f"was emptied: {len(lost)} columns are gone, such as {min(lost)}"


def _panels(attributes: Json) -> dict[str, Json]:
    found = _json(attributes.get("panelsJSON"))
    panels = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return {str(one.get("panelIndex")): one for one in panels}


def _controls(attributes: Json) -> set[str]:
    group = attributes.get("controlGroupInput")
    found = _json(group.get("panelsJSON")) if isinstance(group, dict) else None
    return set(found) if isinstance(found, dict) else set()


def _config(panel: Json) -> Json:
    config = panel.get("embeddableConfig")
    return config if isinstance(config, dict) else {}


def _title(panel: Json) -> str:
    attributes = _config(panel).get("attributes")
    inner = attributes.get("title") if isinstance(attributes, dict) else ""
    return str(panel.get("title") or inner or "")


def _lens_columns(attributes: Any) -> set[str]:
    """``<layer>.<column>`` of a Lens visualization."""
    value = attributes
    for name in ("state", "datasourceStates", "formBased", "layers"):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return set()
    return {
        f"{layer}.{column}"
        for layer, content in value.items()
        if isinstance(content, dict)
        for column in content.get("columns") or {}
    }


def _drawn(saved: Any) -> str:
    """What a Vega or a markdown panel is made of."""
    params = saved.get("params") if isinstance(saved, dict) else None
    if not isinstance(params, dict):
        return ""
    return str(params.get("spec") or params.get("markdown") or "").strip()


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
