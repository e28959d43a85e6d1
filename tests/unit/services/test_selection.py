"""Which listings a spec leads to."""

import pytest

from cloudops.collectors.aws.arns import TAGGING
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.provider import Globs, InventorySettings, ProviderSpec
from cloudops.services.selection import planned_listings, types_of

pytestmark = pytest.mark.unit


def planned(types: Globs) -> set[str]:
    spec = ProviderSpec("aws", inventory=InventorySettings(types=types))
    return {row.name for row, _ in planned_listings(LISTINGS, spec)}


def test_without_a_selection_every_listing_is_planned():
    assert planned(types_of(LISTINGS, ())) == {row.name for row in LISTINGS}


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        pytest.param(["AWS::EC2::Volume"], {"aws.ec2.volumes"}, id="type"),
        pytest.param(["storage.bucket"], {"aws.s3.buckets", TAGGING}, id="kind-with-tags"),
        pytest.param(
            ["AWS::IAM::Role", "AWS::EC2::VPC"],
            {"aws.iam.authorization-details", "aws.ec2.vpcs"},
            id="several",
        ),
    ],
)
def test_globs_select_by_type_or_kind(globs: list[str], expected: set[str]):
    assert planned(types_of(LISTINGS, globs)) == expected


def test_an_excluded_type_takes_its_listing_with_it():
    everything = {row.name for row in LISTINGS}

    assert everything - planned(Globs(exclude=("AWS::SQS::*",))) == {"aws.sqs.queues"}


def test_a_misspelt_type_is_refused():
    with pytest.raises(InvalidInputError, match=r"AWS::EC2::Instances: there is no such type"):
        types_of(LISTINGS, ["AWS::EC2::*", "AWS::EC2::Instances"])
