"""The command line asks every question that the API answers, with the same parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import pytest

from api.app import create_app
from lake.config import Config
from taglake.campaign_commands import command as campaign
from taglake.profile_commands import command as profile
from taglake.tag_commands import command as tag
from tests.fakes.lakeless_api import away

_PREFIX = "/v1/campaigns/{campaign_id}/"


def _questions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each question about a campaign and what the API's document says of it."""
    app = create_app(away, Config())
    for path, operations in app.openapi()["paths"].items():
        if path.startswith(_PREFIX):
            yield path.removeprefix(_PREFIX), operations["get"]


QUESTIONS = dict(_questions())
COMMANDS = {
    **{f"campaign {name}": command for name, command in campaign.commands.items()},
    **{f"tag {name}": command for name, command in tag.commands.items()},
    **{f"profile {name}": command for name, command in profile.commands.items()},
}
LIST = ("campaign list", "campaign show", "campaign delete", "campaign create")


def _options(command: click.Command) -> set[str]:
    return {name for option in command.params for name in option.opts}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_the_api_is_a_command_with_its_parameters(name: str) -> None:
    options = _options(campaign.commands[name])
    wanted = {one["name"] for one in QUESTIONS[name]["parameters"] if one["in"] == "query"}

    assert wanted
    missing = {one for one in wanted if not {f"--{one.replace('_', '-')}", f"-{one}"} & options}
    assert not missing
    assert "--json" in options or name == "export"


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_command_has_no_other_choices_and_limits_than_the_api(name: str) -> None:
    command = campaign.commands[name]
    found = {one["name"]: one["schema"] for one in QUESTIONS[name]["parameters"]}

    for option in command.params:
        [*_, last] = option.opts
        schema = found.get(last.lstrip("-").replace("-", "_"), {})
        if isinstance(option.type, click.Choice):
            choices = schema.get("enum") or schema["anyOf"][0]["enum"]
            assert list(option.type.choices) == choices, last
        if isinstance(option.type, click.IntRange):
            assert (option.type.min, option.type.max) == (schema["minimum"], schema["maximum"]), (
                last
            )


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_are_calls(name: str) -> None:
    command = COMMANDS[name]
    epilog = command.epilog or ""

    assert command.get_short_help_str(200)
    calls = [line.strip() for line in epilog.splitlines() if line.strip().startswith("taglake ")]
    assert calls or name == "campaign create"
    assert all(call.startswith(f"taglake {name} ") for call in calls if name not in LIST)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in LIST])
def test_every_question_is_about_a_part_that_the_options_name(name: str) -> None:
    options = _options(COMMANDS[name])

    assert {"--from", "--to"} <= options
    assert {"--platform", "--as-of"} <= options or name == "profile show"
