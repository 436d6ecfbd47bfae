from __future__ import annotations

from pathlib import Path

# The data sets are not part of the project.
if not (Path(__file__).resolve().parents[2] / "../shared/datasets").is_dir():
    collect_ignore = [
        "test_real_archives.py",
        "test_real_formats.py",
        "test_real_sentiment_sets.py",
    ]
