"""The page of ad-hoc queries by itself: equal forms, nothing that the node lacks, real fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.fakes.query_page import Query, queries

BOTH_FORMS = [query for query in queries() if not query.esql]
ESQL = [query for query in queries() if query.esql]
# What the embedded node has not (docs/decisions/0001).
LACKING = {
    *("script", "script_fields", "script_score", "runtime_mappings", "bucket_script"),
    *("bucket_selector", "bucket_sort", "derivative", "moving_fn", "top_metrics", "multi_terms"),
    *("auto_date_histogram", "adjacency_matrix", "matrix_stats", "rate", "boxplot"),
}
_QUOTED = re.compile(r'""".*?"""|"[^"]*"')
_ASSIGNED = re.compile(r"([a-z_]+) = ")
_NAME = re.compile(r"(?<![\w@.])@?[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*(?![\w(])")
_UNITS = {"day", "hour"}


def test_there_are_thirty_queries_with_numbers_in_order() -> None:
    assert len(BOTH_FORMS) >= 30
    assert [query.number for query in BOTH_FORMS] == list(range(1, len(BOTH_FORMS) + 1))
    bodies = [json.dumps([each.body for each in query.console]) for query in BOTH_FORMS]
    assert len(set(bodies)) == len(BOTH_FORMS)


@pytest.mark.parametrize("query", BOTH_FORMS, ids=lambda query: query.title)
def test_a_query_says_what_it_answers_and_asks_it_in_two_equal_forms(query: Query) -> None:
    assert len(query.answers) > 30
    assert query.console
    assert query.curl == query.console


@pytest.mark.parametrize("query", BOTH_FORMS, ids=lambda query: query.title)
def test_a_query_needs_nothing_that_the_embedded_node_lacks(query: Query) -> None:
    used = {key for request in query.console for key in _keys(request.body)}

    assert used
    assert not used & LACKING


@pytest.mark.parametrize("query", BOTH_FORMS, ids=lambda query: query.title)
def test_a_query_names_fields_that_there_are(query: Query) -> None:
    for request in query.console:
        fields = _fields_of(request.path)
        named = set(_named(request.body))
        assert not {name for name in named if not _known(name, fields)}, request.path


@pytest.mark.parametrize("query", ESQL, ids=lambda query: query.title)
def test_a_query_in_esql_repeats_one_and_names_fields_that_there_are(query: Query) -> None:
    titles = {(one.number, one.title) for one in BOTH_FORMS}
    assert (query.number, query.title) in titles
    source, _, rest = query.esql.partition("\n")
    index = source.removeprefix("FROM ")
    rest = _QUOTED.sub('""', rest)
    names = set(_NAME.findall(rest)) - set(_ASSIGNED.findall(rest)) - _UNITS

    assert names
    assert not {name for name in names if not _known(name, _fields_of(index))}


def _keys(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        for key, value in body.items():
            yield key
            yield from _keys(value)
    elif isinstance(body, list):
        for value in body:
            yield from _keys(value)


def _named(body: Any) -> Iterator[str]:
    """The fields that a body names: in leaves of queries, of sorts and of aggregations."""
    for key, value in _pairs(body):
        if key == "field":
            yield value
        elif key == "_source" and isinstance(value, list):
            yield from value
        elif key in {"term", "terms", "match", "match_phrase", "range"}:
            yield from (name for name in value if "." in name or name in {"text", "hashtags"})
        elif key == "sort" and isinstance(value, list):
            yield from (name for each in value if isinstance(each, dict) for name in each)


def _pairs(body: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(body, dict):
        for key, value in body.items():
            yield key, value
            yield from _pairs(value)
    elif isinstance(body, list):
        for value in body:
            yield from _pairs(value)


def _known(name: str, fields: frozenset[str]) -> bool:
    return name in fields or name.startswith("payload.")


@cache
def _fields_of(path: str) -> frozenset[str]:
    """Every field, and every object, of the index that a path names."""
    index = path.partition("/")[0].removeprefix("taglake-")
    if index in {"_search", "_pit"}:
        index = "posts-*"
    for file in sorted((ROOT / "index_templates").glob("*.json")):
        template = json.loads(file.read_text(encoding="utf-8"))
        [pattern] = template["index_patterns"]
        if index.startswith(pattern.removesuffix("*")):
            return frozenset(_paths(template["template"]["mappings"]["properties"], ""))
    pytest.fail(f"there is no template for {path}")


def _paths(properties: dict[str, Any], before: str) -> Iterator[str]:
    for name, field in properties.items():
        yield before + name
        yield from _paths(field.get("properties", {}), f"{before}{name}.")
