"""The Kubernetes that the other tests stand on."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import CoreV1Api, V1ConfigMap, V1ObjectMeta

from tests.cluster import processes
from tests.cluster.__main__ import main
from tests.cluster.cluster import Cluster
from tests.cluster.components import APISERVER, CONTROLLER_MANAGER, ETCD
from tests.cluster.controlplane import LocalCluster
from tests.fixtures.cluster import build_with_progress
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.integration

COMPONENTS = {ETCD, APISERVER, CONTROLLER_MANAGER}


@pytest.fixture(scope="module")
def breakable(run_folder: Path, request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    build_with_progress(request.config)
    cluster = LocalCluster(run_folder / "breakable")
    yield cluster
    cluster.stop()


@pytest.fixture
def own_cluster(breakable: LocalCluster) -> LocalCluster:
    """A control plane that the test may break: starting it repairs what the last one broke."""
    breakable.start()
    return breakable


def kubectl_as(
    kubeconfig: Path, cluster: Cluster, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [cluster.kubectl, f"--kubeconfig={kubeconfig}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def config_maps(api: CoreV1Api, namespace: str) -> list[str]:
    found: list[Any] = api.list_namespaced_config_map(namespace).items
    return [one.metadata.name for one in found]


def test_control_planes_side_by_side_know_nothing_of_each_other(cluster, own_cluster):
    cluster.run_kubectl("create", "namespace", "only-in-the-first")
    try:
        elsewhere = own_cluster.run_kubectl("get", "namespaces", "--output=name").stdout

        assert "namespace/kube-system" in elsewhere
        assert "namespace/only-in-the-first" not in elsewhere
    finally:
        cluster.run_kubectl("delete", "namespace", "only-in-the-first", "--wait=false")


def test_one_control_planes_admin_is_a_stranger_to_another(cluster, own_cluster):
    url = own_cluster.run_kubectl(
        "config", "view", "--output=jsonpath={.clusters[0].cluster.server}"
    ).stdout
    refused = cluster.run_kubectl(
        f"--server={url}", "--insecure-skip-tls-verify", "get", "namespaces", check=False
    )

    assert refused.returncode != 0
    assert "Unauthorized" in refused.stderr or "must be logged in" in refused.stderr


def test_starting_twice_keeps_the_processes_that_run(own_cluster):
    before = own_cluster.processes()
    again = LocalCluster(own_cluster.directory)
    again.start()

    assert before.keys() == COMPONENTS
    assert again.processes() == before


def test_stopping_leaves_no_process_and_no_key(own_cluster):
    running = own_cluster.processes()
    own_cluster.stop()

    assert running.keys() == COMPONENTS
    assert not any(processes.is_running(process) for process in running.values())
    assert [path.name for path in own_cluster.directory.iterdir()] == ["lock"]


def test_what_was_kept_is_there_after_the_next_start(own_cluster):
    own_cluster.run_kubectl("create", "namespace", "kept")
    kubeconfig = own_cluster.kubeconfig.read_text()
    own_cluster.stop(keep=True)
    own_cluster.start()

    assert own_cluster.run_kubectl("get", "namespace", "kept").returncode == 0
    assert own_cluster.kubeconfig.read_text() == kubeconfig


def test_stale_records_are_replaced_and_their_pids_left_alone(own_cluster):
    """After a reboot the recorded pids belong to somebody else."""
    own_cluster.stop(keep=True)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        stale = processes.ProcessRecord(APISERVER, stranger.pid, "before the reboot")
        processes.save(stale, own_cluster.directory / "processes")
        try:
            own_cluster.start()

            assert stranger.poll() is None
            assert own_cluster.processes().keys() == COMPONENTS
        finally:
            stranger.kill()


def test_a_killed_component_is_brought_back(own_cluster):
    processes.stop(own_cluster.processes()[ETCD], grace_seconds=0)
    own_cluster.start()

    assert own_cluster.processes().keys() == COMPONENTS
    assert own_cluster.run_kubectl("get", "--raw=/readyz").stdout == "ok"


def test_the_api_server_can_be_away_for_a_while(own_cluster):
    own_cluster.stop_apiserver()

    assert own_cluster.processes().keys() >= {ETCD}
    assert own_cluster.run_kubectl("get", "--raw=/readyz", check=False).returncode != 0

    own_cluster.start_apiserver()

    assert own_cluster.run_kubectl("get", "--raw=/readyz").stdout == "ok"


def test_a_service_account_may_do_less_than_admin(cluster, namespace, tmp_path):
    cluster.run_kubectl("create", "serviceaccount", "nobody", f"--namespace={namespace}")
    kubeconfig = cluster.service_account_kubeconfig(namespace, "nobody", tmp_path / "kubeconfig")
    who = kubectl_as(kubeconfig, cluster, "auth", "whoami", "--output=jsonpath={..username}")
    refused = kubectl_as(kubeconfig, cluster, "get", "secrets")

    assert who.stdout == f"system:serviceaccount:{namespace}:nobody"
    assert refused.returncode == 1
    assert f'cannot list resource "secrets" in API group "" in the namespace "{namespace}"' in (
        refused.stderr
    )
    assert cluster.run_kubectl("get", "secrets", f"--namespace={namespace}").returncode == 0


def test_controllers_act_on_what_is_created(admin_client, namespace):
    """A root certificate appears in each namespace only where a controller manager works."""
    api = CoreV1Api(admin_client)
    found = eventually(
        lambda: api.read_namespaced_config_map("kube-root-ca.crt", namespace),
        what="the root certificate in a new namespace",
    )

    assert "BEGIN CERTIFICATE" in (found.data or {})["ca.crt"]


def test_each_test_has_a_namespace_named_after_it(admin_client, namespace, make_namespace):
    api = CoreV1Api(admin_client)
    other = make_namespace()
    api.create_namespaced_config_map(
        namespace, V1ConfigMap(metadata=V1ObjectMeta(name="mine"), data={})
    )

    assert namespace.startswith("each-test-has-a-namespace-named-after-it-")
    assert other != namespace
    assert "mine" in config_maps(api, namespace)
    assert "mine" not in config_maps(api, other)


def test_the_shell_gets_the_kubeconfig_and_a_kubectl_that_fits(own_cluster, capsys):
    assert main(["env", f"--dir={own_cluster.directory}"]) == 0
    exports = capsys.readouterr().out
    shell = subprocess.run(
        ["sh", "-c", f"{exports}\nkubectl version"], capture_output=True, text=True, check=False
    )

    assert "Server Version: v1.36" in shell.stdout
    assert "Client Version: v1.36" in shell.stdout


def test_the_shell_is_told_when_there_is_no_cluster(tmp_path, capsys):
    assert main(["env", f"--dir={tmp_path}"]) == 1
    said = capsys.readouterr()

    assert said.out == ""
    assert "run `up` first" in said.err
