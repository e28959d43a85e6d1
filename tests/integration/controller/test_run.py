"""The controller as a process: how it starts, what signals do, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudops.controller.kube import KubeClient
from tests.fixtures.waiting import eventually
from tests.integration.controller.conftest import Providers, quick_settings

pytestmark = pytest.mark.integration

PROCESS = Path(__file__).parent / "replica_process.py"
ROOT = Path(__file__).parents[3]


class Process:
    def __init__(self, log: Path, environment: dict[str, str], plan: dict[str, Any]) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.popen = subprocess.Popen(
                [sys.executable, str(PROCESS), json.dumps(plan)], env=environment, stderr=stderr
            )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == event]


@pytest.fixture
def spawn(kube: KubeClient, namespace: str, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    spawned: list[Process] = []

    def spawn(plan: dict[str, Any] | None = None, **environment: str) -> Process:
        settings = {
            f"CLOUDOPS_{name.upper()}": ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in quick_settings(namespace).items()
        }
        python_path = os.pathsep.join([str(ROOT), str(ROOT / "operator")])
        full = {**os.environ, "PYTHONPATH": python_path, **settings, **environment}
        process = Process(tmp_path / f"log-{len(spawned)}", full, plan or {})
        spawned.append(process)
        return process

    yield spawn
    for process in spawned:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.wait(60)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_gracefully_and_releases_the_lease(
    spawn, providers: Providers, admin, number
):
    process = spawn()
    eventually(lambda: process.said("leading"))
    providers.apply()
    eventually(lambda: providers.condition("Ready") == ("Unknown", "Progressing"))
    process.popen.send_signal(number)

    assert process.popen.wait(60) == 0
    assert process.said("released the Lease")
    assert process.said("stopped")
    path = f"/apis/coordination.k8s.io/v1/namespaces/{providers.namespace}/leases"
    assert admin.get(f"{path}/cloudops-controller")["spec"].get("holderIdentity", "") == ""


def test_every_line_of_a_reconcile_carries_its_id_and_object(spawn, providers):
    process = spawn()
    providers.apply()
    [line] = eventually(
        lambda: (
            process.said("Waiting for a worker to discover the accounts.")
            or process.said("The accounts are being discovered.")
        )
    )

    assert line["cloudprovider"] == f"{providers.namespace}/aws"
    assert len(line["correlation_id"]) == 12


def test_a_second_signal_ends_it_at_once(spawn):
    process = spawn({"away": True})
    eventually(lambda: process.said("waiting for the API server and the database"))
    process.popen.send_signal(signal.SIGTERM)

    assert process.popen.wait(60) == 0


def test_another_clusters_database_is_refused_in_words(spawn):
    process = spawn({"cluster_uid": "another cluster"})

    assert process.popen.wait(60) == 2
    [line] = process.said("refused to start")
    assert "another cluster" in line["error"]


def test_without_a_way_to_the_cluster_it_says_so(spawn, tmp_path):
    process = spawn(KUBECONFIG=str(tmp_path / "nothing-here"))

    assert process.popen.wait(60) == 1
    [line] = process.said("could not start")
    assert "no way to the Kubernetes API" in line["error"]


def test_a_leader_stopped_beyond_its_lease_ends_when_it_is_continued(spawn, providers):
    stopped = spawn()
    eventually(lambda: stopped.said("leading"))
    standby = spawn()
    eventually(lambda: standby.said("serving /livez, /readyz and /metrics"))
    stopped.popen.send_signal(signal.SIGSTOP)
    eventually(lambda: standby.said("leading"))
    providers.apply()
    eventually(lambda: providers.condition("Ready") == ("Unknown", "Progressing"))
    version = providers.get()["metadata"]["resourceVersion"]
    stopped.popen.send_signal(signal.SIGCONT)

    assert stopped.popen.wait(60) == 75
    assert stopped.said("leadership is lost; the process ends")
    assert providers.get()["metadata"]["resourceVersion"] == version
