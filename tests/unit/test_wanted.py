from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ingestors.about import About
from ingestors.platform import Target
from ingestors.wanted import wanted_past, wanted_targets
from lake import times
from lake.campaign import Campaign

DAY = timedelta(days=1)
MADE = times.from_text("2026-03-10T00:00:00Z")
ALL = About("All", {"posts": "all", "history": "everything"})
WEEK = About("Week", {"posts": "all", "history": "7 days"}, history=7 * DAY)
NONE = About("None", {"posts": "all"})


def campaign(**changes: Any) -> Campaign:
    body = {
        "id": "spring",
        "name": "Spring",
        "hashtags": ["spring"],
        "from": "2026-03-01",
        "to": "2026-05-01",
        "created_at": MADE,
        "updated_at": MADE,
        "revision": 1,
    }
    return Campaign.model_validate(body | changes)


def past(one: Campaign, about: About, now: datetime = MADE) -> tuple[list[Any], list[Any]]:
    wanted, missing = wanted_past([one], {"p": about}, now, 3 * DAY)
    return [target.window for target in wanted], [entry.target.window for entry in missing]


def test_a_hashtag_that_many_campaigns_want_is_one_target() -> None:
    both = [campaign(), campaign(id="b", hashtags=["Spring", "b"], platforms=["x"])]

    assert wanted_targets(both, ["x", "mastodon"], MADE) == [
        Target("x", "hashtag", "spring"),
        Target("mastodon", "hashtag", "spring"),
        Target("x", "hashtag", "b"),
    ]
    assert wanted_targets(both, ["x"], times.from_text("2026-05-01")) == []


def test_accounts_are_polled_where_a_platform_gives_them() -> None:
    gives = About("Gives", {"posts": "all", "profiles": "followers"})
    both = [
        campaign(hashtags=[], profiles=["x:@Ann", "mastodon:bob@b.example"]),
        campaign(id="b", hashtags=[], query="#a from:x:ANN from:carl", platforms=["x"]),
    ]

    found = wanted_targets(both, ["x", "mastodon"], MADE, {"x": gives, "mastodon": ALL})

    assert found == [Target("x", "profile", "Ann"), Target("x", "hashtag", "a")]
    assert wanted_targets(both, ["x"], MADE) == [Target("x", "hashtag", "a")]


def test_a_late_registration_wants_what_it_missed_as_far_as_the_settings_say() -> None:
    assert past(campaign(), ALL) == ([(MADE - 3 * DAY, MADE)], [])
    assert past(campaign(**{"from": "2026-03-09"}), ALL) == ([(MADE - DAY, MADE)], [])
    assert past(campaign(**{"from": "2026-03-12"}), ALL) == ([], [])
    assert past(campaign(), NONE) == ([], [])  # nobody asked for it, so nothing is missing


def test_a_baseline_is_wanted_whole_and_what_is_not_offered_is_said() -> None:
    baseline = times.from_text("2026-02-20")
    one = campaign(baseline="2026-02-20")

    assert past(one, ALL) == ([(baseline, MADE)], [])
    assert past(one, WEEK) == ([(MADE - 7 * DAY, MADE)], [(baseline, MADE - 7 * DAY)])
    assert past(one, NONE) == ([], [(baseline, MADE)])


def test_a_window_stays_the_same_however_late_it_is_looked_at() -> None:
    one = campaign(baseline="2026-02-20")

    assert past(one, WEEK, MADE + 5 * DAY) == past(one, WEEK, MADE)


def test_the_past_of_a_campaign_ends_where_the_campaign_does() -> None:
    over = campaign(baseline="2026-02-01", to="2026-03-05")

    assert past(over, ALL)[0] == [(times.from_text("2026-02-01"), times.from_text("2026-03-05"))]
    assert past(campaign(to="2026-03-05"), ALL)[0] == []
