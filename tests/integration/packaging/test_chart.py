"""The chart as Helm renders it, with its defaults and with what people set."""

import re
import shlex
from typing import Any

import pytest

from scripts.render_manifests import BASE, CHART, ROOT, base_files, render, stale
from tests.integration.packaging.conftest import REQUIRED
from tests.unit.packaging.objects import containers, load_all, of_kind, rules, workloads

pytestmark = pytest.mark.integration

READ = ("cloudops.dev", "cloudproviders", "", "list,watch")


def by_name(objects, *kinds):
    return {(kind, namespace, name) for kind, namespace, name in of_kind(objects, *kinds)}


def environment(objects):
    """Plain values of the components' containers, by Deployment and name."""
    return {
        name: {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
        for name, pod in workloads(objects).items()
    }


def test_helm_finds_nothing_to_complain_about(helm):
    done = helm("lint", "--strict", str(CHART), values=REQUIRED)

    assert done.returncode == 0, done.stdout + done.stderr


def test_committed_manifests_are_what_the_chart_renders():
    assert sorted(stale(base_files(render()), BASE)) == []


def test_no_database_secret_is_an_error_that_says_what_to_set(helm):
    done = helm("template", "cloudops", str(CHART), values={})

    assert done.returncode != 0
    assert "database.existingSecret is required: the name of a Secret" in done.stderr


def test_the_command_of_the_readme_renders_with_the_image_and_secret_made_before_it(helm):
    readme = (ROOT / "README.md").read_text().replace("\\\n", "")
    [command] = re.findall(r"^helm install (.*)$", readme, re.MULTILINE)
    [image] = re.findall(r"^docker build --target production -t (\S+) \.$", readme, re.MULTILINE)
    [secret] = re.findall(r"create secret generic (\S+) --from-literal=url=", readme)
    arguments = [str(CHART) if each.startswith("helm/") else each for each in shlex.split(command)]

    done = helm("template", *arguments, values={})

    assert done.returncode == 0, done.stderr
    for pod in workloads(load_all(done.stdout)).values():
        for container in containers(pod):
            assert container["image"] == image
            reference = container["env"][0]["valueFrom"]["secretKeyRef"]
            assert reference == {"name": secret, "key": "url"}
    assert f"docker push {image}\n" in readme


def test_crds_are_templates_that_survive_the_release(render):
    crds = of_kind(render(), "CustomResourceDefinition")

    generated = [each for file in (ROOT / "crds").glob("*.yaml") for each in load_all(file)]
    assert len(crds) == len(generated) > 0
    for each in generated:
        annotations = each["metadata"].setdefault("annotations", {})
        annotations["helm.sh/resource-policy"] = "keep"
        rendered = crds["CustomResourceDefinition", "", each["metadata"]["name"]]
        # Equal to the last number: Helm reads and writes YAML on the way.
        assert rendered == each


def test_crds_may_go_with_the_release(render):
    crds = of_kind(render(crds={"keep": False}), "CustomResourceDefinition")

    assert crds
    for each in crds.values():
        assert "helm.sh/resource-policy" not in each["metadata"].get("annotations", {})


def test_crds_may_be_left_to_someone_else(render):
    assert of_kind(render(crds={"enabled": False}), "CustomResourceDefinition") == {}


def test_watched_namespaces_get_roles_instead_of_a_cluster_role(render):
    objects = render(watchNamespaces=["team-a", "team-b"])

    roles = of_kind(objects, "ClusterRole", "Role")
    assert rules(roles["ClusterRole", "", "cloudops-controller"]) == [
        ("", "namespaces", "kube-system", "get")
    ]
    for namespace in ("team-a", "team-b"):
        assert READ in rules(roles["Role", namespace, "cloudops-controller-resources"])
        binding = of_kind(objects, "RoleBinding")[
            "RoleBinding", namespace, "cloudops-controller-resources"
        ]
        assert binding["subjects"][0]["namespace"] == "cloudops-system"
    assert environment(objects)["cloudops-controller"]["CLOUDOPS_WATCH_NAMESPACES"] == (
        "team-a,team-b"
    )


@pytest.mark.parametrize(
    "watched",
    [
        pytest.param([], id="every-namespace"),
        pytest.param(["team-a"], id="another"),
        pytest.param(["team-a", "cloudops-system"], id="its-own-as-well"),
    ],
)
def test_events_in_its_own_namespace_are_granted_by_one_role(render, watched):
    roles = of_kind(render(watchNamespaces=watched), "ClusterRole", "Role")
    granting = [
        key
        for key, role in roles.items()
        if ("", "events", "", "create,patch") in rules(role) and key[1] in ("", "cloudops-system")
    ]

    assert len(granting) == 1


def test_secrets_are_readable_in_the_listed_namespaces_only(render):
    objects = render(secretNamespaces=["team-a", "team-b"])

    reading = {
        key: rules(role)
        for key, role in of_kind(objects, "ClusterRole", "Role").items()
        if any("secrets" in rule["resources"] for rule in role["rules"])
    }
    assert reading == {
        ("Role", "team-a", "cloudops-worker-secrets"): [("", "secrets", "", "get")],
        ("Role", "team-b", "cloudops-worker-secrets"): [("", "secrets", "", "get")],
    }


def test_everything_else_lives_in_the_namespace_of_the_release(render):
    objects = render("elsewhere", networkPolicy={"enabled": True})

    cluster_wide = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
    namespaces = {
        each["metadata"].get("namespace") for each in objects if each["kind"] not in cluster_wide
    }
    assert namespaces == {"elsewhere"}
    for binding in of_kind(objects, "ClusterRoleBinding", "RoleBinding").values():
        assert [each["namespace"] for each in binding["subjects"]] == ["elsewhere"]


def test_names_do_not_depend_on_the_name_of_the_release(helm, render):
    other = helm("template", "other", str(CHART), "-n=cloudops-system", values=REQUIRED)

    kinds = ("ServiceAccount", "Deployment", "Role", "ClusterRole")
    assert by_name(load_all(other.stdout), *kinds) == by_name(render(), *kinds)


def test_a_second_release_takes_names_and_a_lease_of_its_own(render):
    objects = render("second", fullnameOverride="canary")

    kinds = ("ServiceAccount", "Deployment", "Role", "RoleBinding", "ClusterRole")
    assert not by_name(objects, *kinds) & by_name(render("second"), *kinds)
    lease = environment(objects)["canary-controller"]["CLOUDOPS_LEADER_LEASE_NAME"]
    role = of_kind(objects, "Role")["Role", "second", "canary-controller"]
    assert lease == "canary-controller"
    assert ("coordination.k8s.io", "leases", lease, "get,update") in rules(role)


def test_settings_reach_both_components(render):
    found = environment(
        render(
            log={"level": "DEBUG", "format": "console"},
            identity={"allowedNamespaces": ["a", "b"]},
            endpoints={"allowed": ["localhost", "vpce-1.s3.example.com"]},
            controller={"reconcileThreads": 3},
            worker={
                "threads": 5,
                "extraEnv": [{"name": "CLOUDOPS_WORKER_POLL_SECONDS", "value": "1"}],
            },
        )
    )

    for name in ("cloudops-controller", "cloudops-worker"):
        assert found[name]["CLOUDOPS_LOG_LEVEL"] == "DEBUG"
        assert found[name]["CLOUDOPS_IDENTITY_ALLOWED_NAMESPACES"] == "a,b"
        assert found[name]["CLOUDOPS_ENDPOINTS_ALLOWED"] == "localhost,vpce-1.s3.example.com"
    assert found["cloudops-controller"]["CLOUDOPS_RECONCILE_THREADS"] == "3"
    assert found["cloudops-worker"]["CLOUDOPS_WORKER_THREADS"] == "5"
    assert found["cloudops-worker"]["CLOUDOPS_WORKER_POLL_SECONDS"] == "1"
    assert "CLOUDOPS_WORKER_POLL_SECONDS" not in found["cloudops-controller"]


def test_further_variables_reach_the_migration_as_well(render):
    """Fails if they do not: a proxy or `PGOPTIONS` of the database would count for one of both."""
    further = {"name": "PGSSLMODE", "value": "verify-full"}
    pods = workloads(render(controller={"extraEnv": [further]}, worker={"extraEnv": [further]}))

    for pod in pods.values():
        assert [further in each["env"] for each in containers(pod)] == [True, True]


def test_migration_can_be_left_to_someone_else(render):
    pods = workloads(render(database={"existingSecret": "db", "key": "dsn", "migrate": False}))

    for pod in pods.values():
        [container] = containers(pod)
        assert container["env"][0]["valueFrom"] == {"secretKeyRef": {"name": "db", "key": "dsn"}}


def test_a_private_ca_of_the_database_reaches_every_container(render):
    """Fails if the migration is left out: with sslmode=verify-full no pod would ever start."""
    authority = {"name": "db-ca", "key": "root.pem"}
    pods = workloads(render(database={"existingSecret": "db", "caSecret": authority}))

    assert len(pods) == 2
    for pod in pods.values():
        [volume] = [each for each in pod["volumes"] if "secret" in each]
        assert volume["secret"] == {
            "secretName": "db-ca",
            "items": [{"key": "root.pem", "path": "ca.crt"}],
        }
        assert len(list(containers(pod))) == 2
        for container in containers(pod):
            [mount] = [each for each in container["volumeMounts"] if each["name"] == volume["name"]]
            found = {each["name"]: each.get("value") for each in container["env"]}
            assert mount["readOnly"]
            assert found["PGSSLROOTCERT"] == f"{mount['mountPath']}/ca.crt"


def test_without_a_private_ca_nothing_is_mounted_and_libpq_decides(render):
    for pod in workloads(render(database={"existingSecret": "db", "migrate": False})).values():
        [container] = containers(pod)
        assert [each["name"] for each in pod["volumes"]] == ["tmp"]
        assert "PGSSLROOTCERT" not in {each["name"] for each in container["env"]}


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        pytest.param({}, "cloudops-central:0.1.0.dev0", id="default"),
        pytest.param({"repository": "r/x", "tag": "7"}, "r/x:7", id="tag"),
        pytest.param(
            {"tag": "7", "digest": "sha256:" + "a" * 64},
            "cloudops-central@sha256:" + "a" * 64,
            id="digest-wins",
        ),
    ],
)
def test_every_container_runs_the_one_image(render, image, wanted):
    pods = workloads(render(image=image)).values()

    assert {each["image"] for pod in pods for each in containers(pod)} == {wanted}


def test_an_autoscaler_takes_over_the_number_of_workers(render):
    scaling = {"enabled": True, "minReplicas": 3, "maxReplicas": 9}
    objects = render(worker={"autoscaling": scaling})

    deployment = of_kind(objects, "Deployment")["Deployment", "cloudops-system", "cloudops-worker"]
    [scaler] = of_kind(objects, "HorizontalPodAutoscaler").values()
    assert "replicas" not in deployment["spec"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == "cloudops-worker"
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (3, 9)


def test_an_autoscaler_whose_least_is_more_than_its_most_is_refused(helm):
    scaling = {"enabled": True, "minReplicas": 3, "maxReplicas": 2}
    values = REQUIRED | {"worker": {"autoscaling": scaling}}
    done = helm("template", "cloudops", str(CHART), values=values)

    assert done.returncode != 0
    assert "worker.autoscaling.minReplicas is 3, more than maxReplicas, which is 2" in done.stderr


def test_network_policies_open_metrics_and_the_listed_ports(render):
    peers = [{"namespaceSelector": {"matchLabels": {"team": "observability"}}}]
    policies = of_kind(
        render(
            networkPolicy={"enabled": True, "metricsFrom": peers, "egressPorts": [443, 6432]},
        ),
        "NetworkPolicy",
    )

    assert {name for _, _, name in policies} == {"cloudops-controller", "cloudops-worker"}
    for policy in policies.values():
        spec = policy["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert spec["ingress"] == [{"ports": [{"protocol": "TCP", "port": "http"}], "from": peers}]
        assert [port["port"] for port in spec["egress"][0]["ports"]] == [53, 53, 443, 6432]


def test_optional_objects_can_be_turned_off(render):
    objects = render(
        metrics={"service": {"enabled": False}},
        podDisruptionBudget={"enabled": False},
        rbac={"aggregate": False},
    )

    kinds = {each["kind"] for each in objects}
    assert not kinds & {"Service", "PodDisruptionBudget", "NetworkPolicy"}
    assert by_name(objects, "ClusterRole") == {("ClusterRole", "", "cloudops-controller")}


def test_pods_can_be_placed_and_labelled(render):
    placed: dict[str, Any] = {
        "podLabels": {"team": "platform"},
        "podAnnotations": {"note": "x"},
        "nodeSelector": {"pool": "tools"},
        "tolerations": [{"key": "tools", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
        "priorityClassName": "high",
        "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r"}},
    }
    objects = render(worker=placed, imagePullSecrets=[{"name": "pull"}])

    deployment = of_kind(objects, "Deployment")["Deployment", "cloudops-system", "cloudops-worker"]
    template = deployment["spec"]["template"]
    account = of_kind(objects, "ServiceAccount")[
        "ServiceAccount", "cloudops-system", "cloudops-worker"
    ]
    assert template["metadata"]["labels"]["team"] == "platform"
    assert template["metadata"]["annotations"] == {"note": "x"}
    for field in ("nodeSelector", "tolerations", "affinity", "priorityClassName"):
        assert template["spec"][field] == placed[field]
    assert template["spec"]["imagePullSecrets"] == [{"name": "pull"}]
    assert account["metadata"]["annotations"] == placed["serviceAccount"]["annotations"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        pytest.param({"worker": {"thread": 4}}, "/worker", id="misspelt-value"),
        pytest.param({"worker": {"threads": 0}}, "/worker/threads", id="no-threads"),
        pytest.param({"worker": {"threads": "8"}}, "/worker/threads", id="number-as-text"),
        pytest.param({"controller": {"replicas": -1}}, "/controller/replicas", id="negative"),
        pytest.param({"log": {"level": "TRACE"}}, "/log/level", id="unknown-level"),
        pytest.param({"image": {"tag": "latest"}}, "/image/tag", id="latest"),
        pytest.param({"image": {"digest": "sha256:1"}}, "/image/digest", id="short-digest"),
        pytest.param({"watchNamespaces": "team-a"}, "/watchNamespaces", id="text-for-list"),
        pytest.param({"secretNamespaces": ["A"]}, "/secretNamespaces/0", id="bad-namespace"),
        pytest.param({"secretNamespaces": ["a", "a"]}, "/secretNamespaces", id="named-twice"),
        pytest.param(
            {"endpoints": {"allowed": ["https://x/"]}}, "/endpoints/allowed/0", id="url-for-host"
        ),
        pytest.param(
            {"networkPolicy": {"egressPorts": [70000]}}, "/networkPolicy/egressPorts/0", id="port"
        ),
        pytest.param({"crds": {"enabled": "yes"}}, "/crds/enabled", id="text-for-switch"),
        pytest.param({"fullnameOverride": "Cloud_Ops"}, "/fullnameOverride", id="bad-name"),
        pytest.param({"worker": {"extraEnv": [{"value": "1"}]}}, "/worker/extraEnv/0", id="env"),
    ],
)
def test_wrong_values_are_refused_with_their_path(helm, values, complaint):
    done = helm("template", "cloudops", str(CHART), values=REQUIRED | values)

    assert done.returncode != 0
    assert f"at '{complaint}'" in done.stderr
