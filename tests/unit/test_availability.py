"""What a campaign is told of its platforms before anything runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from analysis.availability import availability
from lake import times
from lake.campaign import Campaign, checked_spec
from lake.config import Config
from lake.platform_facts import PlatformFacts
from taglake.platform_facts import platform_facts

NOW = times.from_text("2026-03-20T00:00:00Z")
DAY = timedelta(days=1)
EVERYTHING = dict.fromkeys(("posts", "counts", "profiles", "comments", "history", "refresh"), "all")
ALL = PlatformFacts("All", EVERYTHING, reach_back=7 * DAY)


def lacks(facts: PlatformFacts, **body: Any) -> dict[str, str]:
    spec = {"name": "S", "hashtags": ["a"], "from": "2026-03-19", "to": "2026-04-01", **body}
    one = checked_spec(spec)
    campaign = Campaign(**dict(one), id="s", created_at=NOW, updated_at=NOW, revision=1)
    (row,) = availability(campaign, {"p": facts}, NOW)
    assert row["collected"] is ("collection" not in {lack["what"] for lack in row["unavailable"]})
    return {lack["what"]: lack["reason"] for lack in row["unavailable"]}


def without(*names: str) -> PlatformFacts:
    return replace(ALL, offers={k: v for k, v in EVERYTHING.items() if k not in names})


def test_a_platform_that_gives_everything_lacks_nothing() -> None:
    assert lacks(ALL) == {}


def test_each_capability_that_is_not_there_is_told() -> None:
    found = lacks(without("counts", "comments", "refresh", "posts"))

    assert found.keys() == {"counts", "comments", "refresh", "posts"}
    assert all("All" in reason for reason in found.values())


def test_the_past_is_told_as_far_as_it_cannot_be_had() -> None:
    week = replace(ALL, history=7 * DAY)

    assert "2026-03-19T00:00:00.000Z to 2026-03-20" in lacks(without("history"))["history"]
    assert "history" not in lacks(without("history"), **{"from": "2026-03-20"})
    assert "2026-03-01T00:00:00.000Z to 2026-03-13" in lacks(week, baseline="2026-03-01")["history"]
    assert "history" not in lacks(ALL, baseline="2026-01-01")
    assert "a baseline before" in lacks(ALL, **{"from": "2026-03-01"})["history"]
    assert "history" not in lacks(ALL, **{"from": "2026-03-13"})
    over = {"from": "2026-02-01", "to": "2026-03-01"}
    assert "is over" in lacks(ALL, **over)["history"]
    assert "2026-02-01T00:00:00.000Z to 2026-03-01" in lacks(without("history"), **over)["history"]
    assert "history" not in lacks(ALL, **over, baseline="2026-01-01")


def test_words_and_accounts_are_told_as_what_polls_can_do_with_them() -> None:
    assert "hashtag only" in lacks(ALL, keywords=["b"])["keywords"]
    assert "names none" in lacks(ALL, hashtags=[], keywords=["b"])["keywords"]
    assert "keywords" in lacks(ALL, hashtags=[], query="#a b")
    assert lacks(ALL, hashtags=[], query="#a -b") == {}
    assert "as far as" in lacks(ALL, profiles=["p:ann"])["profiles"]
    assert "gives no accounts" in lacks(without("profiles"), profiles=["p:ann"])["profiles"]
    assert lacks(ALL, profiles=["q:ann"]) == {}


def test_nothing_comes_from_a_platform_that_is_off_or_not_configured() -> None:
    needs = ("token (a token, from https://p.example)",)

    off = lacks(replace(ALL, off_because="its switch is off"))
    absent = lacks(replace(ALL, configured=False, needs=needs), platforms=["p"])

    assert off == {"collection": "its switch is off"}
    assert "config.yaml has no platforms.p" in absent["collection"]
    assert needs[0] in absent["collection"]


def test_the_platforms_own_files_tell_their_facts_with_the_settings_that_there_are() -> None:
    config = Config(platforms={"mastodon": {}, "x": {"bearer": "secret-7"}, "tiktok": {}})

    found = platform_facts(config)

    assert "archive" not in found
    assert found["mastodon"].configured
    assert not found["reddit"].configured
    assert "client_id" in " ".join(found["reddit"].needs)
    assert "bearer_token" in (found["x"].off_because or "")
    assert "secret-7" not in str(found)
    assert "accept_terms_risk" in (found["tiktok"].off_because or "")
    assert found["x"].history == 7 * DAY
    assert found["mastodon"].reach_back == timedelta(days=config.ingest.history_days)
