from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.fields import host_of, moment, whole
from ingestors.html import plain_text

MARKUP = [*"<>![]/-?&;#x", "<p", "<br", "<![", "<!-", "<!DOCTYPE", "<script", "]]>", "</"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three<br/>four</p>", "one\n\ntwo\nthree\nfour"),
        ("Caf&eacute; &amp; &#128512; &lt;b&gt;", "Café & 😀 <b>"),
        (
            '<a href="https://a.test/b/c"><span class="invisible">https://</span>'
            '<span class="ellipsis">a.test/b</span><span class="invisible">/c</span></a>',
            "https://a.test/b/c",
        ),
        ('<span class="h-card"><a href="x">@<span>ann</span></a></span> hi', "@ann hi"),
        ("<ul><li>a</li><li>b</li></ul>after", "a\nb\n\nafter"),
        ("a<script>alert(1)</script><style>p{}</style>b", "ab"),
        ("no markup", "no markup"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("<p>cut <b>off", "cut off"),
        ("nul \x00 and half \ud800", "nul � and half �"),
        ("", ""),
    ],
)
def test_html_is_read_as_people_read_it(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.lists(st.sampled_from(MARKUP)))
def test_no_markup_is_an_error(parts: list[str]) -> None:
    assert isinstance(plain_text("".join(parts)), str)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        ("007", 7),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-1, None),
        (True, None),
        (1.0, None),
        ("1.0", None),
        ("-1", None),
        ("٣", None),
        ("9" * 5_000, None),
        (None, None),
    ],
)
def test_a_count_is_a_whole_number_or_missing(value: object, count: int | None) -> None:
    assert whole(value) == count


def test_a_host_is_told_only_of_web_addresses() -> None:
    assert host_of("https://me:pw@A.test:8/x") == "a.test:8"
    assert host_of("mailto:me@a.test") is None
    assert host_of("http://[") is None
    assert moment("tomorrow") is None
