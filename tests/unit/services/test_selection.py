"""Which listings a spec leads to."""

import pytest

from cloudops.collectors.aws.catalogue import CATALOGUE, CLOUD_CONTROL, LISTINGS
from cloudops.collectors.aws.tagging import TAGGING
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.provider import Globs, InventorySettings, ProviderSpec
from cloudops.services.selection import narrowed, planned_listings, types_of

pytestmark = pytest.mark.unit


def planned(types: Globs) -> set[str]:
    spec = ProviderSpec("aws", inventory=InventorySettings(types=types))
    return {row.name for row, _ in planned_listings(CATALOGUE, spec)}


def test_without_a_selection_every_described_listing_is_planned():
    assert planned(types_of(CATALOGUE, ())) == {row.name for row in LISTINGS}


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        pytest.param(["AWS::EC2::Volume"], {"aws.ec2.volumes"}, id="type"),
        pytest.param(
            ["storage.bucket"],
            {"aws.s3.buckets", "aws.s3.buckets.details", TAGGING},
            id="kind-with-tags",
        ),
        pytest.param(
            ["AWS::IAM::Role", "AWS::EC2::VPC"],
            {"aws.iam.authorization-details", "aws.ec2.vpcs"},
            id="several",
        ),
    ],
)
def test_globs_select_by_type_or_kind(globs: list[str], expected: set[str]):
    assert planned(types_of(CATALOGUE, globs)) == expected


def test_an_excluded_type_takes_its_listing_with_it():
    everything = {row.name for row in LISTINGS}

    assert everything - planned(Globs(exclude=("AWS::SQS::*",))) == {
        "aws.sqs.queues",
        "aws.sqs.queues.details",
    }


def test_details_are_not_planned_where_no_calls_are_allowed_for_them():
    spec = ProviderSpec("aws", inventory=InventorySettings(detail_calls_per_hour=0))

    chosen = {row.name for row, _ in planned_listings(CATALOGUE, spec)}

    assert chosen == {row.name for row in LISTINGS if row.details_of is None}


@pytest.mark.parametrize("glob", ["AWS::*", "other.*", "*::*", "AWS::?*"])
def test_what_has_to_be_named_is_planned_where_a_glob_says_more_than_everything(glob: str):
    named = {row.name for row in CLOUD_CONTROL}

    assert named <= planned(types_of(CATALOGUE, [glob]))


@pytest.mark.parametrize("glob", ["*", "**"])
def test_everything_does_not_name_it(glob: str):
    assert planned(Globs((glob,))) == {row.name for row in LISTINGS}


def test_both_can_be_asked_for():
    keys = "aws.cloudcontrol.apigateway-api-key"

    assert planned(Globs(("*", "AWS::ApiGateway::ApiKey"))) == {
        *(row.name for row in LISTINGS),
        keys,
    }
    assert keys not in planned(Globs(("*", "other.*"), exclude=("other.apigateway-*",)))


def test_a_misspelt_type_is_refused():
    with pytest.raises(InvalidInputError, match=r"AWS::EC2::Instances: there is no such type"):
        types_of(CATALOGUE, ["AWS::EC2::*", "AWS::EC2::Instances"])


def test_a_narrowed_listing_knows_the_wanted_types_alone():
    whole = next(row for row in LISTINGS if row.name == "aws.iam.authorization-details")

    some = narrowed(whole, ["AWS::IAM::User", "AWS::IAM::Role"])

    assert set(some.types) == {"AWS::IAM::User", "AWS::IAM::Role"} < set(whole.types)
    assert some.name == whole.name
    assert narrowed(whole, ()) is whole
