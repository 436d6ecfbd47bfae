from __future__ import annotations

from pathlib import Path

# What was recorded is not part of the project; where it is not, there is nothing to compare with.
_SHARED = Path(__file__).parents[2] / "../shared"
collect_ignore = []
if not (_SHARED / "datasets").is_dir():
    collect_ignore += ["test_enrich_real_texts.py", "test_real_data.py"]
    collect_ignore += ["api/test_published_truth.py"]
if not (_SHARED / "payloads").is_dir():
    collect_ignore += [
        "test_add_a_platform.py",  # it runs the contract suite, which is about recordings
        "test_bluesky_recordings.py",
        "test_instagram_recordings.py",
        "test_reddit_recordings.py",
    ]
