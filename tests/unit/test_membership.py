"""What a campaign takes, and the query that it becomes."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.membership import also, brand_queries, panel_query, posts_query
from lake import times
from lake.campaign import Campaign, checked_spec
from lake.errors import InvalidError

DATES = {"from": "2026-03-01", "to": "2026-04-01"}
RANGE = {
    "range": {"@timestamp": {"gte": "2026-03-01T00:00:00.000Z", "lt": "2026-04-01T00:00:00.000Z"}}
}
KINDS = {"terms": {"kind": ["post", "reshare", "quote", "reply"]}}
MADE = times.from_text("2026-03-01T00:00:00Z")


def campaign(**body: Any) -> Campaign:
    spec = checked_spec({"name": "Spring", **DATES, **body})
    values = spec.model_dump() | {"id": "spring", "revision": 1}
    return Campaign(**values, created_at=MADE, updated_at=MADE)


def refusal(**body: Any) -> dict[str, str]:
    with pytest.raises(InvalidError) as caught:
        campaign(**body)
    (found,) = caught.value.errors
    return found


def own(**body: Any) -> Any:
    return posts_query(campaign(**body))["bool"]["filter"][0]


def phrase(words: str) -> Any:
    return {"match_phrase": {"text": {"query": words}}}


def by(platform: str, handle: str) -> Any:
    author = {
        "should": [{"term": {"author.handle": handle.lower()}}, {"term": {"author.id": handle}}]
    }
    filters = [{"term": {"platform": platform}}, {"bool": {**author, "minimum_should_match": 1}}]
    return {"bool": {"filter": filters}}


def test_a_campaign_of_hashtags_is_the_query_that_it_always_was() -> None:
    one = campaign(hashtags=["#B", "a"], competitors=[{"name": "R", "hashtags": ["r", "a"]}])

    assert posts_query(one) == {
        "bool": {"filter": [{"terms": {"hashtags": ["b", "a"]}}, RANGE, KINDS]}
    }
    assert panel_query(one) == {
        "bool": {"filter": [{"terms": {"hashtags": ["a", "b", "r"]}}, RANGE, KINDS]}
    }
    assert brand_queries(one) == {
        "Spring": {"terms": {"hashtags": ["b", "a"]}},
        "R": {"terms": {"hashtags": ["r", "a"]}},
    }


def test_a_tag_a_word_or_an_author_is_enough() -> None:
    found = own(hashtags=["a"], keywords=["Kalter  Kaffee"], profiles=["x:@NASA"])

    assert found == {
        "bool": {
            "should": [{"terms": {"hashtags": ["a"]}}, phrase("Kalter Kaffee"), by("x", "NASA")],
            "minimum_should_match": 1,
        }
    }
    assert own(keywords=['"cold brew"']) == phrase("cold brew")
    assert own(profiles=[{"platform": "x", "handle": "nasa"}]) == by("x", "nasa")


def test_what_is_excluded_goes_and_what_is_needed_stays() -> None:
    found = own(hashtags=["a"], all_of=["shoes", "#Sale"], exclude=["win", "#ad"])

    assert found == {
        "bool": {
            "filter": [
                {"terms": {"hashtags": ["a"]}},
                phrase("shoes"),
                {"terms": {"hashtags": ["sale"]}},
            ],
            "must_not": [phrase("win"), {"terms": {"hashtags": ["ad"]}}],
        }
    }


def test_languages_platforms_and_excluded_authors_narrow_every_brand() -> None:
    one = campaign(
        hashtags=["a"],
        exclude=["win"],
        languages=["EN"],
        platforms=["x"],
        authors_exclude=["x:bot"],
        competitors=[{"name": "R", "keywords": ["rival"]}],
    )

    for query in (posts_query(one), panel_query(one)):
        _, _, _, platforms, languages, authors = query["bool"]["filter"]
        assert platforms == {"terms": {"platform": ["x"]}}
        assert {"terms": {"lang.detected": ["en"]}} in languages["bool"]["should"]
        assert authors == {"bool": {"must_not": [by("x", "bot")]}}
    assert brand_queries(one)["R"] == phrase("rival")
    brands = panel_query(one)["bool"]["filter"][0]["bool"]["should"]
    assert phrase("rival") in brands
    assert brand_queries(one)["Spring"] in brands


def test_a_narrowed_query_keeps_what_was_excluded() -> None:
    one = posts_query(campaign(hashtags=["a"], exclude=["win"]))

    narrowed = also(one, {"term": {"kind": "reply"}})

    assert narrowed["bool"]["filter"][0]["bool"]["must_not"] == [phrase("win")]
    assert narrowed["bool"]["filter"][-1] == {"term": {"kind": "reply"}}


def test_a_boolean_query_stands_in_the_place_of_the_lists() -> None:
    found = own(query='(espresso OR "cold brew" OR @ann) AND NOT #decaf lang:pt from:x:bob')

    mention = {"term": {"mentions": {"value": "ann", "case_insensitive": True}}}
    either, language, author = found["bool"]["filter"]
    assert either["bool"]["should"] == [phrase("espresso"), phrase("cold brew"), mention]
    assert author == by("x", "bob")
    assert language["bool"]["should"][0] == {"terms": {"lang.detected": ["pt"]}}
    claimed = language["bool"]["should"][1]["bool"]
    assert claimed["must_not"] == [{"exists": {"field": "lang.detected"}}]
    assert found["bool"]["must_not"] == [{"terms": {"hashtags": ["decaf"]}}]
    assert own(query="a -b") == {"bool": {"filter": [phrase("a")], "must_not": [phrase("b")]}}


def test_no_text_of_people_is_read_as_a_query_language() -> None:
    hostile = '*:* OR _exists_:author" ) /.*/ {"match_all":{}}'
    found = str(own(keywords=[hostile]))

    assert "query_string" not in found
    assert own(keywords=[hostile]) == phrase(hostile.strip('"'))


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({}, "hashtags", "at least one"),
        ({"hashtags": [], "exclude": ["a"]}, "hashtags", "at least one"),
        ({"hashtags": ["a"], "query": "b"}, "query", "in place of"),
        ({"query": "a OR"}, "query", "at character 5"),
        ({"keywords": ["#a"]}, "keywords", "among the hashtags"),
        ({"keywords": ["!!"]}, "keywords", "no letter"),
        ({"keywords": "a"}, "keywords", "a list of"),
        ({"keywords": ["x" * 101]}, "keywords", "more than 100"),
        ({"keywords": [f"word{n} {'y' * 60}" for n in range(40)]}, "keywords", "2,000 characters"),
        ({"keywords": [f"w{n}" for n in range(51)]}, "keywords", "at most 50"),
        ({"profiles": ["nasa"]}, "profiles", "PLATFORM:HANDLE"),
        ({"profiles": ["x:"]}, "profiles", "no handle"),
        ({"profiles": [7]}, "profiles", "PLATFORM:HANDLE"),
        ({"hashtags": ["a"], "authors_exclude": ["NO/:a"]}, "authors_exclude", "no platform's"),
        ({"hashtags": ["a"], "languages": ["english"]}, "languages", "two letters"),
        ({"hashtags": [None]}, "hashtags", "must be text"),
        (
            {"hashtags": ["a"], "competitors": [{"name": "R", "hashtags": []}]},
            "competitors.0",
            "hashtag or keyword",
        ),
    ],
)
def test_a_rule_that_is_broken_is_told_at_its_field(
    body: dict[str, Any], field: str, said: str
) -> None:
    found = refusal(**body)

    assert found["field"] == field
    assert said in found["message"]


def test_values_are_kept_in_normal_form_each_once() -> None:
    one = campaign(
        hashtags=["#A", "a"],
        keywords=["Cold Brew", '"cold  brew"'],
        profiles=["X:@Nasa", "x:NASA", "mastodon:https://a.example/users/b"],
        exclude=["#Ad", "＃ad"],
        languages=["EN", "en"],
    )

    assert one.hashtags == ("a",)
    assert one.keywords == ("Cold Brew",)
    assert [str(who) for who in one.profiles] == ["x:Nasa", "mastodon:https://a.example/users/b"]
    assert one.exclude == ("#ad",)
    assert one.languages == ("en",)
    assert checked_spec(one.spec()) == checked_spec(one.spec() | {"query": "  "})


def test_what_is_collected_is_what_a_campaign_names() -> None:
    words_of_a_tag = campaign(keywords=["shoes"], all_of=["#sale", "cheap"])
    asked = campaign(query="#a from:x:ann -#b", competitors=[{"name": "R", "keywords": ["r"]}])

    assert words_of_a_tag.tags() == ("sale",)
    assert asked.panel() == {"Spring": ("a",), "R": ()}
    assert [str(who) for who in asked.accounts()] == ["x:ann"]
    assert asked.named_platforms() == ("x",)
