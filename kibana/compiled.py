"""A compiled file, read again: what is in it, without what it was made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lake.errors import InvalidError
from lake.records import Json


@dataclass(frozen=True)
class Shown:
    """A panel of a compiled dashboard.

    Args:
        body: As the dashboard keeps it.
    """

    body: Json

    @property
    def id(self) -> str:
        """Unique in its dashboard."""
        return str(self.body.get("panelIndex", ""))

    @property
    def grid(self) -> tuple[int, int, int, int]:
        """``x``, ``y``, ``w``, ``h``."""
        data = self.body["gridData"]
        return data["x"], data["y"], data["w"], data["h"]

    @property
    def lens(self) -> Json | None:
        """The attributes of a Lens panel."""
        found: Json | None = self.body["embeddableConfig"].get("attributes")
        return found

    @property
    def layers(self) -> Mapping[str, Json]:
        """The layers of a Lens panel by id."""
        if self.lens is None:
            return {}
        found: Mapping[str, Json]
        found = self.lens["state"]["datasourceStates"]["formBased"]["layers"]
        return found

    @property
    def query(self) -> str:
        """The KQL of a Lens panel."""
        return "" if self.lens is None else str(self.lens["state"]["query"]["query"])

    @property
    def saved(self) -> Json:
        """What is kept of Vega or markdown."""
        found: Json = self.body["embeddableConfig"].get("savedVis") or {}
        return found

    @property
    def vega(self) -> Json | None:
        """The specification of a Vega panel.

        Raises:
            InvalidError: It is no JSON.
        """
        if self.saved.get("type") != "vega":
            return None
        try:
            found: Json = json.loads(self.saved["params"]["spec"])
        except ValueError as exc:
            raise InvalidError(f"the Vega specification is no JSON: {exc}") from exc
        return found

    @property
    def follows(self) -> bool:
        """Whether what is chosen above the dashboard narrows it."""
        if (spec := self.vega) is not None:
            return "%dashboard_context" in json.dumps(spec)
        if self.lens is not None:
            return not any(layer.get("ignoreGlobalFilters") for layer in self.layers.values())
        return "panelRefName" in self.body


@dataclass(frozen=True)
class Compiled:
    """One file.

    Args:
        name: The dashboard's.
        objects: Its saved objects.
    """

    name: str
    objects: tuple[Json, ...]

    @cached_property
    def dashboard(self) -> Json:
        """The dashboard itself.

        Raises:
            InvalidError: There is none, or there are several.
        """
        found = [one for one in self.objects if one["type"] == "dashboard"]
        if len(found) != 1:
            raise InvalidError(f"{self.name}.ndjson has {len(found)} dashboards, not one")
        return found[0]

    @cached_property
    def panels(self) -> tuple[Shown, ...]:
        """The dashboard's panels."""
        return tuple(map(Shown, json.loads(self.dashboard["attributes"]["panelsJSON"])))

    @cached_property
    def views(self) -> Mapping[str, Json]:
        """The attributes of the data views by id."""
        found = self.of_type("index-pattern")
        return {one["id"]: one["attributes"] for one in found}

    @cached_property
    def references(self) -> Mapping[str, tuple[str, str]]:
        """Type and id of what the dashboard refers to, by name."""
        return {one["name"]: (one["type"], one["id"]) for one in self.dashboard["references"]}

    @cached_property
    def controls(self) -> tuple[tuple[str, str | None], ...]:
        """Field of each list of values, and the id of its data view."""
        kept = self.dashboard["attributes"]["controlGroupInput"]["panelsJSON"]
        found = []
        for id_, control in json.loads(kept).items():
            view = self.references.get(f"controlGroup_{id_}:optionsListDataView")
            found.append((control["explicitInput"]["fieldName"], view and view[1]))
        return tuple(found)

    def of_type(self, name: str) -> Iterator[Json]:
        """The objects of a type."""
        return (one for one in self.objects if one["type"] == name)

    def search(self, panel: Shown) -> Json | None:
        """The saved search that a panel shows; None: it shows none, or that one is not there."""
        if "panelRefName" not in panel.body:
            return None
        _, id_ = self.references.get(f"{panel.id}:{panel.body['panelRefName']}", ("", ""))
        return next((one for one in self.of_type("search") if one["id"] == id_), None)

    def view_of(self, panel: Shown, layer: str = "l1") -> str | None:
        """The id of the data view of a Lens layer or of a saved search."""
        if search := self.search(panel):
            return str(search["references"][0]["id"])
        return self.references.get(f"{panel.id}:indexpattern-datasource-layer-{layer}", ("", ""))[1]


def read_compiled(name: str, text: str) -> Compiled:
    """Reads a file.

    Raises:
        InvalidError: A line is no JSON object.
    """
    objects: list[Any] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            objects.append(json.loads(line))
        except ValueError as exc:
            raise InvalidError(f"{name}.ndjson: line {number} is no JSON: {exc}") from exc
    return Compiled(name, tuple(objects))
