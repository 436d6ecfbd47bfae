from __future__ import annotations

from pathlib import Path

# The recordings are not part of the project; where they are not, there is nothing to promise.
if not (Path(__file__).resolve().parents[2] / "../shared/payloads").is_dir():
    collect_ignore = ["test_platform_contract.py"]
