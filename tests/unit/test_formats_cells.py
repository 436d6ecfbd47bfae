"""Numbers, times and lists as archives write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.files.cells import count, flag, identity, tags, time_of
from ingestors.files.x import is_snowflake, language, plain_text, snowflake_time
from lake.errors import PayloadError


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0", 0),
        ("1,234", 1_234),
        ("1,234,567", 1_234_567),
        ("12 345", 12_345),
        ("12\u00a0345", 12_345),
        ("1.234.567", 1_234_567),
        ("541.2K", 541_200),
        ("1,5k", 1_500),
        ("3M", 3_000_000),
        ("2.1 B", 2_100_000_000),
        ("12.0", 12),
        ("1e3", 1_000),
        (7.0, 7),
        (7, 7),
        ("NA", None),
        ("", None),
        ("null", None),
        ("None", None),
        ("-", None),
        ("nan", None),
        ("-3", None),
        (-3, None),
        (0.5, None),
        (float("nan"), None),
        (float("inf"), None),
        ("9" * 5_000, None),
        (2**63, None),
        (True, None),
        ([], None),
        ("twelve", None),
    ],
)
def test_a_number_is_read_as_people_mean_it_or_is_missing(written, number):
    assert count(written) == number


def test_a_score_may_be_below_zero():
    assert count("-12", signed=True) == -12
    assert count("-12") is None


@pytest.mark.parametrize(
    "written",
    [
        "2018-10-10T20:19:24Z",
        "2018-10-10 20:19:24",
        "2018-10-10 20:19:24+00:00",
        "2018-10-10 20:19:24 UTC",
        "2018-10-10T22:19:24+02:00",
        "Wed Oct 10 20:19:24 +0000 2018",
        "Wed, 10 Oct 2018 20:19:24 +0000",
        "Wed, 10 Oct 2018 22:19:24 +0200",
        "10 Oct 2018 20:19:24 GMT",
        "1539202764",
        "1539202764000",
        1_539_202_764,
        1_539_202_764_000,
        1_539_202_764.0,
        1_539_202_764_000_000,
    ],
)
def test_a_time_is_read_in_every_form_that_archives_use(written):
    assert time_of(written) == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)


@pytest.mark.parametrize("written", ["yesterday", "", None, True, [], "10/11/2018", float("inf")])
def test_what_is_no_time_is_a_payload_error(written):
    with pytest.raises(PayloadError):
        time_of(written)


@given(st.text() | st.integers() | st.floats() | st.none())
def test_any_value_is_a_time_or_a_payload_error(value):
    try:
        moment = time_of(value)
    except PayloadError:
        return
    assert moment.utcoffset() is not None


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (["a", None, "b"], ["a", "b"]),
        ([None], []),
        (None, []),
        ("a b", ["a", "b"]),
        ("#a,#b;c|d", ["#a", "#b", "c", "d"]),
        ('c("rstats", "dataviz")', ["rstats", "dataviz"]),
        ("['rstats', 'dataviz']", ["rstats", "dataviz"]),
        ("NA", []),
        ("", []),
    ],
)
def test_a_list_of_hashtags_is_read_in_every_form(written, found):
    assert tags(written) == found


def test_yes_and_no_have_many_spellings():
    assert [flag(word) for word in (True, "TRUE", "1", 1, "f", 0, "", None, "maybe")] == [
        True, True, True, True, False, False, None, None, None,
    ]  # fmt: skip
    assert identity(12) == "12"
    assert identity(True) is None


def test_an_id_of_x_tells_its_time_to_the_millisecond():
    assert snowflake_time("1409518932210372614") == datetime(
        2021, 6, 28, 14, 27, 55, 691_000, tzinfo=UTC
    )
    assert not is_snowflake("14997833838")
    assert not is_snowflake("٣" * 18)
    with pytest.raises(PayloadError):
        snowflake_time("20")


def test_what_x_escapes_or_calls_a_language_is_undone():
    assert plain_text("a &lt;3 b &amp;amp; c") == "a <3 b &amp; c"
    assert [language(code) for code in ("en", "in", "und", "qme", "zxx", None)] == [
        "en", "id", None, None, None, None,
    ]  # fmt: skip
