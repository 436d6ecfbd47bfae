"""When the rows of a campaign need not be made anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from analysis.assumptions import ASSUMED, Assumptions
from analysis.reach import Efficiency
from api.rollups.making import Mark, mark_of
from lake import times
from lake.campaign import Campaign, checked_spec

NOW = times.now()
DAY = timedelta(days=1)
SPEC = checked_spec(
    {"name": "Spring", "hashtags": ["spring"], "from": NOW - 9 * DAY, "to": NOW - 5 * DAY}
)
CAMPAIGN = Campaign(**dict(SPEC), id="spring", created_at=NOW, updated_at=NOW, revision=1)


def _mark(
    campaign: Campaign = CAMPAIGN, written: str = "a", assumed: Assumptions = ASSUMED
) -> Mark:
    found = mark_of(campaign, written, assumed)
    assert found is not None
    return found


def test_what_time_alone_changes_is_always_made_anew() -> None:
    lately = CAMPAIGN.model_copy(update={"start": NOW - 20 * DAY})
    going_on = CAMPAIGN.model_copy(update={"end": NOW + DAY})

    assert mark_of(lately, "a", ASSUMED) is None
    assert mark_of(going_on, "a", ASSUMED) is None
    assert mark_of(CAMPAIGN, None, ASSUMED) is None, "nobody knows what was written"


def test_what_is_over_rests_until_something_is_written() -> None:
    before = _mark()

    assert _mark().is_current(before, 0)
    assert not _mark(written="b").is_current(before, 0)
    assert not _mark().is_current(None, 3_600)


@pytest.mark.parametrize(
    ("campaign", "assumed"),
    [
        (CAMPAIGN.model_copy(update={"revision": 2}), ASSUMED),
        (CAMPAIGN, Assumptions(Efficiency(default=0.5))),
    ],
)
def test_another_meaning_is_made_anew_at_once(campaign: Campaign, assumed: Assumptions) -> None:
    assert not _mark(campaign, assumed=assumed).is_current(_mark(), 3_600)


def test_what_is_over_is_made_anew_once_in_a_while_though_much_is_written() -> None:
    mark = _mark(written="b")

    assert mark.is_current(replace(_mark(), at=mark.at - timedelta(minutes=59)), 3_600)
    assert not mark.is_current(replace(_mark(), at=mark.at - timedelta(minutes=60)), 3_600)
