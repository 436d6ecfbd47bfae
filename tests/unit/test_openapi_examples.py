"""Every answer of the OpenAPI document has an example, and every example an answer."""

from __future__ import annotations

import json
from typing import Any

from api.app import create_app
from lake.config import Config
from tests.conftest import ROOT
from tests.fakes.lakeless_api import away

EXAMPLES = json.loads((ROOT / "api/examples.json").read_text(encoding="utf-8"))


def _answers() -> dict[str, Any]:
    """The JSON that each operation answers with where all goes well, as the document has it."""
    paths = create_app(away, Config()).openapi()["paths"].values()
    found = {}
    for operation in (one for path in paths for one in path.values()):
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if status < "400" and "application/json" in content:
                found[operation["operationId"]] = content["application/json"]
    return found


def test_every_answer_has_an_example_and_shows_it() -> None:
    answers = _answers()

    assert set(answers) == set(EXAMPLES)
    assert [name for name in answers if answers[name].get("example") != EXAMPLES[name]] == []
    assert len(answers) > 25
