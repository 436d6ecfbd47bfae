from __future__ import annotations

import json
from typing import Any

import pytest

from kibana.saved_objects import SavedObject, as_ndjson, merged, parsed, shipped
from kibana.stored_panels import losses
from lake.errors import InvalidError
from tests.fakes.kibana import emptied
from tests.fakes.kibana_objects import (
    DASHBOARD,
    LENS,
    POSTS,
    changed,
    dashboard,
    data_view,
    lens,
    panels,
    sample,
)


def test_a_file_is_read_as_it_was_written() -> None:
    text = as_ndjson(sample())

    again = parsed(text, "file")

    assert as_ndjson(again) == text
    assert {one.key for one in again} == {one.key for one in sample()}
    assert again[-1].title == "Übersicht – test"


def test_the_same_objects_are_the_same_bytes_whatever_kibana_added() -> None:
    stored = []
    for one in reversed(sample()):
        attributes = dict(reversed(one.attributes.items()))
        for name in ("panelsJSON",):
            if name in attributes:
                panels = [dict(reversed(each.items())) for each in json.loads(attributes[name])]
                attributes[name] = json.dumps(panels, indent=2)
        references = list(reversed(one.body["references"]))
        noise = {"updated_at": "2026-11-21T00:00:00Z", "version": "WzEsMV0=", "managed": False}
        stored.append(
            SavedObject(one.body | noise | {"attributes": attributes, "references": references})
        )

    assert as_ndjson(stored) == as_ndjson(sample())


def test_an_edit_is_a_difference() -> None:
    edited = changed(dashboard(), attributes={"timeFrom": "now-7d"})

    assert as_ndjson([edited]) != as_ndjson([dashboard()])


def test_data_views_that_files_share_are_taken_once() -> None:
    second = dashboard("second", "Second")

    objects = merged({"a": as_ndjson(sample()), "b": as_ndjson([data_view(), lens(), second])})

    assert sorted(one.key[1] for one in objects) == ["second", DASHBOARD, LENS, POSTS]


def test_files_that_disagree_about_an_object_are_refused() -> None:
    with pytest.raises(InvalidError, match=r"b: data view 'other-\*' \(test-posts\) is another"):
        merged({"a": as_ndjson(sample()), "b": as_ndjson([data_view("other-*")])})


def test_the_summary_of_kibanas_own_export_and_blank_lines_are_passed_over() -> None:
    text = as_ndjson([data_view()]) + '\n{"exportedCount": 1, "missingRefCount": 0}\n\n'

    assert [one.key for one in parsed(text, "file")] == [("index-pattern", POSTS)]


def test_a_separator_within_a_text_ends_no_line() -> None:
    odd = data_view("a\u2028b\x85c")

    assert parsed(as_ndjson([odd]), "file")[0].title == "a\u2028b\x85c"


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "7", '{"type": "lens"}', '{"type": "lens", "id": 7, "attributes": {}}',
     '{"type": "lens", "id": "x", "attributes": []}', "<html>", '{"a":' * 100_000],
)  # fmt: skip
def test_a_line_that_is_no_object_is_told_with_its_number(line: str) -> None:
    with pytest.raises(InvalidError, match=r"sent\.ndjson, line 2: is no saved object"):
        parsed(as_ndjson([data_view()]) + line, "sent.ndjson")


def test_an_object_without_its_version_is_never_sent() -> None:
    body = dict(lens().body)
    del body["typeMigrationVersion"]

    with pytest.raises(InvalidError, match="test-lens has no typeMigrationVersion; Kibana would"):
        parsed(json.dumps(body), "file")


def test_nothing_to_import_is_told() -> None:
    with pytest.raises(InvalidError, match="there is no object to import"):
        merged({"a": "\n"})


def _with_panels(found: list[dict[str, Any]]) -> dict[str, Any]:
    return changed(dashboard(), attributes={"panelsJSON": json.dumps(found)}).body


def _lost(stored: dict[str, Any]) -> list[str]:
    return losses(dashboard(), stored, {})


def test_what_a_newer_kibana_adds_is_no_loss() -> None:
    found = panels()
    found[0]["version"] = "9.1.0"
    found[0]["embeddableConfig"]["attributes"]["state"]["adHocDataViews"] = {}
    layers = found[0]["embeddableConfig"]["attributes"]["state"]["datasourceStates"]["formBased"]
    layers["layers"]["l1"]["columns"]["z"] = {"operationType": "count"}

    assert _lost(_with_panels(list(reversed(found)))) == []


@pytest.mark.parametrize("one", sample(), ids=lambda one: one.key[0])
def test_what_is_whole_has_no_losses(one: SavedObject) -> None:
    assert losses(one, one.body, {}) == []


def test_an_emptied_panel_is_a_loss() -> None:
    stored = dashboard().body | {"attributes": emptied(dashboard().attributes)}

    assert _lost(stored) == [
        "dashboard 'Übersicht – test' has the panel 'Share', which was emptied: 2 columns are "
        "gone, such as l1.x"
    ]


@pytest.mark.parametrize(
    ("index", "change", "told"),
    [
        (0, {"panelIndex": "other"}, "has lost the panel 'Share'"),
        (1, {"embeddableConfig": {"savedVis": {"params": {"spec": " "}}}}, "lost what it draws"),
        (1, {"embeddableConfig": None}, "lost what it draws"),
        (2, {"embeddableConfig": {}}, "panel 'p3', which has lost what it draws"),
        (3, {"panelRefName": ...}, "lost what it refers to"),
    ],
)
def test_each_kind_of_panel_can_be_lost(index: int, change: dict[str, Any], told: str) -> None:
    found = panels()
    found[index] |= change
    found[index] = {key: value for key, value in found[index].items() if value is not ...}

    [line] = _lost(_with_panels(found))

    assert told in line


@pytest.mark.parametrize("text", ["", "{", "{}", "null", None])
def test_panels_that_cannot_be_read_are_lost(text: str | None) -> None:
    stored = changed(dashboard(), attributes={"panelsJSON": text}).body

    assert len(_lost(stored)) == 4


def test_lost_controls_and_references_are_told() -> None:
    stored = changed(dashboard(), attributes={"controlGroupInput": {}}, references=[]).body

    assert _lost(stored) == [
        "dashboard 'Übersicht – test' has 0 of 1 controls",
        "dashboard 'Übersicht – test' no longer knows its data view test-posts",
        "dashboard 'Übersicht – test' no longer knows its visualization test-lens",
    ]


def test_a_data_view_of_other_indices_is_a_loss() -> None:
    assert losses(data_view(), data_view("other-*").body, {}) == [
        "data view 'taglake-posts-*' names other indices than it should"
    ]


def test_references_of_copies_are_looked_for_where_they_went() -> None:
    places = {("index-pattern", POSTS): ("index-pattern", "copy")}
    moved = changed(lens(), references=[lens().body["references"][0] | {"id": "copy"}])

    assert losses(lens(), moved.body, places) == []
    assert losses(lens(), lens().body, places) != []


@pytest.mark.parametrize("name", sorted(shipped()))
def test_an_unedited_dashboard_is_exported_as_the_file_that_it_came_from(name: str) -> None:
    text = shipped()[name].read_text(encoding="utf-8")
    stored = [
        SavedObject(one.body | {"references": one.body["references"][::-1], "updated_by": "ann"})
        for one in reversed(parsed(text, name))
    ]

    assert as_ndjson(stored) == text
