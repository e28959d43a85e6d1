"""Long-lived processes, known by pid and start time, so that no stranger is ever stopped.

A pid alone is not a name: after a crash or a reboot it may belong to anyone. A record also holds
when the process began, and whatever does not match the record counts as gone.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_POLL_SECONDS = 0.05
# The kernel ends a killed process soon, but not at once.
_KILL_SECONDS = 10.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_RECORD_SUFFIX = ".process.json"
# Counted behind the command name, which may hold blanks and brackets itself.
_STATE_FIELD, _START_FIELD = 0, 19


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """`started` is opaque; it differs between any two processes that ever share a pid."""

    name: str
    pid: int
    started: str


def spawn(
    name: str, command: Sequence[str | Path], log: Path, environment: Mapping[str, str]
) -> ProcessRecord:
    """Start a process that outlives this one, in a session of its own; output goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [str(part) for part in command]
    appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        argv[0],
        argv,
        dict(environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), appending, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return record(name, pid)


def record(name: str, pid: int) -> ProcessRecord:
    """Describe a process of ours that has just been started."""
    seen = _look(pid)
    return ProcessRecord(name, pid, seen[1] if seen else "gone")


def is_running(process: ProcessRecord) -> bool:
    seen = _look(process.pid)
    if seen is None or seen[1] != process.started:
        return False
    if seen[0] == "Z":
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
        return False
    return True


def stop(process: ProcessRecord, grace_seconds: float = 20.0) -> None:
    """Ask, wait, then kill. A process that is gone already, or is not ours, is left alone."""
    send(process, signal.SIGTERM)
    send(process, signal.SIGCONT)  # a paused process sees SIGTERM only once it runs again
    if not _ends_within(process, grace_seconds):
        send(process, signal.SIGKILL)
        _ends_within(process, _KILL_SECONDS)


def send(process: ProcessRecord, number: signal.Signals) -> None:
    if is_running(process):
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def save(process: ProcessRecord, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{process.name}{_RECORD_SUFFIX}"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(process)))
    partial.replace(path)


def forget(name: str, folder: Path) -> None:
    (folder / f"{name}{_RECORD_SUFFIX}").unlink(missing_ok=True)


def recorded(folder: Path) -> dict[str, ProcessRecord]:
    """Every process recorded in `folder` or below, by name."""
    found = (
        ProcessRecord(**json.loads(path.read_text()))
        for path in sorted(folder.rglob(f"*{_RECORD_SUFFIX}"))
    )
    return {process.name: process for process in found}


def _ends_within(process: ProcessRecord, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _look(pid: int) -> tuple[str, str] | None:
    """(state letter, start mark) of a pid, or None when nothing has it."""
    if not _BOOT_ID.exists():
        return _look_with_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return fields[_STATE_FIELD], f"{_BOOT_ID.read_text().strip()}/{fields[_START_FIELD]}"


def _look_with_ps(pid: int) -> tuple[str, str] | None:
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return (state[:1], started.strip()) if state else None
