"""What Instagram serves browsers: a hashtag's counter and posts, an account. Nobody vouches for it.

It needs a signed-in session for hashtags, its shapes change without notice, and its terms do not
allow programs; so it is off unless the operator says so twice. Answers that ask for a sign-in, a
check or a confirmation end the platform's work at once: going on costs the account.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import quote

from ingestors.credentials import Pool, credential_name
from ingestors.fields import mapping
from ingestors.instagram_graph import sorted_out
from ingestors.instagram_options import Options
from ingestors.instagram_place import Walk, read_place
from ingestors.instagram_shapes import medias_of, newest_of, tag_of, tag_posts, user_of
from ingestors.instagram_web_answers import Refusals, Sections, failed, overlaps, sections
from ingestors.platform import Page, Payload
from lake.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    RetryError,
    StopPlatformError,
    UnavailableError,
)
from lake.http import Http
from lake.http_answer import Answer
from lake.quota import Rolling
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)
T = TypeVar("T")
Ask = Callable[[Refusals], Awaitable[Answer]]
TAG_CALLS = "tag calls"
WINDOW_S = 660.0
_PAUSE_S = 1_800.0  # Instagram says "a few minutes"; asking again too soon makes them more
_NOT_SHOWN = 400  # without a word: so for a part of the accounts
_CSRF = re.compile(r"(?:^|;\s*)csrftoken=([^;\s]+)")


class WebApi:
    """The calls that Taglake makes, with one session.

    Args:
        client: Makes the calls; it must not follow redirects, which lead to the sign-in.
        options: The platform's section of config.yaml.
    """

    def __init__(self, client: Http, options: Options) -> None:
        self._http = client
        self._options = options
        self._backoff = Backoff(base_s=options.backoff_s)
        cookie = options.session_cookie.get_secret_value() if options.session_cookie else ""
        self._headers = _headers(options, cookie)
        self._pool = Pool({credential_name(cookie): cookie}, client.limits)
        client.limits.allow(TAG_CALLS, Rolling(options.web_calls, WINDOW_S))

    async def tag_pages(self, tag: str, cursor: str | None) -> AsyncGenerator[Page, None]:
        """A hashtag's counter and its posts.

        Raises:
            NotFoundError: There is no such hashtag.
        """
        walk = Walk(read_place(cursor), timedelta(seconds=self._options.lookback_s))
        answer = await self._tag_page(tag)
        walk.take(newest_of(answer.body), answer.received_at)
        state = sections(mapping(answer.body), None)
        asked: set[str] = set()
        payloads, unreadable = sorted_out(medias_of(answer.body))
        header = tag_of(answer.body) or {}
        if tag_posts(header) is not None:
            payloads.insert(0, Payload("tag", {"hashtag": tag, "tag": header}))
        for left in reversed(range(self._options.max_pages)):
            is_last = state.max_id is None or walk.reached or left == 0
            yield Page(
                payloads,
                answer.received_at,
                walk.place().to_text() if is_last and walk.seen else None,
                overlaps(walk, answer, state) if is_last else None,
                unreadable,
            )
            if is_last:
                return
            answer, following = await self._more(tag, state, asked)
            found = medias_of(answer.body)
            if state.tab == "recent":  # top posts are in no order that a walk could end at
                found = walk.take(found, answer.received_at)
            payloads, unreadable = sorted_out(found)
            state = following

    async def profile_pages(self, handle: str) -> AsyncGenerator[Page, None]:
        """An account with those of its posts that come along.

        Raises:
            NotFoundError: There is none, or it is shown to nobody.
        """
        try:
            answer = await self._profile(handle)
        except (NotFoundError, InvalidError) as exc:
            raise NotFoundError(f"instagram shows no account {handle!r}") from exc
        payloads, unreadable = sorted_out(medias_of(answer.body))
        user = Payload("profile", user_of(answer.body) or {})
        yield Page([user, *payloads], answer.received_at, unreadable=unreadable)

    async def check(self) -> str:
        """Asks for Instagram's own account."""
        await self._profile("instagram")
        if self._options.session_cookie is None:
            return "the web answers, but hashtags need session_cookie"
        return "the web answers to the session"

    async def _profile(self, handle: str) -> Answer:
        async def ask() -> Answer:
            try:
                answer = await self._get("users/web_profile_info/", {"username": handle})
            except BlockedError as exc:
                if exc.status != _NOT_SHOWN:
                    raise
                raise InvalidError(f"instagram does not show the account {handle!r}") from exc
            if user_of(answer.body) is None:
                if mapping(mapping(answer.body).get("data")).get("user", answer) is None:
                    raise NotFoundError(f"instagram shows no account {handle!r}")
                raise UnavailableError("instagram answered an account's look-up with no account")
            return answer

        return await self._retry(ask)

    async def _tag_page(self, tag: str) -> Answer:
        async def ask() -> Answer:
            self._http.limits.spend(TAG_CALLS)
            answer = await self._get("tags/web_info/", {"tag_name": tag})
            body = mapping(answer.body)
            data = mapping(body.get("data"))
            if (not data and "data" in body) or data.get("hashtag", data) is None:
                raise NotFoundError(f"instagram knows no hashtag #{tag}")
            if tag_of(body) is None and not data.keys() & {"recent", "top"}:
                raise UnavailableError(f"instagram answered #{tag} with no hashtag")
            return answer

        return await self._retry(ask)

    async def _more(self, tag: str, state: Sections, asked: set[str]) -> tuple[Answer, Sections]:
        asked.add(state.max_id or "")
        url = self._url(f"tags/{quote(tag, safe='')}/sections/")

        async def ask() -> tuple[Answer, Sections]:
            self._http.limits.spend(TAG_CALLS)
            answer = await self._guarded(
                lambda said: self._http.post_json(
                    url, headers=self._headers, form=state.form, refusal=said, bucket=TAG_CALLS
                )
            )
            body = mapping(mapping(answer.body).get("data")) or mapping(answer.body)
            if not isinstance(body.get("sections"), list):
                raise UnavailableError(f"instagram answered #{tag} with something that is no page")
            following = sections(body, state)
            if following.max_id in asked:
                raise UnavailableError(f"instagram repeated a page of #{tag}")
            return answer, following

        return await self._retry(ask)

    async def _get(self, path: str, params: dict[str, str]) -> Answer:
        return await self._guarded(
            lambda said: self._http.get_json(
                self._url(path), params, self._headers, refusal=said, bucket=TAG_CALLS
            )
        )

    async def _guarded(self, ask: Ask) -> Answer:
        """One call, unless the session was refused before; a refusal is remembered."""
        lease = self._pool.pick(TAG_CALLS)
        said = Refusals()
        try:
            answer = await ask(said)
            error = said(400, answer.body) if failed(answer.body) else None
            if error is not None:
                raise error
        except RateLimitedError as exc:
            exc.after_s = _PAUSE_S if exc.after_s is None else exc.after_s
            self._http.limits.close_for(TAG_CALLS, exc.after_s)
            raise
        except StopPlatformError as exc:
            if said.of_session:
                self._pool.refuse(lease.name, exc)
            raise
        return answer

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempts = self._options.attempts
        return await retrying(call, backoff=self._backoff, attempts=attempts, on_wait=_log_wait)

    def _url(self, path: str) -> str:
        return f"{self._options.web_base}/api/v1/{path}"


def _headers(options: Options, cookie: str) -> dict[str, str]:
    headers = {
        "x-ig-app-id": options.web_app_id,
        "x-requested-with": "XMLHttpRequest",
        "Referer": f"{options.web_base}/",
    }
    if cookie:
        headers["Cookie"] = cookie if "=" in cookie else f"sessionid={cookie}"
    if found := _CSRF.search(cookie):
        headers["x-csrftoken"] = found[1]
    return headers


def _log_wait(exc: RetryError, wait_s: float) -> None:
    logger.warning("waiting for the platform", extra={"reason": str(exc), "wait_s": wait_s})
