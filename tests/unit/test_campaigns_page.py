"""docs/campaigns.md says what is true: its commands are ones, its queries are read."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from lake.boolean_query import parsed
from lake.campaign import CampaignSpec, checked_spec
from lake.errors import InvalidError
from taglake.campaign_create_command import create

PAGE = (Path(__file__).parents[2] / "docs/campaigns.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ taglake campaign create ((?:.*\\\n)*.*)$", PAGE, flags=re.MULTILINE)
QUERIES = [
    query
    for row in PAGE.partition("| written |")[2].partition("\n\n")[0].splitlines()
    for query in re.findall(r"`([^`]+)`", row.partition("|")[2].partition("|")[0])
]


def spec_of(command: str) -> CampaignSpec:
    words = shlex.split(command.replace("\\\n", " "))
    found: dict[str, Any] = create.make_context("create", words).params
    found.pop("as_json")
    found.pop("competitors")
    return checked_spec({name: value for name, value in found.items() if value})


@pytest.mark.parametrize("command", COMMANDS[:2])
def test_a_campaign_of_the_page_is_one(command: str) -> None:
    spec = spec_of(command)

    assert spec.hashtags or spec.query


def test_the_mistake_of_the_page_is_told_as_it_says() -> None:
    with pytest.raises(InvalidError) as caught:
        spec_of(COMMANDS[2])

    assert f"taglake: {caught.value}\n" in PAGE
    assert len(COMMANDS) == 3


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_of_the_page_is_read(query: str) -> None:
    wanted = query.replace("…", "x")
    if wanted.startswith(("lang:", "platform:", "NOT", "-")):
        wanted = f"espresso {wanted}"

    assert parsed(wanted)


def test_what_is_sent_to_the_api_on_the_page_is_a_campaign() -> None:
    body = re.findall(r"/v1/campaigns -H [^{]*'(\{.*?\})'", PAGE, flags=re.DOTALL)[0]

    assert checked_spec(json.loads(body)).profiles


def test_every_option_and_field_is_on_the_page() -> None:
    assert len(QUERIES) > 12
    for option in create.params:
        if isinstance(option, click.Option) and option.name in CampaignSpec.model_fields:
            assert f"`{option.name}`" in PAGE, option.name
