"""``taglake kibana check``: every check fails when the thing that it looks at is broken."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kibana.checking import check
from kibana.compile import Target, compile_all
from kibana.spec import load_spec
from taglake.kibana_commands import meanings
from tests.fakes.broken_dashboards import (
    Case,
    broken,
    drops,
    in_column,
    in_dashboard,
    in_layer,
    in_lens,
    in_panel,
    in_search,
    in_view,
    sets,
    vis,
)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return compile_all(load_spec(), meanings())


def test_what_is_compiled_is_right(texts: dict[str, str]) -> None:
    assert check(texts, texts) == []


def test_so_are_dashboards_of_another_prefix() -> None:
    texts = compile_all(load_spec(), meanings(), Target("acme-"))

    assert check(texts, prefix="acme-") == []
    assert any("no index template" in one.text for one in check(texts))


def test_a_file_that_is_not_what_its_spec_compiles_to_is_found(texts: dict[str, str]) -> None:
    other = texts["share"].replace("Competitor share", "Competitors")

    [found] = check({**texts, "share": other}, texts)
    assert str(found) == (
        "share.ndjson: is not what its spec compiles to; run taglake kibana compile"
    )
    lost = {name: text for name, text in texts.items() if name != "share"}
    assert any("share.ndjson: is missing" in str(one) for one in check(lost, texts))
    assert any("has no spec" in str(one) for one in check(texts, lost))


def test_files_that_are_no_dashboards_are_found(texts: dict[str, str]) -> None:
    assert any("line 1 is no JSON" in str(one) for one in check({**texts, "share": "{"}))
    assert any("0 dashboards, not one" in str(one) for one in check({**texts, "share": ""}))


CASES: Mapping[str, Case] = {
    "a runtime field": (
        "overview",
        in_view(sets(runtimeFieldMap='{"band": {"type": "keyword"}}')),
        "has runtime fields",
    ),
    "ES|QL": (
        "overview",
        in_lens(
            "posts", lambda one: one["datasourceStates"].update(textBased={"layers": {"a": {}}})
        ),
        "asks ES|QL",
    ),
    "a missing version": (
        "overview",
        in_dashboard(drops("typeMigrationVersion")),
        "typeMigrationVersion must be 8.9.0",
    ),
    "a higher version": (
        "overview",
        in_dashboard(sets(typeMigrationVersion="10.2.0")),
        "typeMigrationVersion must be 8.9.0",
    ),
    "another core version": (
        "overview",
        in_search(sets(coreMigrationVersion="8.9.0")),
        "coreMigrationVersion must be 8.8.0",
    ),
    "a panel of another version": (
        "overview",
        in_panel("posts", sets(version="9.0.0")),
        "must have version 8.12.2",
    ),
    "a data view that is not in the file": (
        "overview",
        lambda objects: objects.pop(0) and None,
        "which is missing",
    ),
    "a panel that refers to no data view": (
        "overview",
        in_dashboard(lambda one: one["references"].pop(0) and None),
        "data view of the layer l1 differ",
    ),
    "a reference of no panel": (
        "overview",
        in_panel("posts", sets(panelIndex="other")),
        "is of a panel that is not there",
    ),
    "a saved search that is missing": (
        "overview",
        in_panel("top-posts", sets(panelRefName="panel_other")),
        "it shows panel_other, which is missing",
    ),
    "a click that opens nothing": (
        "overview",
        in_panel(
            "campaigns",
            lambda one: one["embeddableConfig"]["enhancements"]["dynamicActions"]["events"][
                0
            ].update(eventId="other"),
        ),
        "a click refers to",
    ),
    "a link to nowhere": (
        "overview",
        in_panel(
            "about",
            lambda one: one["embeddableConfig"]["savedVis"]["params"].update(
                markdown="[N](#/view/n)"
            ),
        ),
        "it links the dashboard n, which is missing",
    ),
    "a column that is drawn and missing": (
        "overview",
        in_lens("posts", vis(metricAccessor="other")),
        "it draws the column other, which is missing",
    ),
    "a layer that is drawn and missing": (
        "overview",
        in_lens("posts", vis(layerId="l9")),
        "it draws the layer l9, which is missing",
    ),
    "an order without a column": (
        "overview",
        in_layer("posts", sets(columnOrder=["m"])),
        "columnOrder does not name the columns",
    ),
    "terms ordered by a missing column": (
        "overview",
        in_column("top-hashtags", "x", lambda one: one["params"]["orderBy"].update(columnId="y9")),
        "a column refers to y9, which is missing",
    ),
    "a formula of a missing column": (
        "sentiment",
        in_column("net", "m", sets(references=["mX9"])),
        "a column refers to mX9, which is missing",
    ),
    "a query that is ignored with the choices": (
        "models",
        in_column("agreement", "m0", drops("filter")),
        "the column m0 needs its query 'row: agreement and not campaign_name: *' too",
    ),
    "emptied layers": (
        "overview",
        in_lens("posts", lambda one: one["datasourceStates"]["formBased"].update(layers={})),
        "it has no layers",
    ),
    "a control of a field that other panels lack": (
        "sentiment",
        in_dashboard(
            lambda one: one["attributes"]["controlGroupInput"].update(
                panelsJSON=one["attributes"]["controlGroupInput"]["panelsJSON"].replace(
                    '"hashtags"', '"first_at"'
                )
            )
        ),
        "would empty the panel",
    ),
    "a control of a text": (
        "sentiment",
        in_dashboard(
            lambda one: one["attributes"]["controlGroupInput"].update(
                panelsJSON=one["attributes"]["controlGroupInput"]["panelsJSON"].replace(
                    '"hashtags"', '"text"'
                )
            )
        ),
        "the control of text has no field to list",
    ),
    "panels that overlap": (
        "overview",
        in_panel("authors", lambda one: one["gridData"].update(x=4)),
        "the panels posts and authors overlap",
    ),
    "a panel beyond the edge": (
        "overview",
        in_panel("coverage", lambda one: one["gridData"].update(x=41)),
        "the panel coverage does not stand within the 48 columns",
    ),
    "two panels of a title": (
        "overview",
        in_panel("authors", sets(title="Posts")),
        "2 panels are called 'Posts'",
    ),
    "two dashboards of a title": (
        "overview",
        in_dashboard(lambda one: one["attributes"].update(title="Taglake 8: Models")),
        "2 dashboards are called 'Taglake 8: Models'",
    ),
    "a data view that differs from another file's": (
        "sentiment",
        lambda objects: objects[-3]["attributes"].update(name="Other"),
        "differs from another file's",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_broken_is_found(texts: dict[str, str], case: str) -> None:
    name, edit, told = CASES[case]

    problems = broken(texts, name, edit)

    assert any(told in one for one in problems), problems
    assert not [one for one in problems if "it cannot be read" in one and told not in one]
