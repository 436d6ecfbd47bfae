"""Boolean queries: what they are read as, and how a mistake is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.boolean_query import (
    AllOf,
    AnyOf,
    Node,
    Not,
    Term,
    parsed,
    query_accounts,
    query_platforms,
    query_tags,
)
from lake.criteria import Account


def words(text: str) -> Term:
    return Term("words", text)


A, B, C = words("a"), words("b"), words("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ("((a))", A),
        ("a b", AllOf((A, B))),
        ("a AND b", AllOf((A, B))),
        ("a b OR c", AnyOf((AllOf((A, B)), C))),
        ("a (b OR c)", AllOf((A, AnyOf((B, C))))),
        ("a NOT b", AllOf((A, Not(B)))),
        ("a AND NOT NOT b", AllOf((A, B))),
        ("a -b", AllOf((A, Not(B)))),
        ("a NOT (b OR c)", AllOf((A, Not(AnyOf((B, C)))))),
        ('"cold  brew"', words("cold brew")),
        ("“cold brew” a", AllOf((words("cold brew"), A))),
        ("#Café", Term("tag", "café")),
        ("＃タグ", Term("tag", "タグ")),
        ("@Ann.Lee", Term("mention", "ann.lee")),
        ("from:@Ann", Term("author", "Ann")),
        ("from:Mastodon:ann@b.example", Term("author", "mastodon:ann@b.example")),
        ("a lang:EN", AllOf((A, Term("language", "en")))),
        ("a platform:X", AllOf((A, Term("platform", "x")))),
        ("ORANGE ANDROID", AllOf((words("ORANGE"), words("ANDROID")))),
        ("e-mail C#", AllOf((words("e-mail"), words("C#")))),
        ('"or"', words("or")),
        ("☕", words("☕")),
        ("コーヒー", words("コーヒー")),
    ],
)
def test_a_query_is_read_as_the_tree_that_people_mean(text: str, tree: Node) -> None:
    assert parsed(text) == tree


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("(espresso OR", 13, "is missing"),
        ("(espresso", 10, "closing )"),
        ("espresso)", 9, "no ( for this )"),
        ("()", 2, "is missing"),
        ("a AND OR b", 7, "is missing before it"),
        ('a "cold brew', 3, "not closed"),
        ("a colour:red", 3, "no field colour:"),
        ("see https://a.example", 5, "no field https:"),
        ("a or b", 3, "write OR"),
        ("a - b", 3, "cannot stand here"),
        ("a ##", 3, "is no hashtag"),
        ("a ...", 3, "no letter"),
        ("a lang:english", 3, "two letters"),
        ("a platform:no/such", 3, "no platform's name"),
        ("a from:", 3, "from:user"),
        ("a from:x:", 3, "no handle"),
        ("   ", 4, "the end"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: int, said: str) -> None:
    with pytest.raises(ValueError, match=f"^at character {place}, ") as caught:
        parsed(text)

    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["NOT a", "a OR NOT b", "lang:en", "lang:en OR a", "-a -b"])
def test_a_query_that_would_find_nearly_every_post_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must look for something"):
        parsed(text)


def test_a_query_is_bounded_in_length_terms_and_depth() -> None:
    deep = "(a OR (b AND " * 6 + "c" + "))" * 6
    for text, said in (("a " * 101, "100 words"), ("a" * 2_001, "2,000"), (deep, "deep")):
        with pytest.raises(ValueError, match=said):
            parsed(text)
    assert parsed("(" * 900 + "a" + ")" * 900) == A


@given(
    st.text(alphabet=st.sampled_from(list('ab "()#@:-\n\\*~^ANDORNOT\x00\ud800ü☕')), max_size=40)
)
def test_any_line_is_a_query_or_a_mistake(text: str) -> None:
    try:
        node = parsed(text)
    except ValueError:
        return
    assert isinstance(node, Term | AllOf | AnyOf)


def test_what_is_collected_for_a_query_is_what_it_looks_for() -> None:
    text = "(#a OR b) -#c from:x:Ann from:bob NOT from:reddit:eve platform:tiktok"

    assert query_tags(text) == ("a",)
    assert query_accounts(text) == (Account(platform="x", handle="Ann"),)
    assert query_platforms(text) == ("tiktok", "x", "reddit")
