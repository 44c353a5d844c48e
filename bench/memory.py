"""How much memory a command needs at its most, its helpers included.

What is summed is the resident set of the process and of all below it, every 10 ms: an upper bound, since pages that
two of them share (the libraries) count twice, and a peak between two looks is missed unless one process had it alone.
getrusage will not do: it gives the largest child, not the sum, and on Linux a new process inherits its parent's peak.
Where there is no /proc it is getrusage all the same: the process's peak plus its largest child's.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

LOOK_EVERY_S = 0.01
_PROC = Path("/proc")


class Ran(NamedTuple):
    """What a command printed, and the most memory it and its helpers had."""

    printed: bytes
    peak_mb: float


def run(command: Sequence[str], directory: Path) -> Ran:
    """Run a command in a directory and return what it printed. Errors: CalledProcessError."""
    peak_kb = 0.0
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE) as process:
        printed = b""
        while True:
            try:
                printed = process.communicate(timeout=LOOK_EVERY_S)[0]
                break
            except subprocess.TimeoutExpired:
                peak_kb = max(peak_kb, _resident_kb(process.pid))
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Ran(printed, peak_kb / 1_000)


def own_peak_mb() -> float:
    """Return the most memory this process had by itself."""
    with contextlib.suppress(OSError, StopIteration):
        return _own_mb("VmHWM:")
    unit = 1_000_000 if sys.platform == "darwin" else 1_000
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / unit


def own_resident_mb() -> float:
    """Return the memory this process has now; the most it had, where there is no /proc."""
    try:
        return _own_mb("VmRSS:")
    except (OSError, StopIteration):
        return own_peak_mb()


def _own_mb(line: str) -> float:
    lines = (_PROC / "self" / "status").read_text().splitlines()
    return int(next(each for each in lines if each.startswith(line)).split()[1]) * 1.024 / 1_000


def _resident_kb(process: int) -> float:
    """Return the resident sets of a process and all below it, in thousands of bytes; 0 of what has ended."""
    try:
        pages = int((_PROC / str(process) / "statm").read_text().split()[1])
        below = (_PROC / str(process) / "task" / str(process) / "children").read_text().split()
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize() / 1_000 + sum(_resident_kb(int(child)) for child in below)
