"""Records as Elasticsearch documents: what is written, where and under which id.

Pure: the same record, run and target always give the same document.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lake import times
from lake.at_post import set_at_post, sight
from lake.engagement import current_definition
from lake.json_text import dumps
from lake.layout import Layout, native_key, observation_id
from lake.records import Author, Erasure, Json, Post, Profile, Record, TagCounter
from lake.text import clean, digest


@dataclass(frozen=True, slots=True)
class Origin:
    """How a record came to us.

    Args:
        run: Id of the poll or import.
        target: Key of the target that was polled; it begins with the platform that was asked.
        context: What normalising a payload again needs besides, such as a column map; JSON text.
    """

    run: str
    target: str
    context: str | None = None

    @property
    def platform(self) -> str:
        """Who normalises the payloads: a platform's name, or ``archive``."""
        return self.target.partition(":")[0]


@dataclass(slots=True)  # not frozen: that would double the cost of making one
class Document:
    """A document and its place."""

    index: str
    id: str
    source: Json


def post_document(layout: Layout, post: Post, origin: Origin) -> Document:
    """A post as it is written when nobody has seen it before."""
    metrics = dict(post.metrics)
    definition = current_definition()
    engagement = definition.value(post.platform, metrics)
    text = clean(post.text)
    source: Json = {
        "@timestamp": times.to_text(post.created_at),
        "platform": post.platform,
        "kind": post.kind,
        "native_id": post.native_id,
        "author": _author(post.platform, post.author),
        "text": text,
        "text_hash": digest(text),
        "hashtags": list(post.hashtags),
        "metrics": metrics,
        "enrich": {"state": "pending"},
        **_first_sight(post.observed_at, origin),
    }
    optional = {
        "url": post.url,
        "lang": {"platform": post.language} if post.language else None,
        "mentions": list(post.mentions),
        "media": list(post.media),
        "reply_to": post.reply_to,
        "metrics_missing": list(post.metrics_missing),
        "metrics_from": _metrics_from(post),
    }
    source.update((name, value) for name, value in optional.items() if value)
    if engagement is not None:
        source["engagement"] = {"value": engagement, "definition": definition.name}
    set_at_post(source, [sight(source)])
    return Document(
        layout.posts(post.created_at), native_key(post.platform, post.native_id), source
    )


def _metrics_from(post: Post) -> Json | None:
    if post.source is None:
        return None
    at = times.to_text(post.observed_at)
    return {"source": post.source, "home": bool(post.is_home), "at": at}


def _first_sight(observed_at: datetime, origin: Origin) -> Json:
    at = times.to_text(observed_at)
    return {
        "provenance": {
            "targets": [origin.target],
            "first_run": origin.run,
            "last_run": origin.run,
        },
        "first_seen": at,
        "observed_at": at,
        "metrics_at": at,
    }


def _author(platform: str, author: Author) -> Json:
    key = author.key()
    fields = {
        "key": f"{platform}:{key}" if key else None,
        "id": author.id,
        "handle": clean(author.handle) if author.handle else None,
        "name": clean(author.name) if author.name else None,
        "followers": author.followers,
        "verified": author.verified,
    }
    return {name: value for name, value in fields.items() if value is not None}


def profile_document(layout: Layout, profile: Profile, origin: Origin) -> Document:
    """An account as it is written when nobody has seen it before."""
    optional = {
        "created_at": times.to_text(profile.created_at) if profile.created_at else None,
        "url": profile.url,
        "description": clean(profile.description) if profile.description else None,
        "following": profile.following,
        "posts": profile.posts,
    }
    source: Json = {
        "@timestamp": times.to_text(profile.observed_at),
        "platform": profile.platform,
        "author": _author(profile.platform, profile.author),
        **_first_sight(profile.observed_at, origin),
    } | {name: value for name, value in optional.items() if value is not None}
    key = profile.author.key() or ""
    return Document(layout.one("profiles"), native_key(profile.platform, key), source)


@dataclass(frozen=True, slots=True)
class RawPayload:
    """A payload with what is known of it; ``body`` holds nothing that JSON cannot carry."""

    kind: str
    body: Json
    observed_at: datetime
    place: str | None = None
    source: str | None = None


def raw_document(layout: Layout, record: Record, payload: RawPayload, origin: Origin) -> Document:
    """A payload exactly as it came; the same payload seen again is the same document.

    Args:
        layout: Where documents live.
        record: The first record that the payload holds; it names what the payload is of.
        payload: The payload.
        origin: How it came.
    """
    native_id = native_id_of(record)
    source: Json = {
        "@timestamp": times.to_text(payload.observed_at),
        "platform": record.platform,
        "kind": payload.kind,
        "native_id": native_id,
        "target": origin.target,
        "run": origin.run,
        "payload": payload.body,
    }
    optional = {"place": payload.place, "source": payload.source}
    source.update((name, value) for name, value in optional.items() if value is not None)
    body = dumps(payload.body, sort_keys=True)
    return Document(
        layout.raw(record.platform, payload.observed_at),
        digest(record.platform, payload.kind, native_id, body),
        source,
    )


def native_id_of(record: Record) -> str:
    """What tells a record's subject from the platform's others of its kind."""
    match record:
        case Post():
            return record.native_id
        case Profile():
            return record.author.key() or ""
        case TagCounter():
            return record.tag
        case Erasure():
            return record.native_id


def post_observation(layout: Layout, document: Document) -> Document | None:
    """The numbers that a post document shows, as of ``metrics_at``; None where it shows none.

    The author's followers of that time go with them: the post's document keeps only the newest.
    """
    source = document.source
    if not source.get("metrics"):
        return None
    extra: Json = {"engagement": source["engagement"]} if "engagement" in source else {}
    followers = source.get("author", {}).get("followers")
    if followers is not None:
        extra["author"] = {"followers": followers}
    return _observation(layout, "post", document, {"metrics": source["metrics"], **extra})


def profile_observation(layout: Layout, document: Document) -> Document | None:
    """The numbers that a profile document shows, as of ``metrics_at``; None where it has none."""
    metrics = profile_numbers(document.source)
    return _observation(layout, "profile", document, {"metrics": metrics}) if metrics else None


def profile_numbers(source: Json) -> dict[str, int]:
    """The numbers of a profile document that are known."""
    numbers = {
        "followers": source["author"].get("followers"),
        "following": source.get("following"),
        "posts": source.get("posts"),
    }
    return {name: value for name, value in numbers.items() if value is not None}


def _observation(layout: Layout, entity_type: str, document: Document, body: Json) -> Document:
    source = document.source
    metrics_at = times.from_text(source["metrics_at"])
    return Document(
        layout.metrics(metrics_at),
        observation_id(entity_type, document.id, metrics_at),
        {
            "@timestamp": source["metrics_at"],
            "platform": source["platform"],
            "entity": {"type": entity_type, "id": document.id},
            "run": source["provenance"]["last_run"],
            **body,
        },
    )


def tag_observation(layout: Layout, counter: TagCounter, origin: Origin) -> Document:
    """One count of a hashtag's use.

    A count of a closed period is one document for good: its id holds the period, so counting a day
    again renews the number in place.
    """
    key = native_key(counter.platform, counter.tag)
    numbers = {"posts": counter.posts, "authors": counter.authors, "views": counter.views}
    source: Json = {
        "@timestamp": times.to_text(counter.observed_at),
        "platform": counter.platform,
        "entity": {"type": "tag", "id": key},
        "run": origin.run,
        "metrics": {name: value for name, value in numbers.items() if value is not None},
    }
    if counter.source is not None:
        source["source"] = counter.source
    bucket_of = counter.observed_at
    if counter.start is not None and counter.end is not None:
        start, end = times.to_text(counter.start), times.to_text(counter.end)
        source["period"] = {"start": start, "end": end}
        bucket_of = counter.start
    entity = digest(key, counter.source or "", "period" if "period" in source else "total")
    return Document(layout.metrics(bucket_of), observation_id("tag", entity, bucket_of), source)
