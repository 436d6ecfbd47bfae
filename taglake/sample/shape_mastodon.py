"""A sample post as a Mastodon server's Status (API 4.5), polled at one invented server."""

from __future__ import annotations

from datetime import datetime
from html import escape

from ingestors.platform import Payload
from lake.records import Json
from taglake.sample.compose import TAG
from taglake.sample.drafts import Draft
from taglake.sample.people import Person
from taglake.sample.shape import PLACE, epoch_ms, iso, numbers

KIND = "status"
HOST = "social.example"


def native_id(draft: Draft) -> str:
    """The status's global name."""
    host = draft.author.host or HOST
    return f"https://{host}/users/{draft.author.handle}/statuses/{_local_id(draft)}"


def payload(draft: Draft, observed_at: datetime) -> Payload:
    """The status as the server shows it at that time."""
    seen, parent, hidden = numbers(draft, observed_at), draft.parent, draft.lot
    local = _local_id(draft)
    body: Json = {
        "id": str(local),
        "created_at": iso(draft.created),
        "in_reply_to_id": str(_local_id(parent)) if parent and draft.kind == "reply" else None,
        "in_reply_to_account_id": (
            _account_id(parent.author) if parent and draft.kind == "reply" else None
        ),
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": draft.language if hidden % 25 else None,
        "uri": native_id(draft),
        "url": f"https://{draft.author.host or HOST}/@{draft.author.handle}/{local}",
        "replies_count": seen.replies,
        "reblogs_count": seen.shares,
        "favourites_count": seen.likes,
        "quotes_count": seen.quotes,
        "edited_at": None,
        "content": _html(draft),
        "reblog": None,
        "account": _account(draft.author),
        "media_attachments": _media(draft, local),
        "mentions": [_mention(parent.author)] if parent and draft.kind == "reply" else [],
        "tags": [
            {"name": tag.lower(), "url": f"https://{HOST}/tags/{tag.lower()}"} for tag in draft.tags
        ],
        "emojis": [],
        "card": None,
        "poll": None,
    }
    if parent and draft.kind == "quote":
        body["quote"] = {"state": "accepted", "quoted_status_id": str(_local_id(parent))}
    if hidden < 30:  # servers that hide what they know of remote posts
        body["favourites_count"] = body["quotes_count"] = None
    return Payload(KIND, body, PLACE, HOST)


def _local_id(draft: Draft) -> int:
    return epoch_ms(draft.created) << 16 | draft.serial & 0xFFFF


def _account_id(person: Person) -> str:
    return str(109_000_000_000_000_000 + person.number * 7919)


def _acct(person: Person) -> str:
    return f"{person.handle}@{person.host}" if person.host else person.handle


def _account(person: Person) -> Json:
    host = person.host or HOST
    picture = f"https://{HOST}/avatars/{person.number}.png"
    proof = {
        "name": "Site",
        "value": f'<a href="https://{person.handle}.example">{person.handle}.example</a>',
        "verified_at": person.joined,
    }
    return {
        "id": _account_id(person),
        "username": person.handle,
        "acct": _acct(person),
        "display_name": person.name,
        "locked": False,
        "bot": False,
        "discoverable": True,
        "group": False,
        "created_at": f"{person.joined[:10]}T00:00:00.000Z",
        "note": f"<p>{escape(person.bio)}</p>",
        "url": f"https://{host}/@{person.handle}",
        "uri": f"https://{host}/users/{person.handle}",
        "avatar": picture,
        "avatar_static": picture,
        "followers_count": person.followers,
        "following_count": person.following,
        "statuses_count": person.posts,
        "emojis": [],
        "fields": [proof] if person.verified else [],
    }


def _mention(person: Person) -> Json:
    host = person.host or HOST
    return {
        "id": _account_id(person),
        "username": person.handle,
        "url": f"https://{host}/@{person.handle}",
        "acct": _acct(person),
    }


def _media(draft: Draft, local: int) -> list[Json]:
    if draft.media is None:
        return []
    kind, ending = ("image", "jpg") if draft.media == "photo" else ("video", "mp4")
    url = f"https://{HOST}/media/{local}.{ending}"
    return [{"id": str(local + 1), "type": kind, "url": url, "remote_url": None}]


def _html(draft: Draft) -> str:
    """The text as Mastodon's editor marks it up: paragraphs, a link for each hashtag."""
    host = draft.author.host or HOST
    # Odd parts are the tags: the pattern has one group.
    parts = TAG.split(draft.text)
    marked = "".join(
        f'<a href="https://{host}/tags/{part}" class="mention hashtag" rel="nofollow noopener '
        f'noreferrer" target="_blank">#<span>{part}</span></a>'
        if number % 2
        else escape(part, quote=False)
        for number, part in enumerate(parts)
    )
    if draft.parent and draft.kind == "reply":
        other = draft.parent.author
        marked = (
            f'<span class="h-card"><a href="https://{other.host or HOST}/@{other.handle}" '
            f'class="u-url mention">@<span>{other.handle}</span></a></span> {marked}'
        )
    return f"<p>{marked}</p>".replace("\n\n", "</p><p>").replace("\n", "<br />")
