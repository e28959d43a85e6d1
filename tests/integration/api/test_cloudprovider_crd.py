"""CloudProviders before a real API server: what it refuses, fills in, merges and explains."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes.client import ApiException, ApiextensionsV1Api, CustomObjectsApi

from cloudops.api.v1alpha1.cloudprovider import parse_cloudprovider
from cloudops.api.v1alpha1.crd import CLOUD_PROVIDER, render_crd
from tests.data.crds.cloudproviders import (
    ACCEPTED,
    AWS,
    AWS_SECRET,
    AZURE,
    GCP,
    REFUSED,
    Accepted,
    Refused,
    changed,
    document,
)

pytestmark = pytest.mark.integration

Document = dict[str, Any]
WHERE: Any = {"group": "cloudops.dev", "version": "v1alpha1", "plural": "cloudproviders"}
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


@pytest.fixture
def objects(admin_client, crds) -> CustomObjectsApi:
    return CustomObjectsApi(admin_client)


@pytest.fixture
def try_out(objects: CustomObjectsApi) -> Callable[[Document], Document]:
    """Creates strictly, but keeps nothing."""

    def create(body: Document) -> Document:
        created: Any = objects.create_namespaced_custom_object(
            **WHERE, namespace="default", body=body, dry_run="All", field_validation="Strict"
        )
        return dict(created)

    return create


@pytest.fixture
def keep(objects: CustomObjectsApi, namespace: str) -> Callable[[Document], Document]:
    def create(body: Document) -> Document:
        created: Any = objects.create_namespaced_custom_object(
            **WHERE, namespace=namespace, body=body
        )
        return dict(created)

    return create


@pytest.fixture
def patch(objects: CustomObjectsApi, namespace: str) -> Callable[..., Document]:
    """Changes, or applies on the server's side where `manager` is given."""

    def send(body: Document, *, manager: str = "") -> Document:
        arguments: Any = {"field_manager": manager, "force": False} if manager else {}
        place: Any = {**WHERE, "namespace": namespace, "name": "example"}
        objects.patch_namespaced_custom_object(
            **place, body=body, _content_type=APPLY if manager else MERGE, **arguments
        )
        stored: Any = objects.get_namespaced_custom_object(**place)
        return dict(stored)

    return send


def refusal(send: Callable[[], Document]) -> tuple[set[str], str]:
    """The fields that the API server names, and its whole message."""
    with pytest.raises(ApiException) as caught:
        send()
    status = json.loads(caught.value.body or "")
    causes = status.get("details", {}).get("causes", [])
    # An error of type, enum or length keeps the rules from being judged and says so, without field.
    return {cause["field"] for cause in causes if cause["field"] != "<nil>"}, status["message"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in REFUSED])
def test_a_mistake_is_refused_naming_its_field(case: Refused, try_out):
    fields, message = refusal(lambda: try_out(case.document))

    assert fields == {case.path} or f'unknown field "{case.path}"' in message


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in ACCEPTED])
def test_a_valid_provider_is_accepted_and_read_back_alike(case: Accepted, try_out):
    stored = try_out(case.document)

    assert parse_cloudprovider(stored).spec == parse_cloudprovider(case.document).spec


def test_the_messages_of_rules_are_those_of_the_command_line(try_out):
    _, message = refusal(
        lambda: try_out(document(changed(AWS, {"aws.credentials.source": "Secret"})))
    )

    assert "spec.aws.credentials.secretRef: Required value: needed when source is Secret" in message


def test_defaults_are_filled_in(try_out):
    stored = try_out(document(AWS))

    assert stored["spec"] == {
        "type": "aws",
        "suspend": False,
        "aws": {
            "credentials": {"source": "Operator"},
            "accounts": {
                "discovery": "None",
                "memberRoleName": "cloudops-read",
                "include": ["*"],
            },
            "regions": {"include": ["*"]},
        },
        "inventory": {
            "syncPeriodSeconds": 900,
            "types": {"include": ["*"]},
            "deletionBrake": {"percent": 30, "minimum": 20},
            "detail": {"callsPerHour": 2000, "ttlSeconds": 86400},
            "retainDeletedDays": 30,
            "historyDays": 180,
        },
        "costs": {
            "source": "None",
            "syncPeriodSeconds": 43200,
            "requestBudgetPerDay": 24,
            "estimatedDays": 2,
            "finalizeAfterDay": 10,
            "retainChargesDays": 400,
            "api": {"by": "Service"},
        },
        "allowedNamespaces": {"from": "Same"},
    }


def test_an_object_that_nobody_has_seen_says_so(try_out):
    assert try_out(document(AWS))["status"] == {"observedGeneration": -1}


@pytest.mark.parametrize(
    "target",
    [
        pytest.param({"type": "azure", "aws": None, "azure": AZURE["azure"]}, id="azure"),
        pytest.param({"type": "gcp", "aws": None, "gcp": GCP["gcp"]}, id="gcp"),
    ],
)
def test_the_type_cannot_be_changed(target: Document, keep, patch):
    keep(document(AWS))

    fields, message = refusal(lambda: patch({"spec": target}))

    assert fields == {"spec.type"}
    assert "immutable" in message


def test_everything_else_can_be_changed(keep, patch):
    keep(document(AWS_SECRET))

    changed_object = patch(
        {
            "spec": {
                "suspend": True,
                "aws": {
                    "credentials": {"source": "Operator", "secretRef": None},
                    "accounts": {"discovery": "Organization", "ids": []},
                },
            }
        }
    )

    assert changed_object["spec"]["aws"]["accounts"]["discovery"] == "Organization"
    assert changed_object["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("aws.regions.include", ["eu-*"], id="regions"),
        pytest.param("aws.accounts.include", ["prod-*"], id="accounts"),
        pytest.param("inventory.types.include", ["AWS::EC2::*"], id="types"),
    ],
)
def test_an_applied_list_replaces_the_default_instead_of_merging_with_it(
    path: str, value: list[str], patch
):
    def at(body: Document) -> Any:
        for step in ("spec", *path.split(".")):
            body = body[step]
        return body

    created = patch(document(AWS), manager="git")
    applied = patch(document(changed(AWS, {path: value})), manager="git")
    removed = patch(document(AWS), manager="git")

    assert (at(created), at(applied), at(removed)) == (["*"], value, ["*"])


def test_rate_limits_of_several_appliers_are_merged_by_name(patch):
    def limits(name: str, most: int) -> Document:
        return document(changed(AWS, {"rateLimits": [{"name": name, "maxConcurrent": most}]}))

    patch(limits("ec2", 1), manager="platform")
    merged = patch(limits("s3", 2), manager="storage")

    names = {limit["name"]: limit["maxConcurrent"] for limit in merged["spec"]["rateLimits"]}
    assert names == {"ec2": 1, "s3": 2}


def test_unknown_fields_are_refused_when_applied_and_pruned_when_posted(keep, patch):
    posted = keep(document(changed(AWS, {"awz": 1})))
    _, message = refusal(lambda: patch(document(changed(AWS, {"awz": 1})), manager="git"))

    assert "awz" not in posted["spec"]
    assert ".spec.awz: field not declared in schema" in message


def test_status_takes_what_the_operator_writes_and_spec_stays(objects, keep, namespace):
    keep(document(AWS))
    moment = "2026-11-23T08:00:00Z"
    status = {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Succeeded",
                "message": "m" * 1024,
                "observedGeneration": 1,
                "lastTransitionTime": moment,
            }
        ],
        "observedGeneration": 1,
        "lastHandledReconcileAt": moment,
        "identity": {"principal": "arn:aws:iam::111122223333:user/u", "organizationID": "o-1"},
        "accounts": {"total": 10, "reachable": 9, "unreachable": 1},
        "inventory": {
            "resources": 4_000_000_000,
            "deletedLast24h": 0,
            "oldestCompleteTime": moment,
            "lastChangeTime": moment,
            "scopes": dict.fromkeys(
                (
                    *("total", "complete", "partial", "denied"),
                    *("unsupported", "throttled", "failed", "overdue"),
                ),
                1,
            ),
        },
        "problems": [
            {
                "reason": "AccessDenied",
                "permission": "ec2:DescribeInstances",
                "listing": "aws.ec2.instances",
                "accounts": 1,
                "regions": 2,
                "exampleAccount": "111122223333",
                "exampleRegion": "eu-west-1",
                "sinceTime": moment,
                "message": "grant it",
            }
        ],
        "problemsTotal": 21,
        "costs": {
            "source": "API",
            "currency": "EUR",
            "lastCompleteDate": "2026-11-22",
            "monthToDate": "-1.50",
            "requestsLast24h": 3,
            "requestCostLast24h": {"amount": "0.03", "currency": "USD"},
        },
    }

    written: Any = objects.patch_namespaced_custom_object_status(
        **WHERE,
        namespace=namespace,
        name="example",
        body={**document({"suspend": True}), "status": status},
        field_manager="cloudops-cloudprovider",
        force=True,
        _content_type=APPLY,
    )

    assert written["status"] == status
    assert written["spec"]["suspend"] is False


def test_the_served_definition_is_the_rendered_one(admin_client, crds):
    """Nothing was pruned or added: a GitOps tool finds no difference."""
    definition: Any = ApiextensionsV1Api(admin_client).read_custom_resource_definition(
        CLOUD_PROVIDER.crd_name, _preload_content=False
    )
    served = json.loads(definition.data)

    rendered = render_crd(CLOUD_PROVIDER)["spec"]
    assert served["spec"]["names"] == rendered["names"]
    assert served["spec"]["versions"] == rendered["versions"]


def test_the_table_answers_the_daily_question(cluster, keep, namespace):
    keep(document(AWS))

    shown = cluster.run_kubectl("get", "cloud", "-n", namespace, "-o", "wide").stdout
    by_category = cluster.run_kubectl("get", "cloudops", "-n", namespace, "-o", "name").stdout

    header = shown.splitlines()[0].split()
    assert " ".join(header) == (
        "NAME TYPE READY REACHABLE ACCOUNTS RESOURCES OLDEST SYNC AGE REASON SUSPENDED STATUS"
    )
    assert "cloudprovider.cloudops.dev/example" in by_category


@pytest.mark.parametrize(
    ("field", "words"),
    [
        pytest.param("cloudprovider", "where to read", id="kind"),
        pytest.param("cloudprovider.spec.aws", "Which accounts are read.", id="member"),
        pytest.param("cloudprovider.spec.aws.credentials.roleARN", "Example:", id="leaf"),
        pytest.param("cloudprovider.spec.inventory.syncPeriodSeconds", "Seconds", id="units"),
        pytest.param("cloudprovider.status.inventory.scopes", "Scopes", id="status"),
    ],
)
def test_explain_explains(field: str, words: str, cluster, crds):
    assert words in " ".join(cluster.run_kubectl("explain", field).stdout.split())
