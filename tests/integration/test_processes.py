"""Processes that outlive the one which started them, and the clearing up behind killed runs."""

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.cluster import processes
from tests.cluster.processes import ProcessRecord
from tests.fixtures.run import clear_abandoned
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.integration

GONE = ProcessRecord("pytest", 1, "before the last boot")


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ProcessRecord]:
    process = processes.spawn("sleeper", ["/bin/sleep", "600"], tmp_path / "sleeper.log", {})
    yield process
    processes.stop(process, grace_seconds=5)


def run_folder_of(owner: ProcessRecord, parent: Path, process: ProcessRecord) -> Path:
    folder = parent / "cloudops-tests-example"
    processes.save(process, folder / "cluster/processes")
    (folder / "owner.json").write_text(json.dumps(asdict(owner)))
    return folder


def test_a_stopped_process_is_gone(sleeper):
    assert processes.is_running(sleeper)

    processes.stop(sleeper, grace_seconds=5)

    assert not processes.is_running(sleeper)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path):
    command = ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]
    log = tmp_path / "stubborn.log"
    stubborn = processes.spawn("stubborn", command, log, {"PATH": "/usr/bin:/bin"})
    eventually(lambda: log.read_text() == "ready\n", what="the trap to be set")
    processes.stop(stubborn, grace_seconds=0.5)

    assert not processes.is_running(stubborn)


def test_a_paused_process_can_be_stopped(sleeper):
    processes.send(sleeper, signal.SIGSTOP)
    processes.stop(sleeper, grace_seconds=30)

    assert not processes.is_running(sleeper)


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(sleeper):
    stale = replace(sleeper, started="before the last boot")
    processes.stop(stale, grace_seconds=0)

    assert not processes.is_running(stale)
    assert processes.is_running(sleeper)


def test_records_outlive_the_process_that_wrote_them(sleeper, tmp_path):
    processes.save(sleeper, tmp_path)

    assert processes.recorded(tmp_path) == {"sleeper": sleeper}

    processes.forget("sleeper", tmp_path)

    assert processes.recorded(tmp_path) == {}


def test_what_a_killed_run_left_behind_is_cleared(sleeper, tmp_path):
    folder = run_folder_of(GONE, tmp_path, sleeper)
    clear_abandoned(tmp_path)

    assert not processes.is_running(sleeper)
    assert not folder.exists()


def test_a_folder_that_another_run_makes_or_removes_just_now_is_left_alone(tmp_path):
    (tmp_path / "cloudops-tests-gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "cloudops-tests-new").mkdir()
    begun = tmp_path / "cloudops-tests-begun"
    begun.mkdir()
    (begun / "owner.json").touch()

    clear_abandoned(tmp_path)

    assert begun.exists()


def test_a_run_that_is_under_way_keeps_its_processes(sleeper, tmp_path):
    with subprocess.Popen(["/bin/sleep", "600"]) as owner:
        folder = run_folder_of(processes.record("pytest", owner.pid), tmp_path, sleeper)
        clear_abandoned(tmp_path)
        owner.kill()

    assert processes.is_running(sleeper)
    assert folder.exists()
