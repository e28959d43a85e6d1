"""What the rows of functions, tables, clusters, queues, topics, keys and secrets promise."""

from collections.abc import Callable
from typing import Any

import jmespath
import orjson
import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.identifiers import compile_shape
from cloudops.collectors.paths import Place, find, parse_path
from cloudops.domain.resource import Facet, TagSource
from tests.unit.collectors.detail_rows import stored
from tests.unit.collectors.rows import recorded

pytestmark = pytest.mark.unit

BY_NAME = {listing.name: listing for listing in LISTINGS}
TABLES = "aws.dynamodb.tables.details"
TOLD = "asked[].answers[]"


def documents(name: str, change: Callable[[dict[str, Any]], None]) -> list[tuple[bytes, Any]]:
    """Digest and document of each item, before and after a change of the recorded answer."""
    record = recorded(BY_NAME[name])
    change(record)
    found = stored(BY_NAME[name], record)
    return [(o.digest, orjson.loads(o.document)) for o in found]


def nothing(_record: dict[str, Any]) -> None:
    pass


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Change every place of the recorded answer that `path` names."""

    def change(record: dict[str, Any]) -> None:
        places: list[Place] = list(find(record, parse_path(path)))
        assert places
        for place in places:
            assert place.value != value
            place.put(value)

    return change


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        pytest.param(name, path, value, id=f"{name}-{path}")
        for name, path, value in (
            (TABLES, f"{TOLD}.Table.ItemCount", 7),
            (TABLES, f"{TOLD}.Table.TableSizeBytes", 7),
            (
                TABLES,
                f"{TOLD}.Table.ProvisionedThroughput.NumberOfDecreasesToday",
                7,
            ),
            (
                TABLES,
                f"{TOLD}.Table.GlobalSecondaryIndexes[].IndexSizeBytes",
                7,
            ),
            (
                TABLES,
                f"{TOLD}.Table.GlobalSecondaryIndexes[].ItemCount",
                7,
            ),
            (
                TABLES,
                f"{TOLD}.Table.WarmThroughput.ReadUnitsPerSecond",
                13_000,
            ),
            ("aws.ecs.clusters", "described[].clusters[].runningTasksCount", 7),
            ("aws.ecs.clusters", "described[].clusters[].activeServicesCount", 7),
            (
                "aws.sqs.queues.details",
                f"{TOLD}.Attributes.ApproximateNumberOfMessages",
                "7",
            ),
            ("aws.sns.topics.details", f"{TOLD}.Attributes.SubscriptionsConfirmed", "7"),
            ("aws.sns.topics.details", f"{TOLD}.Attributes.SubscriptionsPending", "7"),
        )
    ]
    + [
        pytest.param(
            "aws.secretsmanager.secrets",
            "answer.SecretList[].LastAccessedDate",
            "2026-11-11T00:00:00Z",
            id="secret-read",
        )
    ],
)
def test_what_moves_by_itself_is_no_change(name: str, path: str, value: Any):
    """Fails for a counter that is not volatile: every pass would write history."""
    before, after = documents(name, nothing), documents(name, put(path, value))

    assert [digest for digest, _ in before] == [digest for digest, _ in after]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        (TABLES, f"{TOLD}.Table.DeletionProtectionEnabled", True),
        ("aws.lambda.functions", "answer.Functions[].Runtime", "python3.14"),
        ("aws.lambda.functions", "answer.Functions[].Environment.Variables.LOG_LEVEL", "DEBUG"),
        ("aws.sqs.queues.details", f"{TOLD}.Attributes.VisibilityTimeout", "31"),
        ("aws.sns.topics.details", f"{TOLD}.Attributes.DisplayName", "Orders"),
        ("aws.kms.keys.details", f"{TOLD}.KeyMetadata.KeyState", "PendingDeletion"),
        ("aws.secretsmanager.secrets", "answer.SecretList[].LastChangedDate", "2026-11-11"),
    ],
)
def test_what_somebody_did_is_a_change(name: str, path: str, value: Any):
    assert documents(name, nothing) != documents(name, put(path, value))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param(name, path, id=f"{name}-{path}")
        for name, path in (
            ("aws.lambda.functions", "answer.Functions[].VpcConfig.SubnetIds"),
            ("aws.lambda.functions", "answer.Functions[].VpcConfig.SecurityGroupIds"),
            (TABLES, f"{TOLD}.Table.AttributeDefinitions"),
            (
                TABLES,
                f"{TOLD}.Table.GlobalSecondaryIndexes[].Projection.NonKeyAttributes",
            ),
            ("aws.eks.clusters.details", f"{TOLD}.cluster.resourcesVpcConfig.subnetIds"),
            (
                "aws.eks.clusters.details",
                f"{TOLD}.cluster.logging.clusterLogging[].types",
            ),
            ("aws.eks.clusters.details", f"{TOLD}.cluster.computeConfig.nodePools"),
            ("aws.ecs.clusters", "described[].clusters[].capacityProviders"),
            ("aws.ecs.clusters", "described[].clusters[].tags"),
            ("aws.secretsmanager.secrets", "answer.SecretList[].SecretVersionsToStages.*"),
            ("aws.secretsmanager.secrets", "answer.SecretList[].Tags"),
        )
    ],
)
def test_a_reshuffled_list_is_no_change(name: str, path: str):
    def reverse(record: dict[str, Any]) -> None:
        lists = [place.value for place in find(record, parse_path(path))]
        assert any(len(one) > 1 for one in lists)
        for one in lists:
            one.reverse()

    assert documents(name, nothing) == documents(name, reverse)


def test_the_variables_of_a_function_are_hidden_but_their_names_are_not():
    [(_, shown), _] = documents("aws.lambda.functions", nothing)

    variables = shown["Environment"]["Variables"]
    assert variables.keys() == {"ORDERS_TABLE", "LOG_LEVEL"}
    assert all(value.keys() == {"redacted", "fingerprint"} for value in variables.values())


def test_policies_of_queues_and_topics_are_read_as_what_they_say():
    [(_, queue), _] = documents("aws.sqs.queues.details", nothing)
    [(_, topic), _] = documents("aws.sns.topics.details", nothing)

    assert jmespath.search("Policy.Statement[].Action", queue) == ["sqs:SendMessage"]
    assert jmespath.search("RedrivePolicy.maxReceiveCount", queue) == 3
    assert jmespath.search("length(Policy.Statement)", topic) == 1
    assert jmespath.search("EffectiveDeliveryPolicy.http", topic)


def test_keys_that_aws_manages_are_there_and_can_be_told_apart():
    managers = [
        document["KeyManager"] for _, document in documents("aws.kms.keys.details", nothing)
    ]

    assert sorted(managers) == ["AWS", "CUSTOMER", "CUSTOMER", "CUSTOMER"]


def test_nobody_asks_how_aws_rotates_its_own_keys():
    """Fails where all are asked about: some may not be, and nothing of them would be known."""
    told = [document for _, document in documents("aws.kms.keys.details", nothing)]

    own = [key for key in told if key["KeyManager"] == "CUSTOMER"]
    assert {key["KeyManager"] for key in told if key["Rotation"] is None} > {"CUSTOMER"}
    assert len([key for key in own if key["Rotation"]]) == 1


def test_of_secrets_only_the_metadata_is_asked_for():
    permissions = {permission for listing in LISTINGS for permission in listing.permissions}

    assert "secretsmanager:ListSecrets" in permissions
    assert not [p for p in permissions if p.endswith(("SecretValue", "GetParameter", ":Decrypt"))]


def test_an_arn_has_one_owner_in_the_tagging_pass():
    """Fails if templates of two listings fit one ARN: both would claim its tags."""
    shapes = [
        (emits.owner_listing, compile_shape(emits.id_shape))
        for listing in LISTINGS
        if listing.facet is Facet.TAGS
        for emits in listing.emits
    ]
    for listing in LISTINGS:
        if listing.facet is not Facet.LISTED:
            continue
        tagged = {e.type for e in listing.emits if e.tag_source is TagSource.TAGGING}
        for one in recorded(listing)["expected"]:
            owners = {owner for owner, shape in shapes if shape.fullmatch(one["id"])}
            assert owners == ({listing.name} if one["type"] in tagged else set())
