"""Which posts belong to a campaign: a query, so that changing a campaign changes its past too."""

from __future__ import annotations

from collections.abc import Sequence

from lake import times
from lake.campaign import Campaign
from lake.records import Json

# A comment exists only below another post, so it is no post of the campaign.
POST_KINDS = ("post", "reshare", "quote", "reply")


def posts_query(campaign: Campaign) -> Json:
    """The campaign's own posts."""
    return _query(campaign, campaign.hashtags)


def panel_query(campaign: Campaign) -> Json:
    """The posts of every brand on the campaign's panel."""
    tags = {tag for tags in campaign.panel().values() for tag in tags}
    return _query(campaign, sorted(tags))


def brand_queries(campaign: Campaign) -> dict[str, Json]:
    """What tells a brand's posts among those of the panel, by name, the campaign's own first."""
    return {name: {"terms": {"hashtags": list(tags)}} for name, tags in campaign.panel().items()}


def _query(campaign: Campaign, tags: Sequence[str]) -> Json:
    filters: list[Json] = [
        {"terms": {"hashtags": list(tags)}},
        {
            "range": {
                "@timestamp": {
                    "gte": times.to_text(campaign.start),
                    "lt": times.to_text(campaign.end),
                }
            }
        },
        {"terms": {"kind": list(POST_KINDS)}},
    ]
    if campaign.platforms:
        filters.append({"terms": {"platform": list(campaign.platforms)}})
    return {"bool": {"filter": filters}}


def also(query: Json, *filters: Json) -> Json:
    """``query`` narrowed by further filters."""
    return {"bool": {"filter": [*query["bool"]["filter"], *filters]}}
