"""What part of a campaign a question asks about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.answers.scope import moment_of, scope_digest, scoped
from api.past import as_it_was
from lake.campaign import Campaign, checked_spec
from lake.errors import InvalidError
from lake.records import Json

AT = datetime(2026, 1, 1, tzinfo=UTC)
SPEC = {"name": "A", "hashtags": ["a"], "from": "2026-03-01", "to": "2026-04-01"}


def _campaign(**changes: object) -> Campaign:
    spec = checked_spec({**SPEC, **changes})
    return Campaign(**spec.model_dump(), id="a", created_at=AT, updated_at=AT, revision=1)


def test_nothing_asked_is_the_campaign_itself() -> None:
    campaign = _campaign()

    assert scoped(campaign) is campaign
    assert moment_of(campaign) is None


def test_a_part_has_what_was_asked_and_the_campaign_s_for_the_rest() -> None:
    part = scoped(_campaign(), start="2026-03-10", platforms=["x", "x"], as_of="2026-03-20T01:00Z")

    assert part.start == datetime(2026, 3, 10, tzinfo=UTC)
    assert part.end == datetime(2026, 4, 1, tzinfo=UTC)
    assert part.platforms == ("x",)
    assert moment_of(part) == datetime(2026, 3, 20, 1, tzinfo=UTC)
    assert (part.id, part.hashtags, part.panel()) == ("a", ("a",), {"A": ("a",)})


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        ({"start": "yesterday"}, "from", "'yesterday' is no time"),
        ({"end": ""}, "to", "'' is no time"),
        ({"start": "2026-05-01"}, "from", "is not before 2026-04-01"),
        ({"end": "2026-03-01"}, "to", "the end is exclusive"),
        ({"platforms": ["reddit"]}, "platform", "'reddit' is none of the campaign's: x, mastodon"),
        ({"as_of": "2999-01-01"}, "as_of", "has not come yet"),
    ],
)
def test_what_cannot_be_asked_names_the_parameter(
    asked: dict[str, object], field: str, says: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        scoped(_campaign(platforms=["x", "mastodon"]), **asked)  # type: ignore[arg-type]

    assert caught.value.errors[0]["field"] == field
    assert says in str(caught.value)


def test_parts_are_told_apart() -> None:
    campaign = _campaign()
    parts = [
        campaign,
        scoped(campaign, start="2026-03-02"),
        scoped(campaign, end="2026-03-02"),
        scoped(campaign, platforms=["x"]),
        scoped(campaign, as_of="2026-03-02"),
        scoped(campaign, as_of="2026-03-03"),
    ]

    assert len({scope_digest(part) for part in parts}) == len(parts)
    assert scope_digest(scoped(campaign, start="2026-03-01")) == scope_digest(campaign)


SEEN = "2026-03-02T00:00:00.000Z"


def test_a_post_as_it_was_has_the_numbers_of_then_and_no_others() -> None:
    now: Json = {
        "platform": "mastodon",
        "kind": "post",
        "@timestamp": "2026-03-01T00:00:00.000Z",
        "first_seen": SEEN,
        "metrics": {"likes": 9, "shares": 2},
        "metrics_missing": ["views"],
        "engagement": {"value": 11, "definition": "v1"},
        "author": {"key": "k", "followers": 70},
        "at_post": {"followers": 70, "seen_at": "2026-03-03T00:00:00.000Z", "impressions": 70},
        "text": "t",
    }
    then: Json = {"@timestamp": SEEN, "metrics": {"likes": 4}, "author": {"followers": 50}}

    was = as_it_was(now, then)
    never = as_it_was(now, None)

    assert (was["metrics"], was["engagement"]["value"]) == ({"likes": 4}, 4)
    assert (was["author"], was["text"], was["metrics_at"]) == (
        {"key": "k", "followers": 50},
        "t",
        SEEN,
    )
    # What was seen later does not tell of then; the observation of then does.
    assert was["at_post"] == {
        "followers": 50,
        "seen_at": SEEN,
        "impressions": 50,
        "rated_followers": 50,
        "rated_engagement": 4,
        "rate": 8.0,
    }
    assert "at_post" not in never
    untold = as_it_was(now, {name: value for name, value in then.items() if name != "author"})
    assert "at_post" not in untold
    assert never["metrics"] == {}
    assert "engagement" not in never
