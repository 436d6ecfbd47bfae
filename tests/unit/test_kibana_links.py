from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kibana.links import View, dashboard_link
from kibana.rison import rison

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": [True, False, None]}, "(a:1,b:!(!t,!f,!n))"),
        ({"from": "now-30d", "to": "now"}, "(from:now-30d,to:now)"),
        ("2026-03-01T00:00:00Z", "'2026-03-01T00:00:00Z'"),
        ("it's 100% !", "'it!'s 100% !!'"),
        ({"$state": {"store": "appState"}}, "('$state':(store:appState))"),
        ({"@timestamp": ""}, "('@timestamp':'')"),
        ("-1", "'-1'"),
        ("7up", "'7up'"),
        (-1.5, "-1.5"),
        ("größe", "größe"),
        ([], "!()"),
        ({}, "()"),
    ],
)
def test_rison_is_what_its_grammar_says(value: object, text: str) -> None:
    assert rison(value) == text  # type: ignore[arg-type]


class _Reader:
    """Reads Rison by its grammar, written apart from what writes it."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def take(self, wanted: str) -> bool:
        if not self.text.startswith(wanted, self.at):
            return False
        self.at += len(wanted)
        return True

    def value(self) -> object:
        for mark, meant in (("!t", True), ("!f", False), ("!n", None)):
            if self.take(mark):
                return meant
        if self.take("!("):
            return self.several(self.value)
        if self.take("("):
            return dict(self.several(self.pair))  # type: ignore[arg-type]
        return self.quoted() if self.take("'") else self.word()

    def several(self, one: object) -> list[object]:
        found: list[object] = []
        while not self.take(")"):
            found.append(one())  # type: ignore[operator]
            self.take(",")
        return found

    def pair(self) -> tuple[object, object]:
        key = self.value()
        assert self.take(":")
        return key, self.value()

    def quoted(self) -> str:
        found = ""
        while not self.take("'"):
            if self.text[self.at] == "!":
                self.at += 1
            found += self.text[self.at]
            self.at += 1
        return found

    def word(self) -> object:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in "'!:(),*@$ ":
            self.at += 1
        word = self.text[start : self.at]
        assert word
        return int(word) if word[0] in "-0123456789" else word


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
)


@given(_values)
def test_what_was_written_is_read_again(value: object) -> None:
    reader = _Reader(rison(value))  # type: ignore[arg-type]

    assert reader.value() == value
    assert reader.at == len(reader.text)


def test_a_link_without_a_view_is_the_dashboard_as_it_was_saved() -> None:
    link = dashboard_link("https://k.example/s/marketing", "taglake overview/1")

    assert link == ("https://k.example/s/marketing/app/dashboards#/view/taglake%20overview%2F1")


def test_a_link_carries_the_time_and_a_filter_that_can_be_taken_off() -> None:
    query = {"bool": {"filter": [{"terms": {"hashtags": ["größe", "a&b#c"]}}]}}

    link = dashboard_link("http://k", "one", View(START, END, "Campaign Frühling & 50 %", query))

    fragment = urlsplit(link).fragment
    time, state = fragment.partition("?")[2].split("&")
    assert time == "_g=(time:(from:'2026-03-01T00:00:00.000Z',to:'2026-04-01T00:00:00.000Z'))"
    assert "#" not in fragment
    [one] = _Reader(unquote(state.removeprefix("_a="))).value()["filters"]  # type: ignore[index]
    assert one["$state"] == {"store": "appState"}
    assert one["query"] == query
    assert one["meta"]["alias"] == "Campaign Frühling & 50 %"
    assert one["meta"]["disabled"] is False


def test_a_link_with_half_a_time_leaves_the_dashboards_own() -> None:
    assert dashboard_link("http://k", "one", View(START)) == "http://k/app/dashboards#/view/one"
