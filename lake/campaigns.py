"""The campaigns that people registered: one document each, changed by compare-and-set."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from itertools import chain
from typing import Any

from elasticsearch import AsyncElasticsearch

from lake import times
from lake.campaign import Campaign, CampaignSpec, checked_spec
from lake.client import our_errors, read_one
from lake.errors import ConflictError, NotFoundError
from lake.layout import Layout
from lake.records import Json
from lake.text import digest

_MOST_CAMPAIGNS = 10_000  # Elasticsearch's default result window
_WITHOUT_IF_EMPTY = (
    *("keywords", "profiles", "all_of", "exclude", "query", "languages", "authors_exclude"),
    *("platforms", "budget"),
)


class Campaigns:
    """The ``campaigns`` index."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("campaigns")

    async def create(self, spec: CampaignSpec, campaign_id: str | None = None) -> Campaign:
        """Registers a campaign.

        Args:
            spec: What was asked for.
            campaign_id: Its id; without one it gets an id that is readable and new.

        Raises:
            ConflictError: The given id is taken.
            RetryError: Elasticsearch did not answer.
        """
        now = _now()
        base = campaign_id or _slug(spec.name)
        others = (f"{base}-{digest(spec.name, str(now), str(number))[:6]}" for number in range(99))
        for found in [base] if campaign_id else chain([base], others):
            campaign = Campaign(
                **spec.model_dump(), id=found, created_at=now, updated_at=now, revision=1
            )
            try:
                with our_errors("registering the campaign"):
                    await self._client.create(
                        index=self._index, id=found, document=_source(campaign), refresh="wait_for"
                    )
            except ConflictError:
                continue
            return campaign
        raise ConflictError(f"the campaign id {base} is taken")

    async def get(self, campaign_id: str) -> Campaign:
        """The campaign with that id.

        Raises:
            NotFoundError: There is none.
            RetryError: Elasticsearch did not answer.
        """
        return (await self._read(campaign_id))[0]

    async def list(self) -> list[Campaign]:
        """Every campaign, newest first.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        with our_errors("listing the campaigns"):
            answer = await self._client.search(
                index=self._index,
                size=_MOST_CAMPAIGNS,
                sort=[{"created_at": "desc"}, {"id": "asc"}],
                ignore_unavailable=True,
            )
        return [_campaign(hit["_source"]) for hit in answer["hits"]["hits"]]

    async def change(
        self,
        campaign_id: str,
        changes: dict[str, Any],
        *,
        check: Callable[[CampaignSpec], None] = lambda _: None,
    ) -> Campaign:
        """The campaign with some of its values replaced.

        Args:
            campaign_id: Which.
            changes: Values by field.
            check: Raises ``InvalidError`` where more rules are broken than the specification's own.

        Raises:
            NotFoundError: There is none.
            InvalidError: The changed campaign would break a rule; it is as it was.
            ConflictError: It changed meanwhile; read it again.
            RetryError: Elasticsearch did not answer.
        """
        campaign, seq_no, primary_term = await self._read(campaign_id)
        renamed = {{"from": "start", "to": "end"}.get(k, k): v for k, v in changes.items()}
        spec = checked_spec(campaign.spec() | renamed)
        check(spec)
        changed = Campaign(
            **spec.model_dump(),
            id=campaign.id,
            created_at=campaign.created_at,
            updated_at=_now(),
            revision=campaign.revision + 1,
        )
        with our_errors(f"changing the campaign {campaign_id}"):
            await self._client.index(
                index=self._index,
                id=campaign_id,
                document=_source(changed),
                if_seq_no=seq_no,
                if_primary_term=primary_term,
                refresh="wait_for",
            )
        return changed

    async def delete(self, campaign_id: str) -> None:
        """Forgets the campaign; its posts stay in the lake.

        Raises:
            NotFoundError: There is none.
            RetryError: Elasticsearch did not answer.
        """
        try:
            with our_errors(f"deleting the campaign {campaign_id}"):
                await self._client.delete(index=self._index, id=campaign_id, refresh="wait_for")
        except NotFoundError as exc:
            raise _unknown(campaign_id) from exc

    async def _read(self, campaign_id: str) -> tuple[Campaign, int, int]:
        if not campaign_id or len(campaign_id.encode("utf-8", "replace")) > 512:
            raise _unknown(campaign_id)
        try:
            found = await read_one(
                self._client, self._index, campaign_id, f"reading the campaign {campaign_id}"
            )
        except NotFoundError as exc:
            raise _unknown(campaign_id) from exc
        return _campaign(found["_source"]), found["_seq_no"], found["_primary_term"]


def _unknown(campaign_id: str) -> NotFoundError:
    return NotFoundError(
        f"there is no campaign {campaign_id[:80]!r}; 'taglake campaign list' shows those there are"
    )


def _now() -> datetime:
    return times.from_text(times.to_text(times.now()))  # to the millisecond, as it is kept


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return slug or f"campaign-{digest(name)[:8]}"


def _source(campaign: Campaign) -> Json:
    source = campaign.model_dump()
    for name in _WITHOUT_IF_EMPTY:
        if not source[name]:
            del source[name]
    for rival in source["competitors"]:
        if not rival["keywords"]:
            del rival["keywords"]
    for name in ("start", "end", "baseline", "created_at", "updated_at"):
        if source[name] is None:
            del source[name]
        else:
            source[name] = times.to_text(source[name])
    return source


def _campaign(source: Json) -> Campaign:
    return Campaign.model_validate(source)
