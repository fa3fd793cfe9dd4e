"""The most memory that a process held."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Of this process, in MiB, since it began, or since `forget_peak`; not what its parent held.

    Linux's `ru_maxrss` of a new process begins with the memory of the one that started it.
    """
    if _STATUS.is_file():
        return int(_STATUS.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) / 1024
    in_mib = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / in_mib


def forget_peak() -> None:
    """Count the most memory from here on, where the system can."""
    forget = _STATUS.with_name("clear_refs")
    if forget.is_file():
        forget.write_text("5", encoding="ascii")
