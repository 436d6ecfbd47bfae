"""Erasures on request: carried out, kept in the audit, and listed from there."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from lake import times
from lake.audit import Audit, Entry
from lake.campaign import PlatformName
from lake.erasure_on_request import Erased, erase_author, erase_post
from lake.errors import InvalidError
from lake.records import Json
from lake.store import Store
from lake.text import clean

MOST_ERASURES = 1_000
LONGEST_REASON = 1_000
_LONGEST_ID = 8_000
_ACTION = "erasure."


def _said(text: str) -> str:
    text = clean(text).strip()
    if not text.strip("@"):
        raise ValueError("must not be blank")
    return text


_Name = Annotated[str, Field(max_length=_LONGEST_ID), AfterValidator(_said)]


class _Asked(BaseModel):
    """What is to be erased."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: PlatformName
    id: _Name | None = None
    author: _Name | None = None
    reason: Annotated[str, Field(max_length=LONGEST_REASON), AfterValidator(_said)]

    @model_validator(mode="after")
    def _one_thing(self) -> _Asked:
        if (self.id is None) == (self.author is None):
            raise ValueError("give either the id of a post or an author, and not both")
        return self


async def erase(store: Store, body: object, *, by: str, changes: Store | None = None) -> Json:
    """Erases a post, or what an account wrote; says what was done.

    Args:
        store: The lake.
        body: What was sent.
        by: Who asks, for the audit.
        changes: The same lake entered in a role that may change posts; None: ``store`` may.

    Raises:
        InvalidError: Values break rules, or several accounts had the handle.
        RetryError: Elasticsearch did not answer; asking again does the rest.
    """
    asked = _checked(body)
    platform, at = asked.platform, times.now()
    writer = changes or store
    if asked.id is not None:
        what, subject = "post", asked.id
        done = await erase_post(writer, platform, subject, at)
    else:
        what, subject = "author", str(asked.author).lstrip("@")
        done = await erase_author(writer, platform, subject, at)
    details: dict[str, str | int | float | bool] = {
        "platform": platform,
        "subject": subject,
        **_counts(done),
    }
    entry = Entry(by, f"{_ACTION}{what}", f"{platform}:{subject}", at, asked.reason, details)
    await Audit(store.client, store.layout).note(entry)
    return _show(entry)


async def list_erasures(store: Store, *, limit: int = 100) -> Json:
    """The last erasures on request, newest first.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    audit = Audit(store.client, store.layout)
    return {"erasures": [_show(one) for one in await audit.last(limit, action=_ACTION)]}


def _counts(done: Erased) -> dict[str, int]:
    return {"posts": done.posts, "erased": done.erased, "profiles": done.profiles}


def _show(entry: Entry) -> Json:
    details = entry.details
    named = dict.fromkeys(("id", "author")) | {
        "id" if entry.action == f"{_ACTION}post" else "author": details.get("subject")
    }
    counts = {name: details.get(name) for name in ("posts", "erased", "profiles")}
    return {
        "at": times.to_text(entry.at),
        "by": entry.actor,
        "platform": details.get("platform"),
        **named,
        "reason": entry.reason,
        **counts,
    }


def _checked(body: object) -> _Asked:
    try:
        return _Asked.model_validate(body)
    except ValidationError as exc:
        errors = tuple(
            {
                "field": ".".join(map(str, error["loc"]))[:80] or "id",
                "message": str(error["msg"]).removeprefix("Value error, "),
            }
            for error in exc.errors(include_input=False, include_url=False)
        )
        text = "; ".join(f"{error['field']}: {error['message']}" for error in errors)
        raise InvalidError(text, errors=errors) from exc
