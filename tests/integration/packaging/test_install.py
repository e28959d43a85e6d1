"""What is shipped, judged by a real API server."""

import json

import pytest

from scripts.render_manifests import ROOT
from tests.fixtures.operator_access import manifest_list
from tests.fixtures.waiting import eventually
from tests.unit.packaging.objects import Manifest, load_all, of_kind

pytestmark = pytest.mark.integration

MANIFESTS = ROOT / "manifests"
APPLY = ("apply", "--server-side", "--dry-run=server", "--filename=-")


@pytest.fixture
def restricted_namespace(cluster, namespace):
    """Refuses, and warns about, any pod below the restricted Pod Security Standard."""
    modes = [f"pod-security.kubernetes.io/{mode}=restricted" for mode in ("enforce", "warn")]
    cluster.run_kubectl("label", "namespace", namespace, *modes)
    return namespace


def kustomized(cluster, folder: str) -> list[Manifest]:
    return load_all(cluster.run_kubectl("kustomize", MANIFESTS / folder).stdout)


def as_pods(objects: list[Manifest], namespace: str) -> list[Manifest]:
    """The pods that the Deployments would make, in `namespace`, for admission to judge."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace},
            # The account of another namespace's release does not exist here.
            "spec": each["spec"]["template"]["spec"] | {"serviceAccountName": "default"},
        }
        for (_, _, name), each in of_kind(objects, "Deployment").items()
    ]


def test_api_server_accepts_all_that_the_chart_can_render(cluster, restricted_namespace, render):
    objects = render(
        restricted_namespace,
        crds={"enabled": False},
        watchNamespaces=[restricted_namespace],
        workloadIdentity={"serviceAccounts": [{"namespace": restricted_namespace, "name": "a"}]},
        networkPolicy={"enabled": True, "metricsFrom": [{"podSelector": {}}]},
        worker={"autoscaling": {"enabled": True}},
    )

    done = cluster.run_kubectl(*APPLY, stdin=manifest_list(objects))

    assert len(done.stdout.splitlines()) == len(objects)
    assert "would violate PodSecurity" not in done.stderr


@pytest.mark.parametrize("folder", ["base", "overlays/dev", "overlays/production"])
def test_pods_are_admitted_where_the_restricted_standard_is_enforced(
    cluster, restricted_namespace, folder
):
    pods = as_pods(kustomized(cluster, folder), restricted_namespace)

    done = cluster.run_kubectl(*APPLY, stdin=manifest_list(pods))

    assert len(pods) >= 2
    assert len(done.stdout.splitlines()) == len(pods)


def test_a_pod_that_may_escalate_would_not_be_admitted(cluster, restricted_namespace):
    [pod, *_] = as_pods(kustomized(cluster, "base"), restricted_namespace)
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True

    done = cluster.run_kubectl(*APPLY, stdin=json.dumps(pod), check=False)

    assert done.returncode != 0
    assert "allowPrivilegeEscalation" in done.stderr


@pytest.mark.parametrize("overlay", ["dev", "production"])
def test_overlays_keep_everything_in_the_release_namespace(cluster, overlay):
    objects = kustomized(cluster, f"overlays/{overlay}")

    cluster_wide = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"}
    namespaces = {
        each["metadata"].get("namespace") for each in objects if each["kind"] not in cluster_wide
    }
    assert namespaces == {"cloudops-system"}


def test_dev_overlay_brings_the_database_that_its_secret_names(cluster):
    objects = kustomized(cluster, "overlays/dev")

    assert ("Secret", "cloudops-system", "cloudops-database") in of_kind(objects, "Secret")
    assert ("Service", "cloudops-system", "cloudops-postgres") in of_kind(objects, "Service")


def test_production_overlay_ships_no_secret(cluster):
    assert of_kind(kustomized(cluster, "overlays/production"), "Secret") == {}


@pytest.mark.parametrize(
    ("account", "question", "answer"),
    [
        pytest.param("worker", ("get", "secrets"), "yes", id="worker-gets-a-secret"),
        pytest.param("worker", ("list", "secrets"), "no", id="worker-lists-no-secrets"),
        pytest.param("worker", ("watch", "secrets"), "no", id="worker-watches-no-secrets"),
        pytest.param("worker", ("get", "secrets", "-n=default"), "no", id="worker-elsewhere"),
        pytest.param("worker", ("get", "cloudproviders.cloudops.dev"), "no", id="worker-objects"),
        pytest.param("controller", ("get", "secrets"), "no", id="controller-gets-no-secret"),
        pytest.param(
            "controller", ("watch", "cloudproviders.cloudops.dev", "-A"), "yes", id="watches-all"
        ),
        pytest.param(
            "controller",
            ("patch", "cloudproviders.cloudops.dev", "--subresource=status"),
            "yes",
            id="controller-writes-status",
        ),
        pytest.param(
            "controller", ("patch", "cloudproviders.cloudops.dev"), "no", id="but-not-the-spec"
        ),
        pytest.param("controller", ("create", "events", "-n=default"), "yes", id="events"),
        pytest.param(
            "controller", ("update", "leases/cloudops-controller"), "yes", id="its-own-lease"
        ),
        pytest.param("controller", ("update", "leases/another"), "no", id="no-other-lease"),
        pytest.param("controller", ("get", "namespaces/kube-system"), "yes", id="cluster-id"),
        pytest.param("controller", ("get", "namespaces/default"), "no", id="no-other-namespace"),
    ],
)
def test_service_account_may_do_this_and_not_that(
    cluster, crds, operator_access, account, question, answer
):
    identity = f"--as=system:serviceaccount:{operator_access.namespace}:cloudops-{account}"
    namespace = f"--namespace={operator_access.namespace}"

    done = cluster.run_kubectl("auth", "can-i", namespace, *question, identity, check=False)

    assert done.stdout.strip() == answer, done.stderr


def test_editors_of_a_namespace_may_edit_cloud_providers(cluster, crds, operator_access):
    def granted() -> bool:
        return (
            "cloudproviders" in cluster.run_kubectl("get", "clusterrole", "edit", "-o=json").stdout
        )

    # The cluster's own controller copies the rules over, a moment later.
    assert eventually(granted, what="the role edit to take up ours")


@pytest.mark.parametrize(
    "sample",
    sorted(
        set((MANIFESTS / "samples").glob("*.yaml")) - set(MANIFESTS.glob("*/kustomization.yaml"))
    ),
    ids=lambda path: path.stem,
)
def test_api_server_accepts_every_sample(cluster, crds, namespace, sample):
    arguments = ("--dry-run=server", "--server-side", f"--namespace={namespace}")

    done = cluster.run_kubectl("apply", *arguments, f"--filename={sample}")

    assert "serverside-applied" in done.stdout


def test_there_is_a_sample_for_every_cloud_and_kustomize_takes_them_all(cluster):
    samples = kustomized(cluster, "samples")

    assert {each["spec"]["type"] for each in samples} == {"aws", "azure", "gcp", "focus"}
    files = {file.name for file in (MANIFESTS / "samples").glob("*.yaml")}
    assert len(samples) == len(files - {"kustomization.yaml"})
