"""The spec of the dashboards and what it is compiled to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import kibana
from ingestors import platforms
from kibana.checking import check
from kibana.compile import Target, compile_all
from kibana.compiled import Shown, read_compiled
from kibana.grid import place
from kibana.panel_forms import Panel
from kibana.spec import Spec, load_spec
from lake.errors import ConfigError
from lake.records import Json
from taglake.kibana_commands import meanings

SPEC = Path(kibana.__file__).parent / "spec"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the spec that a test may change."""
    return Path(shutil.copytree(SPEC, tmp_path / "spec"))


def changed(folder: Path, name: str, panel: str, **fields: Any) -> Spec:
    """The spec with other fields in a panel; None takes a field away."""
    path = folder / f"{name}.yaml"
    body = yaml.safe_load(path.read_text())
    [found] = [one for one in body["panels"] if one["id"] == panel]
    found.update(fields)
    for key in [key for key, value in fields.items() if value is None]:
        del found[key]
    path.write_text(yaml.safe_dump(body))
    return load_spec(folder)


def test_the_same_spec_gives_the_same_bytes(folder: Path) -> None:
    first = compile_all(load_spec(), meanings())

    assert compile_all(load_spec(folder), dict(reversed(meanings().items()))) == first
    for text in first.values():
        for line in text.splitlines():
            body = json.loads(line)
            packed = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            assert line == packed


def test_there_are_the_eight_dashboards_each_with_the_data_views_that_it_needs() -> None:
    texts = compile_all(load_spec(), meanings())

    assert set(texts) == {
        *("overview", "influencers", "share", "sentiment"),
        *("hashtags", "spikes", "health", "models"),
    }
    for name, text in texts.items():
        file = read_compiled(name, text)
        needed = {id_ for type_, id_ in file.references.values() if type_ == "index-pattern"}
        needed |= {one["references"][0]["id"] for one in file.of_type("search")}
        assert set(file.views) == needed
        assert file.dashboard["attributes"]["timeRestore"]


def test_another_prefix_gives_other_indices_and_other_ids() -> None:
    texts = compile_all(load_spec(), meanings(), Target("acme-", "https://api.example.org"))

    for name, text in texts.items():
        assert "taglake-" not in text
        file = read_compiled(name, text)
        assert file.dashboard["id"] == f"acme-{name}"
        assert all(view["title"].startswith("acme-") for view in file.views.values())
    assert "https://api.example.org/v1/metrics/definitions#posts.v1" in texts["overview"]


def test_panels_stand_like_the_words_of_a_text() -> None:
    sizes = ("30x4", "18x6", "24x5", "48x2")
    panels = [Panel(id=f"p{n}", title=f"{n}", size=size) for n, size in enumerate(sizes)]

    assert [(spot["x"], spot["y"]) for spot in place(panels)] == [(0, 0), (30, 0), (0, 6), (0, 11)]


def test_every_platform_has_a_colour_of_its_own() -> None:
    names = {path.stem for path in Path(str(platforms.__path__[0])).glob("*.py")}
    colours = load_spec().colours["platforms"].values

    assert set(colours) == names - {"__init__", "archive"}
    assert len(set(colours.values())) == len(colours)


def test_a_value_has_the_same_colour_on_every_dashboard() -> None:
    seen: dict[str, set[str]] = {}
    for name, text in compile_all(load_spec(), meanings()).items():
        for panel in read_compiled(name, text).panels:
            for layer in (
                (panel.lens or {}).get("state", {}).get("visualization", {}).get("layers", [])
            ):
                pairs = {one["forAccessor"]: one.get("color") for one in layer.get("yConfig", [])}
                pairs |= layer.get("colorsByDimension", {})
                columns = panel.layers[layer["layerId"]]["columns"]
                for column, colour in pairs.items():
                    kql = columns[column].get("filter", {}).get("query", "")
                    if kql.startswith(("platform: ", "sentiment.label: ")):
                        seen.setdefault(kql, set()).add(colour)

    assert len(seen) >= 12
    assert all(len(colours) == 1 for colours in seen.values()), seen


def every_layer() -> Iterator[tuple[Shown, Json]]:
    """Each Lens layer, with its panel."""
    for name, text in compile_all(load_spec(), meanings()).items():
        for panel in read_compiled(name, text).panels:
            yield from ((panel, layer) for layer in panel.layers.values())


def test_no_two_columns_of_a_panel_have_one_id() -> None:
    ids: dict[tuple[str, str], list[str]] = {}
    for panel, layer in every_layer():
        ids.setdefault((panel.body["title"], panel.id), []).extend(layer["columns"])

    assert any("l2y0" in found for found in ids.values())
    assert all(len(found) == len(set(found)) for found in ids.values())


def test_what_ignores_the_choices_filters_each_number_by_itself() -> None:
    ignoring = [(panel, one) for panel, one in every_layer() if one.get("ignoreGlobalFilters")]

    assert len(ignoring) >= 3
    for panel, layer in ignoring:
        for column in layer["columns"].values():
            assert column["isBucketed"] or panel.query in column["filter"]["query"]


def test_a_formula_takes_what_is_not_there_as_0() -> None:
    parts = [
        layer["columns"][id_]["params"]
        for _, layer in every_layer()
        for column in layer["columns"].values()
        if column["operationType"] == "math"
        for id_ in column["references"]
    ]

    assert {part.get("emptyAsNull") for part in parts} == {False}


def test_vega_says_nothing_of_axes_without_data() -> None:
    for name, text in compile_all(load_spec(), meanings()).items():
        for panel in read_compiled(name, text).panels:
            spec = panel.vega
            assert spec is None or spec["config"]["kibana"] == {"hideWarnings": True}


def test_each_number_of_a_dashboard_is_told_in_a_line_with_a_link() -> None:
    spec, known = load_spec(), meanings()
    for name, text in compile_all(spec, known).items():
        told = next(panel for panel in read_compiled(name, text).panels if panel.id == "numbers")
        for panel in spec.dashboards[name].panels:
            for metric in panel.metric:
                one = known[metric]
                assert (
                    f"**{one.name}** – {one.line} [{one.tag}](" in told.saved["params"]["markdown"]
                )


@pytest.mark.parametrize(
    ("name", "panel", "fields", "told"),
    [
        (
            "sentiment",
            "distribution",
            {"numbers": [{"show": "sum(nope)", "label": "N"}]},
            "no field nope",
        ),
        ("sentiment", "distribution", {"numbers": [{"show": "sum(", "label": "N"}]}, "formula"),
        ("sentiment", "distribution", {"each": "moods"}, "no table of colours moods"),
        (
            "sentiment",
            "distribution",
            {"numbers": [{"show": "2 * count()", "label": "N"}]},
            "each takes a plain number",
        ),
        ("sentiment", "distribution", {"view": "nowhere"}, "no view nowhere"),
        ("sentiment", "distribution", {"metric": ["charm"]}, "no definition of charm"),
        (
            "overview",
            "campaigns",
            {"drilldown": {"to": "nowhere", "label": "N"}},
            "no dashboard nowhere",
        ),
        (
            "overview",
            "posts",
            {"split": {"terms": "campaign_name", "size": 1}},
            "cannot be ordered",
        ),
        ("overview", "about", {"text": "[N](dashboard:nowhere)"}, "links a dashboard"),
        ("influencers", "scatter", {"vega": {"data": {"url": {"index": "x"}}}}, "no view x"),
    ],
)
def test_what_cannot_be_drawn_names_file_and_panel(
    folder: Path, name: str, panel: str, fields: dict[str, Any], told: str
) -> None:
    spec = changed(folder, name, panel, **fields)

    with pytest.raises(ConfigError, match=told) as caught:
        compile_all(spec, meanings())

    assert f"kibana/spec/{name}.yaml: panel {panel}: " in str(caught.value)


@pytest.mark.parametrize(
    ("panel", "fields", "told"),
    [
        ("net", {"size": "wide"}, "size: "),
        ("net", {"kind": "hologram"}, "hologram"),
        ("net", {"sparkle": True}, "sparkle: "),
        ("net", {"metric": None}, "needs metric"),
        ("net", {"split": {"terms": "platform", "size": 5}}, "needs size: 1"),
        ("people-and-model", {"x": {"size": 3}}, "exactly one of terms, time, filters"),
    ],
)
def test_a_spec_that_is_written_wrongly_names_file_and_panel(
    folder: Path, panel: str, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        changed(folder, "sentiment", panel, **fields)

    assert f"kibana/spec/sentiment.yaml: panel {panel}" in str(caught.value)


def test_a_file_that_is_no_yaml_is_named(folder: Path) -> None:
    (folder / "share.yaml").write_text("title: [")

    with pytest.raises(ConfigError, match=r"kibana/spec/share\.yaml cannot be read"):
        load_spec(folder)


def test_the_panel_of_the_documentation_can_be_added(folder: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/kibana.md").read_text(encoding="utf-8")
    example = text.partition("```yaml\n")[2].partition("```")[0]
    with (folder / "overview.yaml").open("a", encoding="utf-8") as file:
        file.write(example)

    texts = compile_all(load_spec(folder), meanings())

    assert check(texts) == []
    assert read_compiled("overview", texts["overview"]).panels[-1].id == "replies"
