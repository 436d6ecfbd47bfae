from __future__ import annotations

from pathlib import Path

# The data sets are not part of the project; where they are not, there is nothing to compare with.
if not (Path(__file__).parents[2] / "../shared/datasets").is_dir():
    collect_ignore = ["test_real_data.py"]
