"""Fields that a dashboard uses and that are not there, or cannot be used so."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kibana.compile import compile_all
from kibana.spec import load_spec
from taglake.kibana_commands import meanings
from tests.fakes.broken_dashboards import (
    Case,
    broken,
    in_column,
    in_lens,
    in_panel,
    in_search,
    in_vega,
    in_view,
    sets,
    source,
)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return compile_all(load_spec(), meanings())


CASES: Mapping[str, Case] = {
    "a field that is not there": (
        "overview",
        in_column("posts", "m", sets(sourceField="valeu")),
        "there is no field valeu",
    ),
    "a sum of a keyword": (
        "overview",
        in_column("platforms", "m0-x", sets(sourceField="platform")),
        "sum cannot use the field platform, which is keyword",
    ),
    "terms of a text": (
        "sentiment",
        in_column("by-platform", "x", sets(sourceField="text")),
        "terms cannot use the field text, which is text",
    ),
    "a date histogram of a number": (
        "models",
        in_column("scored", "x", sets(sourceField="engagement.value")),
        "date_histogram cannot use the field engagement.value",
    ),
    "a last value by what is no date": (
        "overview",
        in_column("posts", "m", sets(params={"sortField": "value"})),
        "last_value is sorted by value, which is no date",
    ),
    "a query of a field that is not there": (
        "overview",
        in_lens("posts", sets(query={"query": "rwo: metric", "language": "kuery"})),
        "there is no field rwo",
    ),
    "a column's filter of a field that is not there": (
        "overview",
        in_column("posts", "m", sets(filter={"query": "metirc: posts", "language": "kuery"})),
        "there is no field metirc",
    ),
    "a query that is none": (
        "overview",
        in_lens("posts", sets(query={"query": "row:", "language": "kuery"})),
        "ends too early",
    ),
    "documents with a column that is not there": (
        "overview",
        in_search(lambda one: one["attributes"]["columns"].append("post.mood")),
        "there is no field post.mood",
    ),
    "documents sorted by a text": (
        "sentiment",
        in_search(lambda one: one["attributes"].update(sort=[["text", "asc"]])),
        "documents cannot be sorted by text",
    ),
    "Vega that asks for a field that is not there": (
        "sentiment",
        in_vega(
            "net-interval", lambda one: source(one)["aggs"]["platforms"]["terms"].update(field="p")
        ),
        "there is no field p",
    ),
    "Vega that filters a field that is not there": (
        "influencers",
        in_vega(
            "scatter",
            lambda one: source(one)["query"]["bool"]["filter"].append({"term": {"q": 1}}),
        ),
        "there is no field q",
    ),
    "Vega that reads a field that is not there": (
        "models",
        in_vega("champions", lambda one: source(one)["_source"].append("modle")),
        "there is no field modle",
    ),
    "Vega of other indices": (
        "models",
        in_vega("champions", lambda one: one["data"]["url"].update(index="elsewhere-*")),
        "no index template is for 'elsewhere-*'",
    ),
    "Vega with a script": (
        "models",
        in_vega("champions", lambda one: source(one).update(runtime_mappings={})),
        "runtime_mappings, which not every Elasticsearch has",
    ),
    "Vega with two queries": (
        "models",
        in_vega("champions", lambda one: one["data"]["url"].update({"%context%": True})),
        "both %context% and a query",
    ),
    "Vega that is no JSON": (
        "models",
        in_panel(
            "champions", lambda one: one["embeddableConfig"]["savedVis"]["params"].update(spec="{")
        ),
        "the Vega specification is no JSON",
    ),
    "a data view of other indices": (
        "overview",
        in_view(sets(title="elsewhere-*")),
        "no index template is for elsewhere-*",
    ),
    "a time field that is no date": (
        "overview",
        in_view(sets(timeFieldName="campaign_name")),
        "is no date",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_broken_is_found(texts: dict[str, str], case: str) -> None:
    name, edit, told = CASES[case]

    problems = broken(texts, name, edit)

    assert any(told in one for one in problems), problems
    assert not [one for one in problems if "it cannot be read" in one and told not in one]
