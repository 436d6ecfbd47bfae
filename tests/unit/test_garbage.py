"""The cycle collector of a server."""

from __future__ import annotations

import json
import subprocess
import sys

_ASK = """
import gc, json
from api.garbage import collect_seldom
before = gc.get_threshold()
collect_seldom()
print(json.dumps([before, gc.get_threshold(), gc.get_freeze_count(), gc.isenabled()]))
"""


def test_a_server_collects_seldom_but_does() -> None:
    # In a process of its own: the tests' collector stays as it is.
    told = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True)

    before, after, frozen, enabled = json.loads(told.stdout)
    assert all(later > earlier for earlier, later in zip(before, after, strict=True))
    assert frozen > 1_000
    assert enabled
