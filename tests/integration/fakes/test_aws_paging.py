"""Pages, tokens, and listings of very many items."""

import time
import tracemalloc

import pytest
from botocore.exceptions import ClientError, PaginationError

from tests.fakes.aws.builders import (
    bucket,
    instance,
    policy,
    role,
    security_group,
    slim,
    table,
    user,
    volume,
)
from tests.fakes.aws.faults import Fault

pytestmark = [pytest.mark.integration, pytest.mark.aws]

LISTINGS = [
    pytest.param(
        "ec2", "describe_instances", "Reservations[].Instances[].InstanceId", id="instances"
    ),
    pytest.param("ec2", "describe_volumes", "Volumes[].VolumeId", id="volumes"),
    pytest.param("ec2", "describe_security_groups", "SecurityGroups[].GroupId", id="groups"),
    pytest.param("s3", "list_buckets", "Buckets[].Name", id="buckets"),
    pytest.param("dynamodb", "list_tables", "TableNames[]", id="tables"),
    pytest.param(
        "iam",
        "get_account_authorization_details",
        "[UserDetailList[].Arn, RoleDetailList[].Arn, Policies[].Arn][]",
        id="iam",
    ),
    pytest.param(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList[].ResourceARN",
        id="tagging",
    ),
]
SIZE = {
    "describe_instances": "MaxResults",
    "describe_volumes": "MaxResults",
    "describe_security_groups": "MaxResults",
    "list_buckets": "MaxBuckets",
    "list_tables": "Limit",
    "get_account_authorization_details": "MaxItems",
    "get_resources": "ResourcesPerPage",
}
TOKEN = {
    "list_buckets": ("ContinuationToken", "ContinuationToken"),
    "list_tables": ("ExclusiveStartTableName", "LastEvaluatedTableName"),
    "get_account_authorization_details": ("Marker", "Marker"),
    "get_resources": ("PaginationToken", "PaginationToken"),
}


@pytest.fixture
def estate(prod):
    region = "eu-west-1"
    for n in range(23):
        tags = {"n": str(n)}
        prod.put(
            instance(f"i-{n:02}", region=region, tags=tags),
            volume(f"vol-{n:02}", region=region, tags=tags),
            security_group(f"sg-{n:02}", region=region),
            bucket(f"bucket-{n:02}", region=region, tags=tags),
            table(f"table-{n:02}", region=region),
            [user(f"user-{n:02}"), role(f"role-{n:02}"), policy(f"policy-{n:02}")],
        )
    return prod


@pytest.mark.parametrize(("service", "operation", "path"), LISTINGS)
def test_pages_hold_what_was_asked_for_up_to_the_set_size(
    connect, fake_aws, estate, service, operation, path
):
    client = connect(service)
    everything = sorted(client.get_paginator(operation).paginate().search(path))
    assert len(everything) == len(set(everything)) >= 23
    asked = {SIZE[operation]: 6}
    pages = list(client.get_paginator(operation).paginate(PaginationConfig={"PageSize": 6}))
    assert len(pages) == -(-len(everything) // 6)
    fake_aws.page_size("*", 4)
    fake_aws.reset_calls()
    found = list(client.get_paginator(operation).paginate(**asked).search(path))
    assert sorted(found) == everything
    assert [call.items for call in fake_aws.calls()] == [4] * (len(everything) // 4) + (
        [len(everything) % 4] if len(everything) % 4 else []
    )
    assert [call.page for call in fake_aws.calls()] == list(range(fake_aws.call_count()))


@pytest.mark.parametrize(("service", "operation", "path"), LISTINGS)
def test_tokens_are_opaque_and_good_for_their_own_listing_only(
    connect, fake_aws, estate, service, operation, path
):
    del path
    fake_aws.page_size("*", 5)
    sent, received = TOKEN.get(operation, ("NextToken", "NextToken"))
    client = connect(service)
    token = getattr(client, operation)()[received]
    assert not any(word in token for word in ("i-0", "bucket", "user"))
    getattr(client, operation)(**{sent: token})
    expected = {
        "ec2": "InvalidParameterValue",
        "s3": "InvalidArgument",
        "dynamodb": "ValidationException",
        "iam": "ValidationError",
        "resourcegroupstaggingapi": "InvalidParameterException",
    }[service]
    wrong = ["rubbish", token[:-8] + "AAAAAAAA"]
    if service != "iam":
        fake_aws.account("999988887777", access_key="AKIAOTHER")
        other = connect(service, access_key="AKIAOTHER", secret_key="secret-of-AKIAOTHER")
        with pytest.raises(ClientError, match=expected):
            getattr(other, operation)(**{sent: token})
    for bad in wrong:
        with pytest.raises(ClientError) as caught:
            getattr(client, operation)(**{sent: bad})
        assert caught.value.response["Error"]["Code"] == expected
    fake_aws.expire_tokens()
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**{sent: token})
    if service == "resourcegroupstaggingapi":
        expected = "PaginationTokenExpiredException"
    assert caught.value.response["Error"]["Code"] == expected


def test_a_page_of_tags_is_cut_by_the_number_of_tags(connect, prod):
    tags = {str(n): "x" for n in range(30)}
    prod.put(*(instance(f"i-{n}", region="eu-west-1", tags=tags) for n in range(10)))
    tagging = connect("resourcegroupstaggingapi")
    first = tagging.get_resources(TagsPerPage=100)
    assert len(first["ResourceTagMappingList"]) == 3
    with pytest.raises(ClientError, match="InvalidParameterException"):
        tagging.get_resources(TagsPerPage=150)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        tagging.get_resources(ResourcesPerPage=101)


def test_what_lives_during_a_listing_is_shown_once_whatever_comes_and_goes(connect, fake_aws, prod):
    prod.put(*(instance(f"i-{n:02}", region="eu-west-1") for n in range(0, 40, 2)))
    fake_aws.page_size("DescribeInstances", 5)
    paginator = connect("ec2").get_paginator("describe_instances")
    shown = []
    for number, page in enumerate(paginator.paginate()):
        shown += [one["Instances"][0]["InstanceId"] for one in page["Reservations"]]
        if number == 0:
            # The token stands behind i-08: the last one shown, one before and one behind it go.
            prod.delete("i-08", "i-02", "i-10")
            prod.put(instance("i-01", region="eu-west-1"), instance("i-11", region="eu-west-1"))
    stayed = {f"i-{n:02}" for n in range(0, 40, 2)} - {"i-08", "i-02", "i-10"}
    assert stayed <= set(shown)
    assert len(shown) == len(set(shown))
    assert "i-11" in shown
    assert not {"i-10", "i-01"} & set(shown)


def test_a_repeated_token_duplicates_and_an_empty_page(connect, fake_aws, estate):
    fake_aws.page_size("DescribeInstances", 10)
    paginator = connect("ec2").get_paginator("describe_instances")
    path = "Reservations[].Instances[].InstanceId"
    rule = fake_aws.inject(Fault.duplicates(2), operation="DescribeInstances", page=1)
    found = list(paginator.paginate().search(path))
    assert (len(found), len(set(found))) == (25, 23)
    assert fake_aws.hits(rule) == 1
    fake_aws.clear_faults(rule)
    fake_aws.inject(Fault.empty_page(), operation="DescribeInstances", page=2, times=1)
    fake_aws.reset_calls()
    assert len(list(paginator.paginate().search(path))) == 23
    assert [call.items for call in fake_aws.calls()] == [10, 10, 0, 3]
    fake_aws.clear_faults()
    for page in (0, 1):
        fake_aws.inject(Fault.repeat_token(), operation="DescribeInstances", page=page)
    with pytest.raises(PaginationError, match="same next token"):
        list(paginator.paginate())


def test_200_000_groups_are_made_and_paged_in_bounded_time_and_memory(connect, fake_aws, prod):
    # Security groups have no times, which are what botocore takes longest to parse.
    tracemalloc.start()
    started = time.monotonic()
    prod.put_fleet(slim(security_group("sg-{n:017x}", region="eu-west-1")), 200_000)
    made = time.monotonic() - started
    held, _ = tracemalloc.get_traced_memory()
    client = connect("ec2", read_timeout=120)
    first = client.describe_security_groups(MaxResults=1000)
    tracemalloc.reset_peak()
    client.describe_security_groups(MaxResults=1000, NextToken=first["NextToken"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 300 * 2**20
    assert peak - held < 100 * 2**20
    fake_aws.reset_calls()
    started = time.monotonic()
    paging = {"PageSize": 1000}
    pages = client.get_paginator("describe_security_groups").paginate(PaginationConfig=paging)
    seen = {one["GroupId"] for page in pages for one in page["SecurityGroups"]}
    read = time.monotonic() - started
    assert len(seen) == 200_000
    assert fake_aws.call_count("ec2", "DescribeSecurityGroups") == 200
    assert made < 120
    assert read < 300
    assert len(prod.truth()) == 200_000


def test_200_000_tagged_items_are_paged_100_at_a_time(connect, fake_aws, prod):
    prod.put_fleet(instance("i-{n:017x}", region="eu-west-1", tags={"Name": "web-{n}"}), 200_000)
    pages = (
        connect("resourcegroupstaggingapi")
        .get_paginator("get_resources")
        .paginate(PaginationConfig={"PageSize": 100})
    )
    names = set(pages.search("ResourceTagMappingList[].Tags[].Value"))
    assert len(names) == 200_000
    assert fake_aws.call_count() == 2000
