"""What Mastodon's Status, Tag and Account hold, as records. Pure.

Fields: https://docs.joinmastodon.org/entities/. Other servers answer with gaps: only what names a
post and when it was posted is required.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ingestors.fields import host_of, mapping, mappings, moment, string, web_url, whole
from ingestors.html import plain_text
from ingestors.mastodon_timeline import id_of
from lake.errors import PayloadError
from lake.records import Author, Erasure, Json, Kind, Post, Profile, Record, TagCounter
from lake.text import hashtags_in, normal_hashtag, normal_hashtags
from lake.times import from_epoch_s, from_text

_METRICS = {
    "likes": "favourites_count",
    "comments": "replies_count",
    "shares": "reblogs_count",
    "quotes": "quotes_count",
}
_SINCE_4_5 = frozenset({"quotes"})  # an older server that omits it does not hide it
_MEDIA = {"image": "photo", "video": "video", "gifv": "gif", "audio": "audio"}
_DAY_S = 86_400
_GONE = 410


def status_records(body: Json, observed_at: datetime, host: str) -> Sequence[Record]:
    """One post.

    Args:
        body: A Status.
        observed_at: When it was received.
        host: The server that sent it, for what has no global name of its own; its counts are of
            what it saw, so the post says whose they are.

    Raises:
        PayloadError: It names neither itself nor when it was posted.
    """
    inner = mapping(body.get("reblog"))
    shown = inner or body  # a boost has no words of its own
    kind, reply_to = _relation(body)
    # A boost's numbers are those of what it boosts: counted here they would count twice.
    metrics, missing = ({}, ()) if inner else _metrics(body)
    post = Post(
        platform="mastodon",
        kind=kind,
        native_id=_native_id(body, host),
        created_at=_required_time(body, "created_at"),
        observed_at=observed_at,
        text=_text(shown),
        author=_author(mapping(body.get("account")), host),
        url=web_url(body.get("url")),
        language=string(shown.get("language")),
        hashtags=_hashtags(shown),
        mentions=_mentions(shown, host),
        media=_media(shown),
        reply_to=reply_to,
        metrics=metrics,
        metrics_missing=missing,
        source=host or None,
        is_home=_is_home(body, host) if host else None,
    )
    return (post,)


def gone_records(body: Json, observed_at: datetime, _: str) -> Sequence[Record]:
    """The erasure of a status that its own server no longer has.

    Args:
        body: ``uri``, the status's global name, and ``status``, the HTTP status of the answer.
        observed_at: When it was received.

    Raises:
        PayloadError: It does not name the status.
    """
    uri = string(body.get("uri"))
    if uri is None:
        raise PayloadError("a status is gone, but which is not told")
    reason = "gone" if whole(body.get("status")) == _GONE else "not found"
    return (Erasure("mastodon", uri, observed_at, reason),)


def tag_records(body: Json, observed_at: datetime, host: str) -> Sequence[Record]:
    """One counter for each day of a Tag's history; a day without numbers is left out.

    The server counts what it saw itself, and the current day is not over.

    Raises:
        PayloadError: The tag has no name or no history, or a day is no time.
    """
    tag = normal_hashtag(string(body.get("name")) or "")
    history = body.get("history")
    if not tag or not isinstance(history, list):
        raise PayloadError("a tag without a name or a history")
    counters = [
        TagCounter(
            platform="mastodon",
            tag=tag,
            observed_at=observed_at,
            source=host_of(web_url(body.get("url"))) or host,
            start=_day(day, 0),
            end=_day(day, _DAY_S),
            posts=whole(day.get("uses")),
            authors=whole(day.get("accounts")),
        )
        for day in mappings(history)
    ]
    return tuple(one for one in counters if (one.posts, one.authors) != (None, None))


def account_records(body: Json, observed_at: datetime, host: str) -> Sequence[Record]:
    """One profile.

    Raises:
        PayloadError: The account has neither an address nor a handle.
    """
    author = _author(body, host)
    if author.key() is None:
        raise PayloadError("an account without uri, url and acct")
    profile = Profile(
        platform="mastodon",
        author=author,
        observed_at=observed_at,
        created_at=moment(body.get("created_at")),
        url=web_url(body.get("url")),
        description=plain_text(string(body.get("note")) or "") or None,
        following=whole(body.get("following_count")),
        posts=whole(body.get("statuses_count")),
    )
    return (profile,)


def _is_home(body: Json, host: str) -> bool:
    """Whether the server that sent a status is its own; every other counts only what it saw."""
    named = string(body.get("uri")) or string(body.get("url"))
    return host_of(named) == host if named else True


def _native_id(body: Json, host: str) -> str:
    found = string(body.get("uri")) or string(body.get("url"))
    if found:
        return found
    local_id = id_of(body)
    if local_id is None:
        raise PayloadError("a status without uri, url and id")
    account = mapping(body.get("account"))
    return f"{host_of(web_url(account.get('url'))) or host}:{local_id}"


def _required_time(body: Json, key: str) -> datetime:
    text = string(body.get(key))
    if text is None:
        raise PayloadError(f"a status without {key}")
    return from_text(text)


def _relation(body: Json) -> tuple[Kind, str | None]:
    """What kind of post it is, and the post that it answers, quotes or boosts."""
    inner = mapping(body.get("reblog"))
    if inner:
        return "reshare", string(inner.get("uri")) or string(inner.get("id"))
    answers = string(body.get("in_reply_to_id"))
    if answers:
        return "reply", answers
    quote = mapping(body.get("quote"))
    if quote:
        # 4.5's Quote holds the status; forks put the status itself there.
        quoted = mapping(quote.get("quoted_status")) or quote
        return "quote", string(quoted.get("uri")) or string(quote.get("quoted_status_id"))
    return "post", None


def _text(body: Json) -> str:
    warning = string(body.get("spoiler_text")) or ""
    content = plain_text(string(body.get("content")) or "")
    return "\n\n".join(part for part in (warning, content) if part)


def _hashtags(body: Json) -> tuple[str, ...]:
    """As the server lists them; as they stand in the text where it has no such list."""
    tags = body.get("tags")
    if not isinstance(tags, list):
        return hashtags_in(_text(body))
    return normal_hashtags(_strings(tags, "name"))


def _author(account: Json, host: str) -> Author:
    url = web_url(account.get("url"))
    fields = mappings(account.get("fields"))
    return Author(
        id=string(account.get("uri")) or url,
        handle=_global_handle(string(account.get("acct")), url, host),
        name=string(account.get("display_name")),
        followers=whole(account.get("followers_count")),
        # A link that names the account back; that none does says nothing about the person.
        verified=True if any(string(field.get("verified_at")) for field in fields) else None,
    )


def _global_handle(acct: str | None, url: str | None, host: str) -> str | None:
    """``user@host``: the server writes its own users without their host."""
    handle = (acct or "").strip("@")
    if not handle or "@" in handle:
        return handle or None
    return f"{handle}@{host_of(url) or host}"


def _mentions(body: Json, host: str) -> tuple[str, ...]:
    handles = (
        _global_handle(string(mention.get("acct")), web_url(mention.get("url")), host)
        for mention in mappings(body.get("mentions"))
    )
    return tuple(dict.fromkeys(handle.lower() for handle in handles if handle))


def _media(body: Json) -> tuple[str, ...]:
    kinds = [
        _MEDIA[kind] for kind in _strings(body.get("media_attachments"), "type") if kind in _MEDIA
    ]
    if mapping(body.get("poll")):
        kinds.append("poll")
    if web_url(mapping(body.get("card")).get("url")):
        kinds.append("link")
    return tuple(dict.fromkeys(kinds))


def _metrics(body: Json) -> tuple[dict[str, int], tuple[str, ...]]:
    found = {name: whole(body.get(key)) for name, key in _METRICS.items()}
    missing = tuple(
        name
        for name, value in found.items()
        if value is None and (name not in _SINCE_4_5 or _METRICS[name] in body)
    )
    return {name: value for name, value in found.items() if value is not None}, missing


def _strings(items: Any, key: str) -> list[str]:
    return [text for item in mappings(items) if (text := string(item.get(key)))]


def _day(day: Json, shift_s: int) -> datetime:
    start = whole(day.get("day"))
    if start is None:
        raise PayloadError("a tag's history with a day that is no time")
    return from_epoch_s(start + shift_s)
