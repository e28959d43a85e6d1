import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudops.api.v1alpha1.cloudprovider import parse_cloudprovider
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.provider import (
    AccountDiscovery,
    AwsAccounts,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    DeletionBrake,
    Globs,
    InventorySettings,
    ProviderSpec,
    RateLimit,
    RoleHop,
)
from tests.data.crds.cloudproviders import (
    ACCEPTED,
    AWS,
    AWS_SECRET,
    AWS_WORKLOAD_IDENTITY,
    AZURE,
    FOCUS,
    GCP,
    REFUSED,
    Accepted,
    Refused,
    changed,
    document,
)

pytestmark = pytest.mark.unit


def refusal(value: object) -> str:
    with pytest.raises(InvalidInputError) as caught:
        parse_cloudprovider(value)
    return str(caught.value)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in REFUSED])
def test_a_mistake_is_refused_once_naming_its_field(case: Refused):
    message = refusal(case.document)

    assert message.startswith(f"{case.path}: ")
    assert "; spec" not in message


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in ACCEPTED])
def test_a_valid_provider_is_accepted_and_makes_a_domain_spec(case: Accepted):
    provider = parse_cloudprovider(case.document)

    assert provider.spec.to_domain().cloud == case.spec["type"]


def test_at_least_forty_mistakes_are_in_the_table_each_once():
    ids = [*(case.id for case in REFUSED), *(case.id for case in ACCEPTED)]

    assert len(REFUSED) >= 40
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("text", "the document must be an object with apiVersion and kind", id="text"),
        pytest.param(None, "the document must be an object with apiVersion and kind", id="nothing"),
        pytest.param(
            {**document(AWS), "kind": "CostBudget"},
            "kind: must be one of 'CloudProvider'",
            id="another-kind",
        ),
        pytest.param(
            {**document(AWS), "apiVersion": "v1"},
            "apiVersion: must be one of 'cloudops.dev/v1alpha1'",
            id="another-version",
        ),
        pytest.param(
            {key: value for key, value in document(AWS).items() if key != "metadata"},
            "metadata: is required",
            id="no-metadata",
        ),
        pytest.param(
            document(changed(AWS_SECRET, {"aws.credentials.secretRef": None})),
            "spec.aws.credentials.secretRef: needed when source is Secret",
            id="rule",
        ),
        pytest.param(
            document({"type": "aws", "aws": None, "azure": AZURE["azure"]}),
            "spec.aws: needed when type is aws; spec.azure: not allowed unless type is azure",
            id="every-broken-rule",
        ),
        *(
            pytest.param(
                document(changed(AWS, {"aws.endpointURL": url})),
                "spec.aws.endpointURL: is no address: see its host and port",
                id=url,
            )
            for url in ("http://[::1", "http://:80", "http://h:99999", "http://h:0")
        ),
        pytest.param(
            document(changed(AWS, {"awz": 1, "suspend": "no"})),
            "spec.suspend: must be true or false; spec.awz: unknown field",
            id="every-wrong-field",
        ),
        pytest.param(
            document(changed(GCP, {"gcp.parents": ["billingAccounts/1", 2]})),
            "spec.gcp.parents[0]: does not match the pattern"
            r" ^((organizations|folders)/[0-9]+|projects/([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]*)$;"
            " spec.gcp.parents[1]: must be a string; numbers and dates need quotes",
            id="list-of-wrong-items-is-not-called-too-short",
        ),
        pytest.param(
            document(changed(AWS, {"aws.accounts.ids": [1]})),
            "spec.aws.accounts.ids[0]: must be a string; numbers and dates need quotes",
            id="number-without-quotes",
        ),
        pytest.param(
            document(changed(AWS, {"inventory.historyDays": 0})),
            "spec.inventory.historyDays: must be at least 1",
            id="below-the-minimum",
        ),
        pytest.param(
            document(changed(AWS, {"\ud800": 1})),
            "spec: Input should be a valid string, unable to parse raw data as a unicode string",
            id="unprintable-key",
        ),
    ],
)
def test_the_message_says_what_to_edit(value: object, message: str):
    assert refusal(value) == message


def test_values_are_not_repeated_in_messages():
    secret = "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI"

    message = refusal(
        document(
            changed(
                AWS,
                {
                    "aws.credentials.roleARN": secret,
                    "aws.credentials.source": secret,
                    "type": secret,
                },
            )
        )
    )

    assert "AKIA" not in message
    assert "wJalr" not in message


def test_status_and_foreign_metadata_are_ignored():
    provider = parse_cloudprovider(
        {
            **document(AWS),
            "metadata": {"name": "a", "uid": "u", "managedFields": [{}]},
            "status": {"conditions": "broken"},
        }
    )

    assert (provider.metadata.name, provider.metadata.namespace) == ("a", "default")


def test_defaults_of_the_domain_are_those_of_the_schema():
    spec = parse_cloudprovider(document(AWS)).spec.to_domain()

    assert spec == ProviderSpec(
        cloud="aws", aws=AwsConnection(credentials=AwsCredentials(CredentialSource.OPERATOR))
    )


def test_everything_said_of_aws_reaches_the_domain():
    spec = changed(
        AWS_SECRET,
        {
            "suspend": True,
            "aws.credentials.roleChain": [
                {"roleARN": "arn:aws:iam::444455556666:role/audit", "externalID": "next"}
            ],
            "aws.accounts": {
                "ids": ["111122223333", "444455556666", "111122223333"],
                "memberRoleName": "reader",
                "memberExternalID": "member",
                "include": ["prod-*"],
                "exclude": ["*-old"],
            },
            "aws.regions": {"include": ["eu-*"], "exclude": ["eu-south-1"]},
            "aws.endpointURL": "http://127.0.0.1:5000",
            "inventory": {
                "syncPeriodSeconds": 60,
                "types": {"include": ["AWS::EC2::*"], "exclude": ["AWS::EC2::Host"]},
                "deletionBrake": {"percent": 100, "minimum": 0},
                "detail": {"callsPerHour": 1, "ttlSeconds": 60},
                "retainDeletedDays": 1,
                "historyDays": 2,
            },
            "rateLimits": [
                {
                    "name": "slow",
                    "service": "ec2",
                    "action": "Describe*",
                    "perSecond": "0.5",
                    "burst": 3,
                    "maxConcurrent": 2,
                },
                {"name": "narrow", "maxConcurrent": 1},
            ],
        },
    )

    assert parse_cloudprovider(document(spec)).spec.to_domain() == ProviderSpec(
        cloud="aws",
        suspended=True,
        aws=AwsConnection(
            credentials=AwsCredentials(
                CredentialSource.SECRET,
                secret_name="aws-credentials",
                roles=(
                    RoleHop("arn:aws:iam::111122223333:role/entry", "acme-42"),
                    RoleHop("arn:aws:iam::444455556666:role/audit", "next"),
                ),
            ),
            accounts=AwsAccounts(
                AccountDiscovery.NONE,
                ids=("111122223333", "444455556666"),
                member_role_name="reader",
                member_external_id="member",
                selection=Globs(("prod-*",), ("*-old",)),
            ),
            regions=Globs(("eu-*",), ("eu-south-1",)),
            endpoint_url="http://127.0.0.1:5000",
        ),
        inventory=InventorySettings(
            sync_period_seconds=60,
            types=Globs(("AWS::EC2::*",), ("AWS::EC2::Host",)),
            brake=DeletionBrake(percent=100, minimum=0),
            detail_calls_per_hour=1,
            detail_ttl_seconds=60,
            retain_deleted_days=1,
            history_days=2,
        ),
        rate_limits=(
            RateLimit("slow", "ec2", "Describe*", "0.5", 3, 2),
            RateLimit("narrow", max_concurrent=1),
        ),
    )


def test_a_service_account_and_its_first_role_reach_the_domain():
    aws = parse_cloudprovider(document(AWS_WORKLOAD_IDENTITY)).spec.to_domain().aws

    assert aws is not None
    assert aws.credentials.service_account_name == "cloud-reader"
    assert [hop.external_id for hop in aws.credentials.roles] == ["", "x1"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        pytest.param(AWS_SECRET, "aws.credentials.secretRef.name", id="secret"),
        pytest.param(AWS_WORKLOAD_IDENTITY, "aws.credentials.serviceAccountName", id="account"),
    ],
)
def test_what_kubernetes_may_call_an_object_can_be_referred_to(spec, path):
    """External Secrets and others make names that are longer than a label."""
    parse_cloudprovider(document(changed(spec, {path: "a" * 253})))

    with pytest.raises(InvalidInputError, match=path.rpartition(".")[2]):
        parse_cloudprovider(document(changed(spec, {path: "a" * 254})))


def test_an_empty_member_role_name_means_the_default_one():
    spec = changed(AWS, {"aws.accounts.memberRoleName": ""})

    aws = parse_cloudprovider(document(spec)).spec.to_domain().aws

    assert aws is not None
    assert aws.accounts.member_role_name == "cloudops-read"


@pytest.mark.parametrize("spec", [pytest.param(s, id=s["type"]) for s in (AZURE, GCP, FOCUS)])
def test_other_clouds_bring_no_aws_connection(spec: dict[str, Any]):
    assert parse_cloudprovider(document(spec)).spec.to_domain().aws is None


KEYS = st.sampled_from(
    (
        *("type", "aws", "azure", "gcp", "focus", "suspend", "credentials", "source", "costs"),
        *("inventory", "rateLimits", "name", "accounts", "ids", "include", "export", "selector"),
        *("allowedNamespaces", "matchLabels"),
    )
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["aws", "Operator", "Secret", "*", "111122223333"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(value=VALUES, field=st.sampled_from(["", "type", "aws", "inventory", "rateLimits", "costs"]))
def test_whatever_stands_in_the_document_it_is_read_or_refused(value: Any, field: str):
    spec = {**AWS, field: value} if field else value

    try:
        parsed = parse_cloudprovider(document(spec))
    except InvalidInputError:
        return

    assert parsed.spec.type == "aws"


@pytest.mark.parametrize(
    "value", [pytest.param(v, id=str(v)) for v in (math.nan, math.inf, 900.5, True, 10**40)]
)
def test_only_whole_numbers_are_integers(value: object):
    message = refusal(document(changed(AWS, {"inventory.syncPeriodSeconds": value})))

    assert message.startswith("spec.inventory.syncPeriodSeconds: ")


def test_nesting_without_end_is_refused():
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"aws": deep}

    assert refusal(document({**AWS, "inventory": deep})).startswith("spec.inventory.aws: unknown")
