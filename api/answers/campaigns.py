"""Campaigns as answers show them, and what people do with them."""

from __future__ import annotations

from lake import times
from lake.campaign import Campaign, checked_spec
from lake.errors import InvalidError
from lake.records import Json
from lake.store import Store


async def create_campaign(store: Store, body: object) -> Json:
    """Registers a campaign.

    Raises:
        InvalidError: Values break rules.
        RetryError: Elasticsearch did not answer.
    """
    return show_campaign(await store.campaigns.create(checked_spec(body)))


async def list_campaigns(store: Store) -> Json:
    """Every campaign, newest first.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    return {"campaigns": [show_campaign(campaign) for campaign in await store.campaigns.list()]}


async def change_campaign(store: Store, campaign_id: str, changes: object) -> Json:
    """Replaces the given values of a campaign; its whole past changes with it.

    Raises:
        NotFoundError: There is none.
        InvalidError: The changed campaign would break a rule; it is as it was.
        ConflictError: It changed meanwhile.
        RetryError: Elasticsearch did not answer.
    """
    if not isinstance(changes, dict):
        raise InvalidError('the changes must be an object, such as {"name": "New name"}')
    return show_campaign(await store.campaigns.change(campaign_id, changes))


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
        "competitors": [
            {"name": rival.name, "hashtags": list(rival.hashtags)} for rival in campaign.competitors
        ],
        "platforms": list(campaign.platforms),
        "from": times.to_text(campaign.start),
        "to": times.to_text(campaign.end),
        "baseline": times.to_text(campaign.baseline) if campaign.baseline else None,
        "created_at": times.to_text(campaign.created_at),
        "updated_at": times.to_text(campaign.updated_at),
        "revision": campaign.revision,
    }
