"""What stands for a panel: shares of voice may be compared only where it is the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analysis.share_of_voice import panel_id
from lake.campaign import Campaign, checked_spec

AT = datetime(2026, 1, 1, tzinfo=UTC)
SPEC = {
    "name": "A",
    "hashtags": ["a", "b"],
    "keywords": ["espresso"],
    "competitors": [{"name": "R", "hashtags": ["r", "s"]}],
    "from": "2026-03-01",
    "to": "2026-04-01",
}


def _panel(**changes: object) -> str:
    spec = checked_spec({**SPEC, **changes})
    return panel_id(Campaign(**spec.model_dump(), id="a", created_at=AT, updated_at=AT, revision=1))


def test_the_order_of_tags_and_the_window_change_no_panel() -> None:
    rival = {"name": "R", "hashtags": ["s", "r"]}

    assert _panel(hashtags=["b", "a"], competitors=[rival]) == _panel()
    assert _panel(to="2026-05-01") == _panel()


@pytest.mark.parametrize(
    "changes",
    [
        {"hashtags": ["a"]},
        {"keywords": []},
        {"exclude": ["decaf"]},
        {"profiles": ["x:ann"]},
        {"competitors": []},
        {"competitors": [{"name": "R", "hashtags": ["r"]}]},
        {"competitors": [{"name": "S", "hashtags": ["r", "s"]}]},
    ],
)
def test_another_meaning_of_a_brand_is_another_panel(changes: dict[str, object]) -> None:
    assert _panel(**changes) != _panel()
