"""What volume peaks are made of, under the number of the metric table."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.peak_parts import domain_counts, domains_in, lifts, tone_shift


def test_31_lift_is_share_in_the_peak_minus_share_in_the_reference() -> None:
    rows = lifts("author", {"a": 30, "b": 5, "c": 5}, 50, {"a": 20, "b": 10}, 200)

    assert [(row["author"], row["posts"], row["reference_posts"]) for row in rows] == [
        ("a", 30, 20),
        ("c", 5, 0),
        ("b", 5, 10),
    ]
    assert [row["lift"] for row in rows] == pytest.approx([0.6 - 0.1, 0.1, 0.1 - 0.05])


def test_31_what_fell_explains_nothing_and_five_are_shown() -> None:
    peak = dict.fromkeys("abcdefg", 10)

    rows = lifts("hashtag", peak | {"z": 1}, 100, {"z": 90, "g": 50}, 100)

    assert [row["hashtag"] for row in rows] == ["a", "b", "c", "d", "e"]
    assert [row["hashtag"] for row in lifts("hashtag", {"a": 9, "z": 1}, 10, {"z": 9}, 10)] == ["a"]


def test_31_without_a_reference_a_lift_is_unknown_not_the_share() -> None:
    rows = lifts("domain", {"a.org": 1, "b.org": 3}, 4, {}, 0)

    assert [(row["domain"], row["share"], row["lift"]) for row in rows] == [
        ("b.org", 0.75, None),
        ("a.org", 0.25, None),
    ]
    assert lifts("domain", {}, 0, {}, 0) == []


@pytest.mark.parametrize(
    ("text", "domains"),
    [
        ("see https://www.Example.org/a?b=1 and http://example.org.", {"example.org"}),
        ("(https://news.example.co.uk:8080/x)", {"news.example.co.uk"}),
        ("https://user:secret@example.org/", {"example.org"}),
        ("HTTPS://EXAMPLE.ORG", {"example.org"}),
        ("https://münchen.example/", {"münchen.example"}),
        ("no link: example.org, ftp://example.org, http://, https://localhost/", set()),
        ("https://[::1]/ https://example.org:notaport/x http://.../", {"example.org"}),
        ("https://a.example,https://b.example", {"a.example", "b.example"}),
        ("", set()),
    ],
)
def test_31_domains_are_hosts_of_links(text: str, domains: set[str]) -> None:
    assert domains_in(text) == domains


def test_31_a_text_counts_once_for_a_domain() -> None:
    twice = "https://a.example/1 https://a.example/2"

    assert domain_counts([twice, "https://a.example", "none"]) == {"a.example": 2}


def counted(positive: int, negative: int, neutral: int, score_sum: float) -> dict[str, Any]:
    labels = {"positive": positive, "negative": negative, "neutral": neutral}
    buckets = [{"key": name, "doc_count": count} for name, count in labels.items()]
    scored = sum(labels.values())
    return {
        "sentiment": {"labels": {"buckets": buckets}},
        "scored": {"score": {"sum": score_sum, "count": scored}},
    }


def test_31_the_shift_of_tone_is_peak_minus_reference() -> None:
    found = tone_shift(counted(1, 3, 4, -2.0), counted(6, 2, 2, 4.0))

    assert found["net"] == {
        "shift": -1.0, "peak": -0.5, "n": 8, "reference": 0.5, "reference_n": 10,
    }  # fmt: skip
    assert found["mean"]["shift"] == pytest.approx(-0.25 - 0.4)
    assert tone_shift(counted(1, 0, 0, 1.0), {})["mean"]["shift"] is None
