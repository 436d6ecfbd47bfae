"""An answer of the API, and what routes need to give one."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from analysis.assumptions import Assumptions
from api.answer_cache import AnswerCache
from api.answers import encode
from api.parameters import AsOf, From, Platforms, To, part_of
from lake.campaign import Campaign
from lake.errors import NotFoundError
from lake.records import Json
from lake.sharing import Sharing
from lake.store import Store

# What ids are made of; anything else is sure to name no campaign, and goes no further.
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")

_PROBLEMS = {
    400: "What was sent cannot be read, or a key stands in the address",
    401: "A key or token is missing, or it is a wrong one",
    403: "The key's role does not allow it",
    404: "There is no such thing: campaign, post or label",
    409: "It changed meanwhile; read it again",
    410: "The cursor's time is up; start again without it",
    413: "The body is too large",
    415: "The body is not said to be JSON",
    422: "A value breaks a rule",
    429: "Too many requests; see Retry-After",
    503: "The lake does not answer now, or not in time; see Retry-After",
}


class Answer(Response):
    """A JSON answer, in the bytes that the command line prints too."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return encode(content)


def problems(*statuses: int) -> dict[int | str, Json]:
    """What the documentation says of the problems that a route may answer with."""
    return {status: {"description": _PROBLEMS[status]} for status in statuses}


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


Lake = Annotated[Store, Depends(_store)]


def _assumed(request: Request) -> Assumptions:
    found: Assumptions = request.app.state.assumed
    return found


Assumed = Annotated[Assumptions, Depends(_assumed)]
"""What the configuration assumes: how far posts reach, what interactions are worth."""


def known_id(campaign_id: str) -> str:
    """A campaign id that could be one.

    Raises:
        NotFoundError: No campaign can have it.
    """
    if not _ID.fullmatch(campaign_id):
        raise NotFoundError(f"there is no campaign {campaign_id[:80]!r}")
    return campaign_id


CampaignId = Annotated[str, Depends(known_id)]


async def _registered(store: Lake, campaign_id: CampaignId) -> Campaign:
    return await store.campaigns.get(campaign_id)


RegisteredCampaign = Annotated[Campaign, Depends(_registered)]


async def _asked(
    campaign: RegisteredCampaign,
    start: From = None,
    end: To = None,
    platform: Platforms = None,
    as_of: AsOf = None,
) -> Campaign:
    return part_of(campaign, start, end, platform, as_of)


OneCampaign = Annotated[Campaign, Depends(_asked)]
"""The part of a campaign that a request asks about: see ``api.parameters``."""


class OneQuestion:
    """A question that may have been asked before."""

    def __init__(self, request: Request) -> None:
        self._cache: AnswerCache = request.app.state.answers
        self._sharing: Sharing | None = request.app.state.store.sharing
        asked = sorted(request.query_params.multi_items())
        self._key = f"{request.url.path}?{asked!r}"

    async def answer(
        self,
        ask: Callable[[], Awaitable[Json]],
        campaign: Campaign | None = None,
        *,
        most_s: float | None = None,
    ) -> Response:
        """The answer: what ``ask`` gives, or what it gave a moment ago.

        Args:
            ask: Asks the lake.
            campaign: Whom it is about; a campaign that was changed is asked about anew.
            most_s: It is given again for so long at most, however long others are.
        """

        async def made(state: str | None) -> bytes:
            if self._sharing is None:
                return encode(await ask())
            with self._sharing.about(state):
                return encode(await ask())

        # An id may be given again once its campaign is removed.
        known = "" if campaign is None else f"{campaign.created_at} {campaign.revision}"
        span = "" if most_s is None else str(int(time.monotonic() // most_s))
        body = await self._cache.get(f"{self._key} {known} {span}", made)
        return Response(body, media_type=Answer.media_type)


Question = Annotated[OneQuestion, Depends(OneQuestion)]
