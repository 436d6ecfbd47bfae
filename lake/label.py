"""A label: what one person says that one post's sentiment is, kept apart from the model's.

A person has one label a post; giving another replaces it, and the last ``MOST_HISTORY`` that it
replaced stay beside it. It holds the text that was labelled, because people's labels become the
data that models are judged by, and what the model and VADER said of that text at the time. It holds
of the post what tells which campaigns it belongs to, as it was when it was labelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast, get_args

from lake import times
from lake.errors import InvalidError
from lake.layout import native_key
from lake.records import Json
from lake.text import clean, digest

PeopleLabel = Literal["negative", "neutral", "positive"]
PEOPLE_LABELS: Final[tuple[PeopleLabel, ...]] = get_args(PeopleLabel)
NOBODY = "anonymous"
MOST_HISTORY = 20
LONGEST_BY = 100
LONGEST_NOTE = 1_000
_LONGEST_POST = 9_000
_READ_BY_PEOPLE = ("text", "note", "mentions")


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """A label as somebody gives it; made by ``checked_label``.

    Args:
        post: The post's key in the lake, such as ``x:1234``.
        label: One of ``PEOPLE_LABELS``.
        by: Who says so.
        note: Why, in their words.
    """

    post: str
    label: PeopleLabel
    by: str = NOBODY
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AgreedLabel:
    """What most people say of a text: a row to judge models by.

    Args:
        post: The post's key in the lake.
        text: What was labelled.
        label: What most of them say.
        language: The post's, where it was known.
        people: How many labelled this text.
    """

    post: str
    text: str
    label: PeopleLabel
    language: str | None
    people: int


def checked_label(body: object) -> LabelSpec:
    """The label that a request's body gives.

    Raises:
        InvalidError: It breaks rules; one entry of ``errors`` for each.
    """
    if not isinstance(body, Mapping):
        raise InvalidError('the label must be an object: {"post": "x:1", "label": "positive"}')
    found: dict[str, str] = {}
    for name in body.keys() - {"post", "label", "by", "note"}:
        found[str(name)[:80]] = "is no field of a label: post, label, by, note"
    post = _text(body, "post", _LONGEST_POST, found)
    label = _text(body, "label", LONGEST_BY, found)
    if label is not None and label not in PEOPLE_LABELS:
        found["label"] = f"must be negative, neutral or positive, not {label[:40]!r}"
    by = _text(body, "by", LONGEST_BY, found, needed=False)
    note = _text(body, "note", LONGEST_NOTE, found, needed=False)
    if post is not None and not all(post.partition(":")):
        found["post"] = "must be PLATFORM:ID, such as x:1234 or mastodon:https://…"
    if found:
        errors = tuple({"field": name, "message": text} for name, text in found.items())
        raise InvalidError("; ".join(f"{e['field']} {e['message']}" for e in errors), errors=errors)
    return LabelSpec(post_key(post or ""), cast(PeopleLabel, label), by or NOBODY, note)


def _text(
    body: Mapping[Any, object],
    name: str,
    longest: int,
    found: dict[str, str],
    *,
    needed: bool = True,
) -> str | None:
    value = body.get(name)
    if value is None:
        if needed:
            found[name] = "is missing"
        return None
    if not isinstance(value, str) or not clean(value).strip():
        found[name] = "must be a text that is not blank"
        return None
    if len(value) > longest:
        found[name] = f"must have at most {longest:,} characters"
        return None
    return clean(value).strip()


def post_key(post: str) -> str:
    """The key of a post in the lake by its platform and native id, ``PLATFORM:ID``; any length."""
    platform, _, native_id = post.partition(":")
    return native_key(platform, native_id)


def label_id(post: str, by: str) -> str:
    """The id of the label that a person gives a post."""
    return digest("label", post, by)


def label_source(spec: LabelSpec, post: Json, before: Json | None, at: datetime) -> Json | None:
    """The document of a label; None where the same person said just this of this text before.

    Pure.

    Args:
        spec: What is said.
        post: The post as it is stored, with its text.
        before: This person's label of it until now.
        at: When it is said.
    """
    if before is not None and _same(spec, post, before):
        return None
    moment = times.to_text(at)
    source: Json = {
        "id": label_id(spec.post, spec.by),
        "post": spec.post,
        "@timestamp": post["@timestamp"],
        "platform": post["platform"],
        "kind": post["kind"],
        "hashtags": post.get("hashtags", []),
        "label": spec.label,
        "by": spec.by,
        "first_at": moment if before is None else before["first_at"],
        "at": moment,
        "text": post["text"],
        "text_hash": post["text_hash"],
        "changes": 0 if before is None else before["changes"] + 1,
        "history": [] if before is None else _history(before),
    }
    lang = post.get("lang", {})
    language = lang.get("detected") or lang.get("platform")
    optional = {"note": spec.note, "language": language, **_said(post), **_campaigns(post)}
    return source | {name: value for name, value in optional.items() if value is not None}


def _campaigns(post: Json) -> dict[str, Json | list[str] | None]:
    """What else tells which campaigns a post belongs to: its language, who wrote it, whom it names.

    A handle is in lower case here, as the index of posts has it.
    """
    lang, author = post.get("lang", {}), post.get("author", {})
    languages = {name: lang[name] for name in ("platform", "detected") if lang.get(name)}
    names = {name: author[name] for name in ("key", "id") if author.get(name)}
    if handle := author.get("handle"):
        names["handle"] = str(handle).lower()
    return {
        "lang": languages or None,
        "author": names or None,
        "mentions": post.get("mentions") or None,
    }


def _same(spec: LabelSpec, post: Json, before: Json) -> bool:
    said = (before["label"], before.get("note"), before["text_hash"])
    return said == (spec.label, spec.note, post["text_hash"]) and "text_removed" not in before


def _history(before: Json) -> list[Json]:
    replaced = {"label": before["label"], "at": before["at"]}
    return [*before.get("history", []), replaced][-MOST_HISTORY:]


def _said(post: Json) -> dict[str, Json | None]:
    """What the model and VADER say of the text that the post has now."""
    tone = post.get("sentiment")
    if tone is None or tone.get("text_hash") != post["text_hash"]:
        return {}
    vader = tone.get("vader")
    model = {"name": tone["model"], "label": tone["label"], "score": tone["score"]}
    beside = None if vader is None else {"label": vader["label"], "score": vader["score"]}
    return {"model": model, "vader": beside}


def without_text(source: Json) -> Json:
    """A label whose post's text had to go: what was said stays, what can be read goes. Pure."""
    kept = {name: value for name, value in source.items() if name not in _READ_BY_PEOPLE}
    if "author" in kept:
        kept["author"] = {name: v for name, v in kept["author"].items() if name != "handle"}
    return kept | {"text_removed": True}


def majority(labels: Iterable[str]) -> PeopleLabel | None:
    """What more people say than anything else; None of nobody, and where the first are equal."""
    ranked = Counter(labels).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return cast(PeopleLabel, ranked[0][0])


def of_newest_text(labels: Iterable[Json]) -> list[Json]:
    """Those of one post's labels that are of the text that was labelled last, oldest first.

    A post that was edited is another text.
    """
    found = sorted(labels, key=lambda one: str(one["at"]))
    return [one for one in found if one["text_hash"] == found[-1]["text_hash"]]


def agreed(labels: Iterable[Json]) -> AgreedLabel | None:
    """The row that the labels of one post come to; None where there is none.

    Only labels of the text that was labelled last count. A text that had to go is no row, and
    neither is one of which as many people say one as another.
    """
    same = of_newest_text(labels)
    label = majority(one["label"] for one in same)
    if label is None or any(one.get("text_removed") for one in same):
        return None
    newest = same[-1]
    return AgreedLabel(newest["post"], newest["text"], label, newest.get("language"), len(same))
