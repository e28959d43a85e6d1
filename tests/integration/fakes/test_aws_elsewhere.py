"""Services that the AWS fake knows by name only, and tables, which need a second call."""

import pytest
from botocore.exceptions import ClientError

from tests.fakes.aws.builders import table
from tests.fakes.aws.faults import Fault

pytestmark = [pytest.mark.integration, pytest.mark.aws]

# One service for each way to write an answer.
PROTOCOLS = [
    pytest.param("sns", "list_topics", "Topics", id="query"),
    pytest.param("kms", "list_keys", "Keys", id="json"),
    pytest.param("lambda", "list_functions", "Functions", id="rest-json"),
    pytest.param("elb", "describe_load_balancers", "LoadBalancerDescriptions", id="shared-name"),
    pytest.param("elbv2", "describe_load_balancers", "LoadBalancers", id="shared-name-2"),
]


@pytest.mark.parametrize(("service", "operation", "member"), PROTOCOLS)
def test_elsewhere_there_is_nothing(connect, prod, service, operation, member):
    assert getattr(connect(service), operation)()[member] == []


@pytest.mark.parametrize(("service", "operation", "member"), PROTOCOLS)
def test_faults_strike_elsewhere_too(connect, fake_aws, prod, service, operation, member):
    fake_aws.inject(Fault.deny(), service=service)

    with pytest.raises(ClientError, match="is not authorized to perform") as caught:
        getattr(connect(service), operation)()
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


def test_sqs_leaves_an_empty_list_out(connect, prod):
    assert connect("sqs").list_queues().keys() == {"ResponseMetadata"}


def test_what_no_listing_asks_for_is_refused(connect, prod):
    with pytest.raises(ClientError, match="InvalidAction"):
        connect("kms").list_grants(KeyId="1234abcd")


def test_a_table_is_listed_by_name_and_described_by_a_second_call(connect, prod):
    prod.put(table("orders", region="eu-west-1", TableStatus="UPDATING", tags={"Team": "shop"}))

    client = connect("dynamodb")
    assert client.list_tables()["TableNames"] == ["orders"]
    found = client.describe_table(TableName="orders")["Table"]
    assert found["TableArn"] in prod.truth()
    assert found["TableStatus"] == "UPDATING"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_table(TableName="others")


def test_the_tags_of_a_table_are_the_tagging_apis_affair(connect, prod):
    prod.put(table("orders", region="eu-west-1", tags={"Team": "shop"}))

    [mapping] = connect("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["dynamodb"])[
        "ResourceTagMappingList"
    ]
    assert mapping["ResourceARN"].endswith(":table/orders")
    assert mapping["Tags"] == [{"Key": "Team", "Value": "shop"}]
