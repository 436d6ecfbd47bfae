"""Campaigns as answers show them, and what people do with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.availability import availability
from lake import times
from lake.campaign import Campaign, CampaignSpec, Competitor, checked_spec
from lake.errors import InvalidError
from lake.platform_facts import PlatformFacts
from lake.records import Json
from lake.store import Store

Platforms = Mapping[str, PlatformFacts]


async def create_campaign(store: Store, body: object, platforms: Platforms | None = None) -> Json:
    """Registers a campaign; the answer says what will not be there of it, and why.

    Args:
        store: The lake.
        body: What was sent.
        platforms: Every platform that there is; None where nobody knows, and then ``availability``
            is null.

    Raises:
        InvalidError: Values break rules, or name no platform that there is.
        RetryError: Elasticsearch did not answer.
    """
    spec = checked_spec(body)
    _check_platforms(spec, platforms)
    campaign = await store.campaigns.create(spec)
    lacks = None
    if platforms is not None:
        lacks = availability(campaign, platforms, campaign.created_at)
    return show_campaign(campaign) | {"availability": lacks}


def _check_platforms(spec: CampaignSpec, platforms: Platforms | None) -> None:
    if platforms is None:
        return
    unknown = [name for name in spec.named_platforms() if name not in platforms]
    if unknown:
        names = " and ".join(repr(name) for name in unknown)
        message = f"there is no platform {names}; there are {', '.join(sorted(platforms))}"
        field = "platforms" if set(unknown) & set(spec.platforms) else _naming(spec, unknown)
        raise InvalidError(f"{field}: {message}", errors=({"field": field, "message": message},))


def _naming(spec: CampaignSpec, unknown: Sequence[str]) -> str:
    if any(one.platform in unknown for one in spec.profiles):
        return "profiles"
    if any(one.platform in unknown for one in spec.authors_exclude):
        return "authors_exclude"
    return "query"


async def list_campaigns(store: Store) -> Json:
    """Every campaign, newest first.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    return {"campaigns": [show_campaign(campaign) for campaign in await store.campaigns.list()]}


async def change_campaign(
    store: Store, campaign_id: str, changes: object, platforms: Platforms | None = None
) -> Json:
    """Replaces the given values of a campaign; its whole past changes with it.

    Args:
        store: The lake.
        campaign_id: Which.
        changes: Values by field.
        platforms: See ``create_campaign``.

    Raises:
        NotFoundError: There is none.
        InvalidError: The changed campaign would break a rule or name no platform that there is; it
            is as it was.
        ConflictError: It changed meanwhile.
        RetryError: Elasticsearch did not answer.
    """
    if not isinstance(changes, dict):
        raise InvalidError('the changes must be an object, such as {"name": "New name"}')

    def check(spec: CampaignSpec) -> None:
        _check_platforms(spec, platforms)

    return show_campaign(await store.campaigns.change(campaign_id, changes, check=check))


async def delete_campaign(store: Store, campaign_id: str) -> None:
    """Forgets a campaign; its posts stay in the lake.

    Raises:
        NotFoundError: There is none.
        RetryError: Elasticsearch did not answer.
    """
    await store.campaigns.delete(campaign_id)


def show_campaign(campaign: Campaign) -> Json:
    """A campaign as answers show it."""
    return {
        "id": campaign.id,
        "name": campaign.name,
        "hashtags": list(campaign.hashtags),
        "keywords": list(campaign.keywords),
        "profiles": [str(who) for who in campaign.profiles],
        "all_of": list(campaign.all_of),
        "exclude": list(campaign.exclude),
        "query": campaign.query,
        "languages": list(campaign.languages),
        "authors_exclude": [str(who) for who in campaign.authors_exclude],
        "competitors": [_show_competitor(rival) for rival in campaign.competitors],
        "platforms": list(campaign.platforms),
        "from": times.to_text(campaign.start),
        "to": times.to_text(campaign.end),
        "baseline": times.to_text(campaign.baseline) if campaign.baseline else None,
        "budget": campaign.budget.model_dump() if campaign.budget else None,
        "created_at": times.to_text(campaign.created_at),
        "updated_at": times.to_text(campaign.updated_at),
        "revision": campaign.revision,
    }


def _show_competitor(rival: Competitor) -> Json:
    return {
        "name": rival.name,
        "hashtags": list(rival.hashtags),
        "keywords": list(rival.keywords),
    }
