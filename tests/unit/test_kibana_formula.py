"""Formulas and KQL, as specs write them."""

from __future__ import annotations

import pytest

from kibana.formula import Aggregation, aggregations, parse_formula, tree
from kibana.kql import parse_kql
from lake.errors import InvalidError


def test_a_formula_becomes_the_tree_that_lens_keeps() -> None:
    text = "(sum(likes) + sum(comments)) / count()"
    node = parse_formula(text)
    inner = aggregations(node)
    columns = {one: f"yX{number}" for number, one in enumerate(inner)}

    assert [(one.operation, one.field) for one in inner] == [
        ("sum", "likes"),
        ("sum", "comments"),
        ("count", None),
    ]
    divided = tree(node, columns, text)
    assert isinstance(divided, dict)
    assert (divided["name"], divided["args"][1]) == ("divide", "yX2")
    assert divided["args"][0]["name"] == "add"
    assert divided["args"][0]["args"] == ["yX0", "yX1"]
    assert divided["text"] == text


def test_an_aggregation_alone_is_no_function() -> None:
    found = parse_formula("percentile(late_s, percentile=90, kql='platform: \"x\"')")

    assert found == Aggregation("percentile", "late_s", 'platform: "x"', 90)


def test_products_bind_more_than_sums_and_the_left_comes_first() -> None:
    node = parse_formula("100 - 2 * 3 - 4")
    whole = tree(node, {}, "100 - 2 * 3 - 4")

    assert isinstance(whole, dict)
    assert (whole["name"], whole["args"][1]) == ("subtract", 4)
    assert [whole["args"][0]["args"][0], whole["args"][0]["args"][1]["name"]] == [100, "multiply"]


def test_the_same_aggregation_is_asked_once() -> None:
    assert len(aggregations(parse_formula("sum(a) / (sum(a) + sum(b))"))) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sum(",
        "sum()",
        "count(likes)",
        "guess(likes)",
        "sum(a) sum(b)",
        "sum(a, colour='x')",
        "1 +",
    ],
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="formula"):
        parse_formula(text)


def test_kql_becomes_a_query_and_names_its_fields() -> None:
    found = parse_kql('platform: (x or "mast odon") and not error.class: * and late_s >= 3')

    assert found.fields == {"platform", "error.class", "late_s"}
    either, no_error, late = found.query["bool"]["filter"]
    assert either["bool"]["should"] == [
        {"term": {"platform": "x"}},
        {"term": {"platform": "mast odon"}},
    ]
    assert no_error == {"bool": {"must_not": [{"exists": {"field": "error.class"}}]}}
    assert late == {"range": {"late_s": {"gte": 3}}}


def test_and_binds_more_than_or_in_kql() -> None:
    found = parse_kql("a: 1 or b: 2 and (c: 3 or d: true)")

    first, second = found.query["bool"]["should"]
    assert first == {"term": {"a": 1}}
    assert second["bool"]["filter"][0] == {"term": {"b": 2}}
    assert second["bool"]["filter"][1]["bool"]["should"][1] == {"term": {"d": True}}


def test_empty_kql_holds_for_everything() -> None:
    assert parse_kql("").query == {"match_all": {}}


@pytest.mark.parametrize("text", ["a", "a:", "a: (b or", "a: b c: d", "(a: b", ": b", 'a: "b'])
def test_what_is_no_kql_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="query"):
        parse_kql(text)
