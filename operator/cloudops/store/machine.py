"""The machine that this process runs on, and its clocks."""

import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# It goes on while the machine sleeps, and nobody can set it.
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Machine:
    """Processes of one machine share `name` and what `ran_seconds` counts from.

    Attributes:
        name: Another one after each boot; "" where that is not known.
    """

    def __init__(self) -> None:
        try:
            self.name = _BOOT_ID.read_text().strip()
        except OSError:
            self.name = ""

    def ran_seconds(self) -> float:
        """Since it was booted."""
        return time.clock_gettime(_SINCE_BOOT)

    def now(self) -> float:
        """What people set its clock to, in seconds since 1970."""
        return time.time()
