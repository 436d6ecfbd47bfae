"""Every operation of the OpenAPI document, asked as Schemathesis thinks up: with sense and without.

No server error, no status that the document does not name, every body of the kind that it names
there: so every error is a problem document.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.fakes.plain_answers import Seeded
from tests.fakes.running_api import Api

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
_AT_MOST_S = 45
# Most questions are asked of a campaign that is there, some about times that have posts.
_CONFIG = """
seed = 7
color = false
continue-on-failure = true
request-timeout = 60
hooks = "tests.schemathesis_hooks"
[dictionaries.campaigns]
values = ["{campaign}"]
[dictionaries.nobodys]
values = ["gone"]
[dictionaries.times]
values = ["2025-04-01", "2025-04-02T12:00:00Z", "0001-01-01", "9999-12-31"]
[parameters]
campaign_id = {{dictionary = "campaigns", probability = 0.8}}
from = {{dictionary = "times", probability = 0.4}}
[[operations]]
include-method = "DELETE"
parameters = {{campaign_id = {{dictionary = "nobodys", probability = 1.0}}}}
"""


async def test_the_document_tells_all_that_the_api_answers(
    api: Api, seeded: Seeded, tmp_path: Path
) -> None:
    (tmp_path / "st.toml").write_text(_CONFIG.format(campaign=seeded.campaign))
    report = tmp_path / "report.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("--config-file", str(tmp_path / "st.toml")),
        *("run", f"http://127.0.0.1:{api.port}/openapi.json"),
        *("--phases", "examples,fuzzing", "--max-examples", "1", "--max-time", str(_AT_MOST_S)),
        *("--checks", ",".join(_CHECKS), "--workers", "2", "--no-shrink", "--warnings", "off"),
        *("--generation-database", "none"),
        *("--report-json-path", str(report)),
        cwd=tmp_path,  # it leaves files where it is run
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()

    assert process.returncode == 0, said.decode()
    told = json.loads(report.read_text())
    assert told["operations"]["selected"] == told["operations"]["total"] > 30
    assert told["test_cases"]["generated"] > 100, told
