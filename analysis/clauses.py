"""What a campaign asks of a post, as clauses of an Elasticsearch query.

Whatever people wrote is only ever the value of a ``term`` or of a ``match_phrase``, which the text
field's own analyzer splits into words: no part of it is read as a query language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lake.boolean_query import AllOf, AnyOf, Node, Not, Term
from lake.criteria import Account, account
from lake.records import Json


def any_of(clauses: Sequence[Json]) -> Json:
    """Posts for which one of the clauses holds; of none, no post."""
    if len(clauses) == 1:
        return clauses[0]
    if not clauses:
        return {"match_none": {}}
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def all_of(clauses: Sequence[Json], *, none_of: Sequence[Json] = ()) -> Json:
    """Posts for which each clause holds, and nothing of ``none_of``."""
    if len(clauses) == 1 and not none_of:
        return clauses[0]
    found: Json = {"filter": list(clauses)} if clauses else {}
    if none_of:
        found["must_not"] = list(none_of)
    return {"bool": found}


def tags_clause(tags: Iterable[str]) -> Json:
    """Posts that carry one of the hashtags."""
    return {"terms": {"hashtags": list(tags)}}


def words_clause(words: str) -> Json:
    """Posts in whose text these words stand, side by side and in this order."""
    return {"match_phrase": {"text": {"query": words}}}


def word_or_tag_clause(value: str) -> Json:
    """Posts with these words in their text; where ``#`` is before it, with that hashtag."""
    return tags_clause([value[1:]]) if value.startswith("#") else words_clause(value)


def author_clause(handle: str) -> Json:
    """Posts whose author has this handle, in any case, or is known to the platform by it."""
    # Posts fold the case themselves, labels do not.
    return any_of([{"term": {"author.handle": handle.lower()}}, {"term": {"author.id": handle}}])


def account_clause(who: Account) -> Json:
    """Posts by an account."""
    return all_of([{"term": {"platform": who.platform}}, author_clause(who.handle)])


def mention_clause(handle: str) -> Json:
    """Posts that mention a handle, in any case."""
    return {"term": {"mentions": {"value": handle, "case_insensitive": True}}}


def language_clause(languages: Iterable[str]) -> Json:
    """Posts in one of the languages: as it was detected, else as the platform claims.

    A platform's ``pt-BR`` is ``pt``.
    """
    codes = list(languages)
    claimed: list[Json] = []
    for code in codes:
        claimed.append({"term": {"lang.platform": {"value": code, "case_insensitive": True}}})
        regional = {"value": f"{code}-", "case_insensitive": True}
        claimed.append({"prefix": {"lang.platform": regional}})
    undetected = all_of([any_of(claimed)], none_of=[{"exists": {"field": "lang.detected"}}])
    return any_of([{"terms": {"lang.detected": codes}}, undetected])


def query_clause(node: Node) -> Json:
    """Posts for which a boolean query holds."""
    match node:
        case Term():
            return _term_clause(node)
        case Not():
            return all_of([], none_of=[query_clause(node.part)])
        case AnyOf():
            return any_of([query_clause(part) for part in node.parts])
        case AllOf():
            not_these = [part.part for part in node.parts if isinstance(part, Not)]
            these = [part for part in node.parts if not isinstance(part, Not)]
            return all_of(
                [query_clause(part) for part in these],
                none_of=[query_clause(part) for part in not_these],
            )


def _term_clause(term: Term) -> Json:
    match term.kind:
        case "words":
            return words_clause(term.value)
        case "tag":
            return tags_clause([term.value])
        case "mention":
            return mention_clause(term.value)
        case "language":
            return language_clause([term.value])
        case "platform":
            return {"term": {"platform": term.value}}
        case "author" if ":" in term.value:
            return account_clause(account(term.value))
        case "author":
            return author_clause(term.value)
