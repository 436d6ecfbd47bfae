"""A sample post as Bluesky's ``app.bsky.feed.searchPosts`` gives it: a postView."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import lru_cache

from ingestors.platform import Payload
from lake.records import Json
from taglake.sample.drafts import Draft
from taglake.sample.people import Person
from taglake.sample.shape import PLACE, base32, epoch_ms, iso, numbers, opaque, spans

KIND = "post"
_SERVER_DELAY = timedelta(seconds=2)
_ELSEWHERE = timezone(timedelta(hours=-5))


def native_id(draft: Draft) -> str:
    """The post's at-uri."""
    # A record key is a TID: microseconds above ten bits that tell clocks apart.
    key = (epoch_ms(draft.created) * 1000 + draft.serial % 1000) << 10 | draft.serial & 0x3FF
    return f"at://{_did(draft.author.number)}/app.bsky.feed.post/{base32(key, 13)}"


def payload(draft: Draft, observed_at: datetime) -> Payload:
    """The post as the search shows it at that time."""
    seen, hidden = numbers(draft, observed_at), draft.lot
    uri = native_id(draft)
    body: Json = {
        "uri": uri,
        "cid": _cid(draft),
        "author": _author(draft.author),
        "record": _record(draft, hidden),
        "replyCount": seen.replies,
        "repostCount": seen.shares,
        "likeCount": seen.likes,
        "quoteCount": seen.quotes,
        "bookmarkCount": seen.saves,
        "indexedAt": iso(draft.created + _SERVER_DELAY),
        "labels": [],
    }
    embed = _embed_view(draft)
    if embed:
        body["embed"] = embed
    if hidden < 50:
        del body["quoteCount"], body["bookmarkCount"]
    if hidden < 20:
        del body["likeCount"]
    return Payload(KIND, body, PLACE)


def _record(draft: Draft, hidden: int) -> Json:
    text = draft.text
    record: Json = {
        "$type": "app.bsky.feed.post",
        "createdAt": _client_time(draft, hidden),
        "facets": [_facet(text, span) for span in spans(text)],
        "langs": [draft.language] if hidden % 20 else [],
        "text": text,
    }
    if draft.parent and draft.kind == "reply":
        parent = {"cid": _cid(draft.parent), "uri": native_id(draft.parent)}
        record["reply"] = {"parent": parent, "root": parent}
    embed = _embed(draft)
    if embed:
        record["embed"] = embed
    return record


def _client_time(draft: Draft, hidden: int) -> str:
    """Most clients write UTC, some their own offset."""
    if hidden % 16:
        return iso(draft.created)
    return draft.created.astimezone(_ELSEWHERE).isoformat(timespec="milliseconds")


def _facet(text: str, span: tuple[int, int, str]) -> Json:
    start, end, tag = span
    first, length = start, end - start
    if not text.isascii():
        first, length = len(text[:start].encode()), len(text[start:end].encode())
    return {
        "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": tag}],
        "index": {"byteStart": first, "byteEnd": first + length},
    }


def _embed(draft: Draft) -> Json | None:
    """What the record says it embeds."""
    if draft.parent and draft.kind == "quote":
        quoted = {"cid": _cid(draft.parent), "uri": native_id(draft.parent)}
        return {"$type": "app.bsky.embed.record", "record": quoted}
    if draft.media is None:
        return None
    photo = draft.media == "photo"
    blob = {
        "$type": "blob",
        "ref": {"$link": f"bafkrei{opaque('blob', draft.serial, 52)}"},
        "mimeType": "image/jpeg" if photo else "video/mp4",
        "size": 100_000 + draft.serial % 900_000,
    }
    if photo:
        return {"$type": "app.bsky.embed.images", "images": [{"alt": "", "image": blob}]}
    return {"$type": "app.bsky.embed.video", "video": blob}


def _embed_view(draft: Draft) -> Json | None:
    """What the server shows of the embed."""
    parent = draft.parent
    if parent and draft.kind == "quote":
        shown = {
            "$type": "app.bsky.embed.record#viewRecord",
            "uri": native_id(parent),
            "cid": _cid(parent),
            "author": _author(parent.author),
            "value": {
                "$type": "app.bsky.feed.post",
                "createdAt": iso(parent.created),
                "text": parent.text,
            },
            "indexedAt": iso(parent.created + _SERVER_DELAY),
        }
        return {"$type": "app.bsky.embed.record#view", "record": shown}
    if draft.media is None:
        return None
    picture = f"https://images.example/{draft.serial}.jpg"
    if draft.media == "photo":
        image = {"thumb": picture, "fullsize": picture, "alt": ""}
        return {"$type": "app.bsky.embed.images#view", "images": [image]}
    return {
        "$type": "app.bsky.embed.video#view",
        "cid": f"bafkrei{opaque('blob', draft.serial, 52)}",
        "playlist": f"https://images.example/{draft.serial}.m3u8",
    }


def _cid(draft: Draft) -> str:
    return f"bafyrei{opaque('post', draft.serial, 52)}"


@lru_cache(maxsize=4096)
def _did(number: int) -> str:
    return f"did:plc:{opaque('account', number, 24)}"


def _author(person: Person) -> Json:
    author: Json = {
        "did": _did(person.number),
        "handle": f"{person.handle}.bsky.social",
        "displayName": person.name,
        "avatar": f"https://images.example/{person.number}.jpg",
        "labels": [],
        "createdAt": person.joined,
    }
    if person.verified:
        author["verification"] = {
            "verifications": [],
            "verifiedStatus": "valid",
            "trustedVerifierStatus": "none",
        }
    return author
