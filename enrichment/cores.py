"""How many processor cores this process may keep busy."""

from __future__ import annotations

import math
import os
from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")


def usable_cores(cgroups: Path = _CGROUPS) -> int:
    """Cores that are ours: by affinity and a container's quota, and without a core's second thread.

    Two threads of one core share the unit that multiplies, so the second would only wait.

    Args:
        cgroups: Where the kernel shows this process's control group; none outside Linux.
    """
    logical = psutil.cpu_count() or 1
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        allowed = logical
    if allowed == logical:
        allowed = psutil.cpu_count(logical=False) or logical
    quota = cpu_quota(cgroups)
    return max(1, allowed if quota is None else min(allowed, math.floor(quota)))


def cpu_quota(cgroups: Path) -> float | None:
    """A container's share of the machine in cores; None where it has no limit.

    Both versions of control groups: https://docs.kernel.org/admin-guide/cgroup-v2.html and
    https://docs.kernel.org/scheduler/sched-bwc.html.
    """
    try:
        second = cgroups / "cpu.max"
        if second.is_file():
            quota, period = second.read_text(encoding="ascii").split()
        else:
            first = cgroups / "cpu"
            quota = (first / "cpu.cfs_quota_us").read_text(encoding="ascii")
            period = (first / "cpu.cfs_period_us").read_text(encoding="ascii")
        cores = int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max" is no number
        return None
    return cores if cores > 0 else None
