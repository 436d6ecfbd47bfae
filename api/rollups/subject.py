"""A campaign while its rollups are made, and its parts by platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from analysis.assumptions import ASSUMED, Assumptions
from api.answers.scope import scoped
from api.answers.summary import summary
from api.rollups.rows import About
from lake import times
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store


@dataclass(frozen=True, slots=True)
class Subject:
    """A campaign, and what all its rollups need to know.

    Args:
        campaign: As it is registered.
        now: When the run began.
        whole: The summary of the whole campaign.
        assumed: As in ``api.answers.summary``.
    """

    campaign: Campaign
    now: datetime
    whole: Json
    assumed: Assumptions = ASSUMED

    @property
    def about(self) -> About:
        """What rows of the whole campaign share."""
        return About(self.campaign)

    def platforms(self) -> list[str]:
        """The platforms of its posts, in order."""
        return sorted(self.whole["metrics"]["posts"]["by_platform"])

    def parts(self) -> Iterator[tuple[About, Campaign]]:
        """The whole campaign, then each platform's part of it."""
        yield self.about, self.campaign
        for name in self.platforms():
            yield About(self.campaign, name), scoped(self.campaign, platforms=(name,))


async def subject_of(
    store: Store, campaign: Campaign, *, assumed: Assumptions = ASSUMED
) -> Subject:
    """A campaign with its summary.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    now = times.now()
    return Subject(campaign, now, await summary(store, campaign, assumed=assumed), assumed)
