"""A sample post as the X API v2 gives it: the post as ``data``, what it names in ``includes``."""

from __future__ import annotations

from datetime import datetime

from ingestors.platform import Payload
from lake.records import Json
from taglake.sample.drafts import Draft
from taglake.sample.people import Person
from taglake.sample.shape import PLACE, epoch_ms, iso, numbers, spans

KIND = "tweet"
# Ids hold the time in milliseconds since 2010-11-04 above 22 bits (Twitter's Snowflake).
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_LONG = 280
_REFERENCES = {"reply": "replied_to", "quote": "quoted", "reshare": "retweeted"}
_ACCOUNTS = 1_700_000_000_000_000_000


def native_id(draft: Draft) -> str:
    """The post's id."""
    since_ms = epoch_ms(draft.created) - _SNOWFLAKE_EPOCH_MS
    return str(since_ms << 22 | draft.serial & 0x3FFFFF)


def payload(draft: Draft, observed_at: datetime) -> Payload:
    """The post as the API shows it at that time, joined with its author and its parent."""
    tweet = _tweet(draft, observed_at)
    people, parent = [_user(draft.author)], draft.parent
    includes: Json = {"users": people}
    if parent:
        tweet["referenced_tweets"] = [{"type": _REFERENCES[draft.kind], "id": native_id(parent)}]
        includes["tweets"] = [_tweet(parent, observed_at)]
        if parent.author.number != draft.author.number:
            people.append(_user(parent.author))
        if draft.kind == "reply":
            tweet["in_reply_to_user_id"] = _account_id(parent.author)
            tweet["conversation_id"] = native_id(parent)
    if draft.media:
        key = f"{3 if draft.media == 'photo' else 13}_{tweet['id']}"
        tweet["attachments"] = {"media_keys": [key]}
        includes["media"] = [{"media_key": key, "type": draft.media}]
    return Payload(KIND, {"data": tweet, "includes": includes}, PLACE)


def _tweet(draft: Draft, observed_at: datetime) -> Json:
    text = _escaped(_full_text(draft))
    own_id = native_id(draft)
    tweet: Json = {
        "id": own_id,
        "author_id": _account_id(draft.author),
        "conversation_id": own_id,
        "created_at": iso(draft.created.replace(microsecond=0)),
        "edit_history_tweet_ids": [own_id],
        "lang": draft.language if draft.lot % 40 else "und",
        "possibly_sensitive": False,
        "text": text,
        "entities": _entities(draft, text),
    }
    if len(text) > _LONG and draft.kind != "reshare":
        tweet["note_tweet"] = {"text": text, "entities": tweet["entities"]}
        tweet["text"] = f"{text[: _LONG - 1]}…"
    metrics = _metrics(draft, observed_at)
    if metrics:
        tweet["public_metrics"] = metrics
    return tweet


def _metrics(draft: Draft, observed_at: datetime) -> Json:
    seen, hidden = numbers(draft, observed_at), draft.lot
    if hidden < 15:
        return {}
    found: Json = {
        "retweet_count": seen.shares,
        "reply_count": seen.replies,
        "like_count": seen.likes,
        "quote_count": seen.quotes,
        "bookmark_count": seen.saves,
        "impression_count": seen.views,
    }
    if hidden < 180:  # posts whose views the API leaves out
        del found["impression_count"]
    return found


def _full_text(draft: Draft) -> str:
    if draft.kind == "reply" and draft.parent:
        return f"@{draft.parent.author.handle} {draft.text}"
    return draft.text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _entities(draft: Draft, text: str) -> Json:
    entities: Json = {
        "hashtags": [{"start": start, "end": end, "tag": tag} for start, end, tag in spans(text)]
    }
    if draft.parent and draft.kind in ("reply", "reshare"):
        other = draft.parent.author
        start = text.index(f"@{other.handle}")
        entities["mentions"] = [
            {
                "start": start,
                "end": start + 1 + len(other.handle),
                "username": other.handle,
                "id": _account_id(other),
            }
        ]
    return entities


def _account_id(person: Person) -> str:
    return str(_ACCOUNTS + person.number * 7919)


def _user(person: Person) -> Json:
    return {
        "id": _account_id(person),
        "username": person.handle,
        "name": person.name,
        "verified": person.verified,
        "description": person.bio,
        "created_at": person.joined,
        "protected": False,
        "profile_image_url": f"https://images.example/{person.number}.jpg",
        "public_metrics": {
            "followers_count": person.followers,
            "following_count": person.following,
            "tweet_count": person.posts,
            "listed_count": person.followers // 90,
        },
    }
