"""docs/value.md says what is true: its tables, configuration and commands are ones."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from analysis.value import COMPONENTS, value_table
from lake.campaign_fields import Budget
from lake.config import AnalysisConfig
from taglake.campaign_create_command import create

PAGE = (Path(__file__).parents[2] / "docs/value.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_the_pages_table_and_configuration_are_taken() -> None:
    [table] = [block for block in BLOCKS if "values" in block]
    sections = [block["analysis"] for block in BLOCKS if "analysis" in block]

    assert value_table(table).currency == "EUR"
    assert AnalysisConfig.model_validate(sections[0]).reach_efficiency_by_platform["x"] == 0.1
    assert AnalysisConfig.model_validate(sections[1]).value_table == Path("rates.yaml")


def test_the_page_names_every_component() -> None:
    assert [name for name in COMPONENTS if f"`{name}`" not in PAGE] == []


def test_the_pages_command_gives_a_budget() -> None:
    [command] = re.findall(r"^\$ taglake campaign create ((?:.*\\\n)*.*)$", PAGE, re.MULTILINE)
    said = create.make_context("create", shlex.split(command.replace("\\\n", " "))).params

    found = Budget.model_validate({name: said[name] for name in Budget.model_fields})

    assert (found.cost, found.conversions, found.currency) == (12000, 4300, "EUR")


@pytest.mark.parametrize("word", ["emv", "roi", "efficiency", "amplification_multiplier"])
def test_the_page_names_what_the_summary_has(word: str) -> None:
    assert f"`{word}`" in PAGE
