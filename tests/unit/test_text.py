from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.json_text import dumps
from lake.text import clean, digest, hashtags_in, mentions_in, normal_hashtag


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#Tidy_Tuesday and #rstats, #rstats!", ("tidy_tuesday", "rstats")),
        ("a#b &#39; http://x/#top #123 #", ()),
        ("#100daysofcode #2024x", ("100daysofcode", "2024x")),
        ("❤️#Yes ##twice ＃日本語 (#end)", ("yes", "twice", "日本語", "end")),
        ("#हिन्दी #ภาษาไทย #می‌خواهم", ("हिन्दी", "ภาษาไทย", "می‌خواهم")),
        ("#ﬁne #FINE", ("fine",)),
        ("", ()),
    ],
)
def test_finds_the_hashtags_of_a_text(text: str, tags: tuple[str, ...]) -> None:
    assert hashtags_in(text) == tags


@given(st.text())
def test_a_hashtag_in_normal_form_stays_as_it_is(tag: str) -> None:
    normal = normal_hashtag(tag)

    assert normal_hashtag(normal) == normal


def test_finds_mentions_but_no_mail_addresses() -> None:
    assert mentions_in("@Ann and @bob@example.social, mail me@x.org .@carol.") == (
        "ann",
        "bob@example.social",
    )


def test_replaces_only_what_cannot_be_carried() -> None:
    assert clean("a\x00b\ud800c 👩‍👩‍👧 \u202e") == "a�b�c 👩‍👩‍👧 \u202e"


@given(st.lists(st.text()), st.lists(st.text()))
def test_a_digest_tells_different_parts_apart(left: list[str], right: list[str]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)


def test_json_carries_whatever_it_is_given() -> None:
    deep: object = "end"
    for _ in range(400):
        deep = [deep]

    assert dumps({"s": "\ud800", "n": 2**70, "f": float("nan"), 1: None}) == (
        '{"s":"�","n":"1180591620717411303424","f":null,"1":null}'.encode()
    )
    assert b"end" in dumps(deep)
