"""Compiled dashboards with one thing broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from kibana.checking import check
from lake.records import Json

Edit = Callable[[Json], None]
Break = Callable[[list[Json]], None]
Case = tuple[str, Break, str]
"""The dashboard, what breaks it, and what is told."""


def broken(texts: Mapping[str, str], name: str, edit: Break) -> list[str]:
    """What is found after an edit of a file's objects."""
    objects = [json.loads(line) for line in texts[name].splitlines()]
    edit(objects)
    text = "".join(f"{json.dumps(one)}\n" for one in objects)
    return [str(one) for one in check({**texts, name: text})]


def in_dashboard(edit: Edit) -> Break:
    return lambda objects: edit(next(one for one in objects if one["type"] == "dashboard"))


def in_panel(id_: str, edit: Edit) -> Break:
    def change(dashboard: Json) -> None:
        panels = json.loads(dashboard["attributes"]["panelsJSON"])
        edit(next(panel for panel in panels if panel["panelIndex"] == id_))
        dashboard["attributes"]["panelsJSON"] = json.dumps(panels)

    return in_dashboard(change)


def in_lens(id_: str, edit: Edit) -> Break:
    return in_panel(id_, lambda panel: edit(panel["embeddableConfig"]["attributes"]["state"]))


def in_layer(id_: str, edit: Edit) -> Break:
    return in_lens(id_, lambda state: edit(state["datasourceStates"]["formBased"]["layers"]["l1"]))


def in_column(id_: str, column: str, edit: Edit) -> Break:
    return in_layer(id_, lambda layer: edit(layer["columns"][column]))


def in_vega(id_: str, edit: Edit) -> Break:
    def change(panel: Json) -> None:
        params = panel["embeddableConfig"]["savedVis"]["params"]
        spec = json.loads(params["spec"])
        edit(spec)
        params["spec"] = json.dumps(spec)

    return in_panel(id_, change)


def in_view(edit: Edit) -> Break:
    return lambda objects: edit(objects[0]["attributes"])


def in_search(edit: Edit) -> Break:
    return lambda objects: edit(next(one for one in objects if one["type"] == "search"))


def sets(**values: Any) -> Edit:
    return lambda body: body.update(values)


def drops(key: str) -> Edit:
    def drop(body: Json) -> None:
        del body[key]

    return drop


def vis(**values: Any) -> Edit:
    return lambda state: state["visualization"].update(values)


def source(body: Json) -> Json:
    found: Json = body["data"]["url"]["body"]
    return found
