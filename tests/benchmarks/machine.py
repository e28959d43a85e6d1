"""What the figures were measured on."""

import os
import platform
from pathlib import Path

_GIB = 1024**3


def facts() -> dict[str, str | int]:
    """CPU model, cores, memory, kernel, Python; each record adds its PostgreSQL."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 0,
        "memory": f"{_memory_bytes() / _GIB:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    """Names differ from system to system; where there is none, the architecture has to do."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
