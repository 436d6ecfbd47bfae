"""``taglake kibana open``: an address, made without asking anybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analysis.membership import posts_query
from lake.campaign import Campaign
from lake.errors import InvalidError
from taglake.context import Context
from taglake.kibana_import_commands import campaign_filter, open_

ROOT = Path(__file__).parents[2]


def opened(folder: Path, *arguments: str, text: str = "") -> Result:
    config = folder / "config.yaml"
    config.write_text(text)
    return CliRunner().invoke(open_, arguments, obj=Context(config), catch_exceptions=False)


@pytest.mark.parametrize("name", ["overview", "Campaign overview", "campaign OVERVIEW", None])
def test_open_prints_the_address_of_a_dashboard(tmp_path: Path, name: str | None) -> None:
    text = "kibana: {url: 'http://k', space: s}\n"

    done = opened(tmp_path, "--json", *([name] if name else []), text=text)

    found = json.loads(done.stdout)
    assert "overview" in found["title"]
    assert found["url"] == f"http://k/s/s/app/dashboards#/view/{found['id']}"


def test_open_takes_a_time_and_refuses_half_of_one(tmp_path: Path) -> None:
    done = opened(tmp_path, "sentiment", "--from", "2026-03-01", "--to", "2026-03-08")

    assert done.stdout.endswith(
        "?_g=(time:(from:'2026-03-01T00:00:00.000Z',to:'2026-03-08T00:00:00.000Z'))\n"
    )
    with pytest.raises(InvalidError, match="--from and --to: give both"):
        opened(tmp_path, "sentiment", "--from", "2026-03-01")
    with pytest.raises(InvalidError, match="--from: "):
        opened(tmp_path, "sentiment", "--from", "yesterday")


@pytest.mark.parametrize("name", ["no such one", "e"])
def test_open_of_none_or_several_names_those_that_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidError, match=f"which dashboard is '{name}'. There are: .*overview"):
        opened(tmp_path, name)


def test_a_campaigns_filter_shows_its_posts_of_any_time_and_its_own_numbers() -> None:
    start, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    campaign = Campaign(
        **{"id": "spring", "name": "Spring", "hashtags": ["spring"], "from": start, "to": end},
        created_at=start, updated_at=start, revision=1,
    )  # fmt: skip

    posts, own, others = campaign_filter(campaign)["bool"]["should"]

    membership = posts_query(campaign)["bool"]["filter"]
    assert "range" in json.dumps(membership)
    assert posts["bool"]["filter"] == [one for one in membership if "range" not in one]
    assert own == {"term": {"campaign": "spring"}}
    fields = {one["exists"]["field"] for one in others["bool"]["must_not"]}
    templates = {
        path.stem: set(json.loads(path.read_text())["template"]["mappings"]["properties"])
        for path in (ROOT / "index_templates").glob("*.json")
    }
    assert fields & templates["posts"]
    assert fields & templates["rollup"]
    for name in ("runs", "deadletter", "drift"):
        assert not fields & templates[name]
