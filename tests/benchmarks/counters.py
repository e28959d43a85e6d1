"""What the kernel counts of processes: CPU seconds and peak memory."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat behind the command name, which may hold blanks itself.
_PARENT, _USER, _CHILDREN_USER = 1, 11, 13


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    own: float
    children: float  # of those that ended and were waited for


def cpu_seconds(pid: int) -> float:
    """User and system time of one process."""
    return _stat(pid).own


def family_cpu_seconds(pid: int) -> float:
    """Of a process and all its children, those that have ended included."""
    total = _stat(pid).own + _stat(pid).children
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            child = _stat(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked: the parent's own count has it
        if child.parent == pid:
            total += child.own + child.children
    return total


def peak_rss_bytes(pid: int) -> int:
    """The most memory that the process ever had in RAM (VmHWM).

    Raises:
        OSError: It is gone.
        LookupError: It has ended, but was not waited for yet.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    raise LookupError(f"process {pid} has no memory any more")


def _stat(pid: int) -> _Stat:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = [int(field) for field in fields[_USER : _CHILDREN_USER + 2]]
    return _Stat(
        int(fields[_PARENT]), (ticks[0] + ticks[1]) / _TICKS, (ticks[2] + ticks[3]) / _TICKS
    )
