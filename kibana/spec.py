"""What the dashboards show, as people write it: ``kibana/spec/*.yaml``, read and checked.

One file a dashboard, ``views.yaml`` for the data views and ``colours.yaml`` for the colours that
mean the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import Field, ValidationError

from kibana.panel_forms import AnyPanel, Colour, Strict, Text
from lake.errors import ConfigError

_NOT_DASHBOARDS = {"views.yaml", "colours.yaml"}
T = TypeVar("T", bound=Strict)


class View(Strict):
    """A data view.

    Args:
        title: Its name for people.
        index: Index pattern without the prefix, such as ``posts-*``.
        time: Its time field; None: the dashboard's time range does not narrow it.
        formats: How fields are shown, such as ``{post.url: url}``.
    """

    title: Text
    index: Text
    time: str | None = None
    formats: Mapping[str, Literal["url", "number", "percent"]] = Field(default_factory=dict)


class Colours(Strict):
    """The values of a field that have a colour of their own, in the order of a legend.

    Args:
        field: Such as ``platform``.
        values: Value to ``#rrggbb``.
        labels: Value to its name for people, where that differs.
        rest: The colour of all others together; None: there are none.
    """

    field: Text
    values: dict[str, Colour]
    labels: Mapping[str, str] = Field(default_factory=dict)
    rest: str | None = None


class Control(Strict):
    """A list of a field's values to choose from, for the whole dashboard."""

    field: Text
    title: Text
    view: Text
    one: bool = False


class Span(Strict):
    """The time range that a dashboard opens with."""

    start: Annotated[str, Field(alias="from")]
    end: Annotated[str, Field(alias="to")] = "now"


class Dashboard(Strict):
    """One file of ``kibana/spec``; its name is the dashboard's."""

    title: Text
    about: Text
    time: Span
    controls: tuple[Control, ...] = ()
    panels: Annotated[tuple[AnyPanel, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything that is compiled.

    Args:
        views: Data views by name.
        colours: Tables of colours by name.
        dashboards: Dashboards by name, in the order of their names.
    """

    views: Mapping[str, View]
    colours: Mapping[str, Colours]
    dashboards: Mapping[str, Dashboard]


@cache
def load_spec(folder: Traversable | None = None) -> Spec:
    """Reads a folder of YAML files; None: the one that comes with Taglake.

    Raises:
        ConfigError: A file cannot be used; the message names it and the panel.
    """
    folder = folder or files("kibana") / "spec"
    found = {
        entry.name.removesuffix(".yaml"): _read(entry, Dashboard)
        for entry in sorted(folder.iterdir(), key=lambda one: one.name)
        if entry.name.endswith(".yaml") and entry.name not in _NOT_DASHBOARDS
    }
    views = _read_many(folder / "views.yaml", View)
    return Spec(views, _read_many(folder / "colours.yaml", Colours), found)


def _read(file: Traversable, model: type[T]) -> T:
    return _checked(file, model, _parsed(file))


def _read_many(file: Traversable, model: type[T]) -> dict[str, T]:
    return {name: _checked(file, model, one, name) for name, one in _parsed(file).items()}


def _parsed(file: Traversable) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as exc:
        raise ConfigError(f"kibana/spec/{file.name} cannot be read: {exc}") from exc
    if not isinstance(found, dict):
        raise ConfigError(f"kibana/spec/{file.name} must be a mapping")
    return found


def _checked(file: Traversable, model: type[T], value: object, name: str = "") -> T:
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        problems = [f"{_place(value, error['loc'])}{error['msg']}" for error in exc.errors()]
        where = f"kibana/spec/{file.name}" + (f", {name}" if name else "")
        raise ConfigError("\n".join(f"{where}: {one}" for one in problems)) from exc


def _place(value: Any, loc: tuple[int | str, ...]) -> str:
    """``panel posts, layers.0.series: `` of a finding's place."""
    parts = [str(part) for part in loc]
    if parts[:1] != ["panels"] or len(parts) < 2 or not parts[1].isdigit():
        return "".join(f"{part}." for part in parts)[:-1] + (": " if parts else "")
    panel = value["panels"][int(parts[1])]
    name = panel.get("id", f"number {int(parts[1]) + 1}") if isinstance(panel, dict) else parts[1]
    rest = ".".join(parts[3:])  # behind the kind, which pydantic names there
    return f"panel {name}" + (f", {rest}: " if rest else ": ")
