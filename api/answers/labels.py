"""What people say of posts: given, listed, shown beside the model's label, and compared with it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import orjson

from analysis.agreement import MODELS, PEOPLE, agreement_of_people, agreement_of_two
from analysis.membership import posts_query
from api.answers.cursor import garbled
from lake import times
from lake.campaign import Campaign
from lake.errors import ConflictError, PayloadError
from lake.label import checked_label, majority, of_newest_text, post_key
from lake.records import Json
from lake.store import Store
from lake.text import digest

MOST_LABELS = 500
_POSTS_A_REQUEST = 500
_SHOWN = (
    *("id", "post", "label", "by", "note", "at", "first_at", "text", "text_removed", "language"),
    *("model", "vader", "changes", "history"),
)
_VADER = "vader-"  # what the names of VADER's versions begin with


async def put_label(
    store: Store, body: object, *, is_one_of_many: bool = False
) -> tuple[Json, bool]:
    """Keeps what a person says of a post; says too whether they had said nothing of it before.

    Args:
        store: The lake.
        body: What they say.
        is_one_of_many: See ``Labels.put``.

    Raises:
        InvalidError: Values break rules.
        NotFoundError: There is no such post.
        ConflictError: The post's text was taken away by its platform.
        RetryError: Elasticsearch did not answer.
    """
    label, is_new = await store.labels.put(checked_label(body), is_one_of_many=is_one_of_many)
    return show_label(label), is_new


async def delete_label(store: Store, label_id: str) -> None:
    """Forgets a label.

    Raises:
        NotFoundError: There is none.
        RetryError: Elasticsearch did not answer.
    """
    await store.labels.delete(label_id)


def show_label(label: Json) -> Json:
    """A label as answers show it: the same keys always, None for what is unknown."""
    return {name: label.get(name, False if name == "text_removed" else None) for name in _SHOWN}


async def list_labels(
    store: Store,
    *,
    post: str | None = None,
    campaign: Campaign | None = None,
    by: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Json:
    """A page of labels, and the cursor of the next.

    They are in the order in which each person first labelled each post, newest first, so a label
    that is corrected meanwhile stays in its place.

    Args:
        store: The lake.
        post: Only of this post.
        campaign: Only of posts that belonged to it when they were labelled.
        by: Only this person's.
        limit: At most ``MOST_LABELS``.
        cursor: The ``next`` of the page before.

    Raises:
        InvalidError: The cursor is none of this listing.
        ConflictError: The campaign changed meanwhile.
        RetryError: Elasticsearch did not answer.
    """
    # An id may be given again after its campaign was removed.
    which = "" if campaign is None else f"{campaign.id} {times.to_text(campaign.created_at)}"
    asked = digest(post or "", which, by or "")
    revision = 0 if campaign is None else campaign.revision
    after = None if cursor is None else _after(cursor, asked, revision)
    query = _query(post, campaign, by)
    found = await store.labels.page(query, size=limit + 1, after=after)
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = _cursor([asked, revision, last["first_at"], last["id"]])
    return {"items": [show_label(label) for label in found[:limit]], "next": following}


def _query(post: str | None, campaign: Campaign | None, by: str | None) -> Json:
    filters: list[Json] = [] if campaign is None else [posts_query(campaign)]
    if post is not None:
        filters.append({"term": {"post": post_key(post)}})
    if by is not None:
        filters.append({"term": {"by": by}})
    return {"bool": {"filter": filters}}


def _cursor(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def _after(cursor: str, asked: str, revision: int) -> tuple[int, str]:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        of, at_revision, first_at, id_ = orjson.loads(data)
        moment = times.from_text(first_at)
    except (ValueError, TypeError, binascii.Error, PayloadError) as exc:
        raise garbled() from exc
    if of != asked or not isinstance(id_, str):
        raise garbled()
    if at_revision != revision:
        raise ConflictError("the campaign changed since; start again without a cursor")
    return round(moment.timestamp() * 1000), id_


async def with_labels(store: Store, posts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Posts as answers show them, each with what people say of it as ``labels``, oldest first.

    ``stale`` says that the label is of a text that the post no longer has.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    keys = [post_key(f"{post['platform']}:{post['id']}") for post in posts]
    found = await store.labels.of_posts(keys)
    return [
        post | {"labels": [_beside(label, post) for label in found.get(key, [])]}
        for key, post in zip(keys, posts, strict=True)
    ]


def _beside(label: Json, post: Mapping[str, Any]) -> Json:
    stale = "text" in label and label["text"] != post["text"]
    return {name: label.get(name) for name in ("id", "label", "by", "at")} | {"stale": stale}


async def label_agreement(store: Store, campaign: Campaign | None = None) -> Json:
    """How far people agree with the model, with VADER and with each other.

    A post counts with what most people say of the text that was labelled last; the model with the
    score that the post carries now, where it is of that text.

    Args:
        store: The lake.
        campaign: Only posts that belonged to it when they were labelled; None takes all.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    as_of = times.to_text(times.now())
    ratings: list[dict[str, str]] = []
    said: dict[str, tuple[str, str]] = {}  # post -> what most people say, of which text
    ties = 0
    labels = [label async for label in store.labels.all(_query(None, campaign, None))]
    for post, group in groupby(labels, key=lambda label: str(label["post"])):
        rated = of_newest_text(group)
        ratings.append({label["by"]: label["label"] for label in rated})
        most = majority(label["label"] for label in rated)
        if most is None:
            ties += 1
        else:
            said[post] = (most, rated[-1]["text_hash"])
    tones = await _tones(store, list(said))
    model: list[tuple[str, str]] = []
    vader: list[tuple[str, str]] = []
    names: dict[str, int] = {}
    for post, (label, text_hash) in said.items():
        tone = tones.get(post, {})
        if tone.get("text_hash") != text_hash:
            continue
        model.append((label, tone["label"]))
        names[tone["model"]] = names.get(tone["model"], 0) + 1
        beside = _vaders(tone)
        if beside is not None:
            vader.append((label, beside))
    return {
        "as_of": as_of,
        "campaign": None if campaign is None else campaign.id,
        "labels": len(labels),
        "posts": len(ratings),
        "ties": ties,
        "people_model": {
            **agreement_of_two(model, PEOPLE, MODELS),
            "missing": len(said) - len(model),
            "models": names,
        },
        "people_vader": {
            **agreement_of_two(vader, PEOPLE, PEOPLE),
            "missing": len(said) - len(vader),
        },
        "people_people": agreement_of_people(ratings),
    }


def _vaders(tone: Json) -> str | None:
    """VADER's label: kept beside the model's, or the model's where VADER is the model."""
    beside = tone.get("vader")
    if beside is not None:
        return str(beside["label"])
    return str(tone["label"]) if str(tone["model"]).startswith(_VADER) else None


async def _tones(store: Store, posts: Sequence[str]) -> dict[str, Json]:
    """What the model says of each post that has a score."""
    found: dict[str, Json] = {}
    for start in range(0, len(posts), _POSTS_A_REQUEST):
        some = list(posts[start : start + _POSTS_A_REQUEST])
        body: Json = {
            "query": {"ids": {"values": some}},
            "_source": ["sentiment"],
            "size": len(some),
        }
        answer = await store.search(store.layout.every("posts"), body)
        for hit in answer["hits"]["hits"]:
            found[hit["_id"]] = hit["_source"].get("sentiment", {})
    return found
