"""manifests/base as it is committed, without Helm and without a cluster."""

import pytest

from cloudops import __version__
from cloudops.api.v1alpha1.cloudprovider import CloudProvider
from cloudops.api.v1alpha1.parsing import parse
from cloudops.settings import Settings
from scripts.render_manifests import BASE, CHART, ROOT, base_files, chart_crds, stale
from tests.unit.packaging.objects import (
    base_objects,
    containers,
    load_all,
    of_kind,
    workloads,
)

pytestmark = pytest.mark.unit

PODS = workloads(base_objects())
CONTAINERS = [
    pytest.param(pod, container, id=f"{name}/{container['name']}")
    for name, pod in PODS.items()
    for container in containers(pod)
]


def test_two_deployments_run_under_their_own_service_accounts():
    accounts = {name: pod["serviceAccountName"] for name, pod in PODS.items()}

    assert accounts == {
        "cloudops-controller": "cloudops-controller",
        "cloudops-worker": "cloudops-worker",
    }


def test_two_controllers_stand_so_that_one_can_lead_while_the_other_restarts():
    deployment = of_kind(base_objects(), "Deployment")[
        "Deployment", "cloudops-system", "cloudops-controller"
    ]

    assert deployment["spec"]["replicas"] == 2


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_container_meets_the_restricted_pod_security_standard(pod, container):
    security = container["securityContext"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    # OpenShift assigns user ids of its own.
    assert "runAsUser" not in pod["securityContext"] | security


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_container_may_write_to_tmp_only(pod, container):
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]  # noqa: S108  a mount
    assert pod["volumes"] == [{"name": "tmp", "emptyDir": {}}]


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_every_cloudops_variable_is_a_setting_that_accepts_the_value(pod, container):
    plain = {
        each["name"].removeprefix("CLOUDOPS_").lower(): each["value"]
        for each in container["env"]
        if "value" in each
    }
    names = {each["name"].removeprefix("CLOUDOPS_").lower() for each in container["env"]}

    assert names <= set(Settings.model_fields)
    assert Settings(**plain).deployment_name == pod["serviceAccountName"]


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_database_url_comes_from_a_secret_and_nowhere_else(pod, container):
    [url] = [each for each in container["env"] if each["name"] == "CLOUDOPS_DATABASE_URL"]

    assert url == {
        "name": "CLOUDOPS_DATABASE_URL",
        "valueFrom": {"secretKeyRef": {"name": "cloudops-database", "key": "url"}},
    }


@pytest.mark.parametrize("name", PODS)
def test_probes_ask_livez_and_readyz_and_the_schema_is_migrated_first(name):
    pod = PODS[name]
    [container] = pod["containers"]

    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert [each["args"] for each in pod["initContainers"]] == [["migrate"]]
    assert container["args"] == [name.removeprefix("cloudops-")]


@pytest.mark.parametrize("name", PODS)
def test_pod_has_longer_to_stop_than_a_worker_needs_to_hand_back_its_leases(name):
    assert PODS[name]["terminationGracePeriodSeconds"] > Settings().worker_stop_seconds


def test_every_selector_finds_the_pods_of_one_component():
    objects = base_objects()
    labels = {
        name: each["spec"]["template"]["metadata"]["labels"]
        for (_, _, name), each in of_kind(objects, "Deployment").items()
    }
    selecting = of_kind(objects, "Service", "PodDisruptionBudget")

    assert len(selecting) == 4
    for (_, _, name), each in selecting.items():
        wanted = each["spec"]["selector"]
        wanted = wanted.get("matchLabels", wanted)
        found = [pods for pods, has in labels.items() if wanted.items() <= has.items()]
        assert found == [name.removesuffix("-metrics")]


def test_kustomization_lists_every_file_of_the_base():
    [kustomization] = load_all(BASE / "kustomization.yaml")

    files = {file.name for file in BASE.glob("*.yaml")}
    assert set(kustomization["resources"]) == files - {"kustomization.yaml"}


def test_chart_and_package_have_the_same_version():
    [chart] = load_all(CHART / "Chart.yaml")

    assert chart["appVersion"] == __version__


def test_chart_holds_exactly_the_generated_crds():
    wanted = chart_crds(ROOT / "crds")

    assert sorted(stale(wanted, CHART / "files" / "crds")) == []


def test_an_edited_a_missing_and_an_unwanted_file_are_stale(tmp_path):
    same, edited, missing, unwanted = (tmp_path / f"{name}.yaml" for name in "abcd")
    for path in (same, edited, unwanted):
        path.write_text("kind: Service\n")

    found = stale({same: "kind: Service\n", edited: "kind: Role\n", missing: ""}, tmp_path)

    assert sorted(found) == [edited, missing, unwanted]


def test_rendering_takes_helms_marks_off_and_keeps_comments():
    rendered = """---
# Source: cloudops-central/templates/x.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: a  # why it is called so
  labels: {helm.sh/chart: c-1, app.kubernetes.io/managed-by: Helm, kept: "1"}
  annotations: {helm.sh/resource-policy: keep}
"""

    files = base_files(rendered)

    text = files[BASE / "serviceaccounts.yaml"]
    [account] = load_all(text)
    assert account["metadata"] == {"name": "a", "labels": {"kept": "1"}}
    assert "why it is called so" in text
    assert "# Source" not in text
    [kustomization] = load_all(files[BASE / "kustomization.yaml"])
    assert kustomization["resources"] == ["namespace.yaml", "serviceaccounts.yaml"]


def test_rendering_refuses_a_kind_that_has_no_file():
    with pytest.raises(KeyError, match="DaemonSet"):
        base_files("kind: DaemonSet\nmetadata: {name: a}\n")


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param(file, id=file.stem)
        for file in sorted((ROOT / "manifests" / "samples").glob("*.yaml"))
        if file.name != "kustomization.yaml"
    ],
)
def test_sample_is_valid_without_a_cluster_too(sample):
    [document] = load_all(sample)

    provider = parse(CloudProvider, document)

    assert provider.spec.type == document["spec"]["type"]
