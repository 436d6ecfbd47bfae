"""Engagement rates and money: the vectors of the metric table, each under its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import rates
from analysis.definitions import definitions
from analysis.value import emv, read_value_table, roi, value_table
from lake.errors import ConfigError

AYZENBERG: dict[str, Any] = {
    "name": "A table of the test's own",
    "date": "2026-01-01",
    "currency": "USD",
    "values": {"instagram": {"likes": 0.30, "comments": 0.50, "shares": 0.05, "impressions": 12}},
}


@pytest.mark.parametrize(
    "rate", [rates.er_by_followers, rates.er_by_reach, rates.er_by_views, rates.er_daily]
)
def test_metric_10_11_12_14_a_rate_is_in_percent_and_unknown_without_a_denominator(
    rate: Any,
) -> None:
    assert rate(34, 1000) == pytest.approx(3.4)
    assert rate(0, 1000) == 0
    assert rate(34, 0) is None
    assert rate(34, None) is None
    assert rate(None, 1000) is None


def test_metric_13_mean_and_pooled_are_two_numbers() -> None:
    hootsuite = [(34, 1000), (35, 1000)]

    assert rates.mean_of_posts(hootsuite).value == pytest.approx(3.45)
    assert rates.pooled([(10, 100), (10, 900)]).value == pytest.approx(2)
    assert rates.mean_of_posts([(10, 100), (10, 900)]).value == pytest.approx((10 + 10 / 9) / 2)


def test_metric_13_what_is_unknown_is_missing_and_in_no_sum() -> None:
    posts = [(10, 100), (None, 1000), (5, None), (7, 0)]

    mean, pooled = rates.mean_of_posts(posts), rates.pooled(posts)

    assert (mean.value, mean.n, mean.missing) == (10, 4, 3)
    assert (pooled.value, pooled.n, pooled.missing) == (17, 4, 2)
    assert rates.pooled([]).value is rates.mean_of_posts([]).value is None


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)), min_size=1))
def test_metric_13_the_pooled_rate_lies_between_the_posts_own(pairs: list[Any]) -> None:
    own = [100 * above / below for above, below in pairs]

    for value in (rates.pooled(pairs).value, rates.mean_of_posts(pairs).value):
        assert value is not None
        assert min(own) * (1 - 1e-9) <= value <= max(own) * (1 + 1e-9)


def test_metric_14_several_days_are_divided_by_their_number() -> None:
    assert rates.er_daily(70, 1000, days=7) == pytest.approx(1)
    assert rates.er_daily(70, 1000, days=0) is None


def test_metric_15_amplification_multiplier() -> None:
    assert rates.amplification_multiplier(250, 100) == 2.5
    assert rates.amplification_multiplier(100, 100) == 1
    assert rates.amplification_multiplier(100, 0) is None
    assert rates.amplification_multiplier(None, 100) is None
    assert rates.amplification_multiplier(100, None) is None


def test_metric_38_emv() -> None:
    counts = {"instagram": {"likes": 5000, "comments": 500, "shares": 50}}

    found = emv(counts, value_table(AYZENBERG))

    assert found is not None
    assert found.value == pytest.approx(1752.50)
    assert found.to_json()["table"] == {"name": AYZENBERG["name"], "date": "2026-01-01"}
    assert [row["value"] for row in found.to_json()["rows"]] == pytest.approx([250, 1500, 2.5])


def test_metric_38_impressions_count_by_the_thousand() -> None:
    found = emv({"instagram": {"impressions": 2500}}, value_table(AYZENBERG))

    assert found is not None
    assert found.value == pytest.approx(30)


def test_metric_38_it_is_off_without_a_table() -> None:
    assert emv({"instagram": {"likes": 1}}, None) is None


def test_metric_38_what_is_unknown_or_without_a_price_is_told_and_in_no_sum() -> None:
    counts = {"instagram": {"likes": None, "comments": 2, "saves": 9}, "x": {"likes": 4}}

    found = emv(counts, value_table(AYZENBERG))

    assert found is not None
    assert found.value == 1
    assert found.unknown == (("instagram", "likes"),)
    assert found.unpriced == (("instagram", "saves"), ("x", "likes"))
    nothing = emv({"instagram": {"likes": None}}, value_table(AYZENBERG))
    assert nothing is not None
    assert nothing.value is None


def test_metric_39_roi() -> None:
    assert roi(1500, 500, 1000) == 1
    assert roi(0, 0, 1000) == -1
    assert roi(1500, 500, 0) is None
    assert roi(None, 500, 1000) is None
    assert roi(1500, None, 1000) is None
    assert roi(1500, 500, None) is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"date": "yesterday"}, "date"),
        ({"currency": "dollars"}, "currency"),
        ({"values": {"x": {"likes": -1}}}, "values.x.likes"),
        ({"values": {"x": {"likes": True}}}, "values.x.likes"),
        ({"values": {"x": {"likes": float("nan")}}}, "values.x.likes"),
        ({"values": {"x": {}}}, "values.x"),
        ({"rates": {}}, "rates"),
    ],
)
def test_a_wrong_value_table_is_refused_by_the_name_of_what_is_wrong(
    change: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=rf"{named}: "):
        value_table({**AYZENBERG, **change})


@pytest.mark.parametrize("values", [None, [], "text", {}])
def test_what_is_no_table_at_all_is_refused(values: Any) -> None:
    with pytest.raises(ConfigError, match="the value table: "):
        value_table(values)


def test_a_value_table_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(
        "name: Ours\ndate: 2026-01-01\ncurrency: EUR\nvalues:\n  x: {likes: 1, views: 0.5}\n",
        encoding="utf-8",
    )

    table = read_value_table(path)

    assert (table.date.year, table.currency, table.values) == (
        *(2026, "EUR"),
        {"x": {"likes": 1, "views": 0.5}},
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"{: [", "no YAML"), (b"\xff\xfe\xfa", "cannot be read"), (b"", "values.yaml: ")],
)
def test_a_file_that_holds_no_value_table_is_named(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "values.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=says) as caught:
        read_value_table(path)

    assert str(path) in str(caught.value)


def test_a_value_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml: the value table cannot be read"):
        read_value_table(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    ("number", "names"),
    [
        (10, {"er_by_followers"}),
        (11, {"er_by_reach"}),
        (12, {"er_by_views"}),
        (14, {"er_daily"}),
        (15, {"amplification_multiplier"}),
        (38, {"emv"}),
        (39, {"roi"}),
    ],
)
def test_each_of_these_numbers_is_defined(number: int, names: set[str]) -> None:
    assert names <= {row.id for row in definitions() if row.number == number}
