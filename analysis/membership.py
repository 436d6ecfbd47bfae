"""Which posts belong to a campaign: a query, so that changing a campaign changes its past too.

A post belongs to a brand that it names: by a hashtag, by words in its text, by its author. For the
campaign itself ``all_of`` and ``exclude`` narrow that, or its boolean query stands in their place.
The window, the platforms, the languages and the excluded authors are the same for every brand of
the panel, so that brands are compared over one conversation.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.clauses import (
    account_clause,
    all_of,
    any_of,
    language_clause,
    query_clause,
    tags_clause,
    word_or_tag_clause,
    words_clause,
)
from lake import times
from lake.boolean_query import parsed
from lake.campaign import Campaign
from lake.criteria import Account
from lake.records import Json

# A comment exists only below another post, so it is no post of the campaign.
POST_KINDS = ("post", "reshare", "quote", "reply")


def posts_query(campaign: Campaign) -> Json:
    """The campaign's own posts."""
    return _query(campaign, _own(campaign))


def panel_query(campaign: Campaign) -> Json:
    """The posts of every brand on the campaign's panel."""
    clauses = list(brand_queries(campaign).values())
    # Hashtags of all brands in one clause: that is the usual panel, and the fastest.
    tags = {tag for one in clauses if "terms" in one for tag in one["terms"]["hashtags"]}
    others = [one for one in clauses if "terms" not in one]
    return _query(campaign, any_of([*([tags_clause(sorted(tags))] if tags else []), *others]))


def brand_queries(campaign: Campaign) -> dict[str, Json]:
    """What tells a brand's posts among those of the panel, by name, the campaign's own first."""
    return {campaign.name: _own(campaign)} | {
        rival.name: _naming(rival.hashtags, rival.keywords) for rival in campaign.competitors
    }


def _own(campaign: Campaign) -> Json:
    if campaign.query is not None:
        return query_clause(parsed(campaign.query))
    named = _naming(campaign.hashtags, campaign.keywords, campaign.profiles)
    needed = [word_or_tag_clause(word) for word in campaign.all_of]
    unwanted = [word_or_tag_clause(word) for word in campaign.exclude]
    return all_of([named, *needed], none_of=unwanted)


def _naming(tags: Sequence[str], keywords: Sequence[str], accounts: Sequence[Account] = ()) -> Json:
    clauses = [tags_clause(tags)] if tags else []
    clauses += [words_clause(words) for words in keywords]
    clauses += [account_clause(who) for who in accounts]
    return any_of(clauses)


def _query(campaign: Campaign, brands: Json) -> Json:
    filters: list[Json] = [
        brands,
        {
            "range": {
                "@timestamp": {
                    "gte": times.to_text(campaign.start),
                    "lt": times.to_text(campaign.end),
                }
            }
        },
        {"terms": {"kind": list(POST_KINDS)}},
    ]
    if campaign.platforms:
        filters.append({"terms": {"platform": list(campaign.platforms)}})
    if campaign.languages:
        filters.append(language_clause(campaign.languages))
    if campaign.authors_exclude:
        unwanted = [account_clause(who) for who in campaign.authors_exclude]
        filters.append(all_of([], none_of=unwanted))
    return {"bool": {"filter": filters}}


def by_accounts(query: Json, accounts: Sequence[Account]) -> Json:
    """``query`` narrowed to the posts by some accounts."""
    return also(query, any_of([account_clause(who) for who in accounts]))


def also(query: Json, *filters: Json) -> Json:
    """``query`` narrowed by further filters."""
    return {"bool": {"filter": [*query["bool"]["filter"], *filters]}}
