"""The OpenAPI document's examples are what the API answers today."""

from __future__ import annotations

import json
from pathlib import Path

from lake.store import Store
from tests.api_examples import example_answers, shape
from tests.conftest import ROOT

FILE = ROOT / "api/examples.json"


async def test_the_examples_look_like_todays_answers(store: Store, tmp_path: Path) -> None:
    there = json.loads(FILE.read_text(encoding="utf-8"))

    found = await example_answers(store)

    # Run with -o tmp_path_retention_policy=all to have it afterwards.
    renewed = tmp_path / "examples.json"
    renewed.write_text(json.dumps(there | found, indent=1) + "\n", encoding="utf-8")
    differing = {name for name in found if shape(found[name]) != shape(there.get(name))}
    assert differing == set(), f"renew them: cp {renewed} {FILE}"
