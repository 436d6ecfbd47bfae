"""``taglake coverage``: the same as ``taglake campaign coverage``, for those who watch polls."""

from __future__ import annotations

from taglake.finding_commands import coverage

command = coverage
