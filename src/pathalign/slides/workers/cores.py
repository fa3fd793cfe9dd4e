"""How many cores this process may use: not all that the machine has, on a cluster or in a container."""

from __future__ import annotations

import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def usable_cores(groups: Path = _GROUPS, own_group: Path = _OWN_GROUP) -> int:
    """Those of its affinity, which a batch system sets, and of its quota, which a container has; at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, int(_quota(groups, own_group))))


def _quota(groups: Path, own_group: Path) -> float:
    """Cores' worth of time that the control groups (version 2) grant, from the process's own up to the root."""
    try:
        entries = own_group.read_text(encoding="ascii").splitlines()
    except OSError:
        return float(1 << 30)  # no Linux
    name = next((entry.removeprefix("0::") for entry in entries if entry.startswith("0::")), "/").strip("/")
    own = groups / name
    granted = float(1 << 30)
    for folder in (own, *own.parents):
        if not folder.is_relative_to(groups):
            break
        try:
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        except (OSError, ValueError):
            continue  # the root has none, and a container may see none but the root
        if quota != "max":
            granted = min(granted, int(quota) / int(period))
    return granted
