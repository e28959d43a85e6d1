"""Invariants of every row of the AWS catalogue."""

from collections import Counter
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from cloudops.collectors.aws.arns import KMS_KEY, service_of
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.aws.error_codes import CREDENTIAL_CODES, DENIED_CODES
from cloudops.collectors.aws.tagging import TAGGING, tagging_listings
from cloudops.collectors.detailing import words_of
from cloudops.collectors.vocabulary import Listing, RegionRule, To
from cloudops.domain.resource import Facet, TagSource
from tests.fakes.aws.rows import DETAILED, LISTED
from tests.unit.collectors import detail_rows
from tests.unit.collectors.rows import RECORDED, read, recorded, violations

pytestmark = pytest.mark.unit

ROWS = [pytest.param(listing, id=listing.name) for listing in LISTED]
DENIALS = (
    "arn:aws:sts::1:assumed-role/read/x is not authorized to perform: a:Get on resource: *",
    "x is not authorized because no identity-based policy allows the a:Get action",
    "User: x is not authorized to access this resource",
    "is not authorized to perform: a:Get with an explicit deny in a service control policy",
    "You are not authorized to perform this operation.",
    "Access Denied",
    "The security token included in the request is invalid",
    "The user is not allowed to do this",
)
MAY_BE_DENIALS = ("AccessException", "DeniedException", "OperationException", "RequestException")
# KMS's word for keys that nobody can rotate; it denies with others.
IS_NO_DENIAL = "UnsupportedOperationException"
BY_NAME = {listing.name: listing for listing in LISTINGS}
TAGGED = [listing for listing in LISTINGS if listing.facet is Facet.TAGS]


@pytest.mark.parametrize("listing", ROWS)
def test_a_row_keeps_its_promises_on_its_recorded_answer(listing: Listing):
    assert violations(listing, recorded(listing)) == []


@pytest.mark.parametrize("listing", DETAILED, ids=lambda row: row.name)
def test_a_row_of_details_keeps_its_promises_on_its_recorded_answers(listing: Listing):
    assert detail_rows.violations(listing, recorded(listing)) == []


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda row: row.name)
def test_no_denial_is_taken_for_an_answer_that_there_is_none(listing: Listing):
    """Fails with `is not` as the words of Security Hub: denials say `is not authorized`."""
    calls = words_of(listing).calls if listing.details_of else (listing,)
    for code, words in chain.from_iterable(one.absent.items() for one in calls):
        if words:
            assert not [one for one in words.split("|") for denial in DENIALS if one in denial]
        else:
            assert not code.endswith(MAY_BE_DENIALS) or code == IS_NO_DENIAL
            assert code not in DENIED_CODES | CREDENTIAL_CODES


def test_names_are_unique():
    assert Counter(listing.name for listing in LISTINGS).most_common(1)[0][1] == 1


def test_a_type_has_one_owner_listing():
    owners = Counter(t for row in LISTINGS if row.facet is Facet.LISTED for t in row.types)

    assert owners.most_common(1)[0][1] == 1


def test_every_recorded_answer_belongs_to_a_row():
    assert {path.stem for path in RECORDED.glob("*.json")} == set(BY_NAME)


def test_the_tagging_passes_ask_for_exactly_the_services_whose_tags_they_own():
    regional: set[str] = set()
    at_home: set[str] = set()
    for row in LISTED:
        for emits in row.emits:
            if row.facet is Facet.LISTED and emits.tag_source is TagSource.TAGGING:
                is_global = row.region_rule is RegionRule.GLOBAL and not emits.region
                (at_home if is_global else regional).add(service_of(emits.id_template))

    asked = {row.name: row.parameters["ResourceTypeFilters"] for row in TAGGED}
    assert asked.pop(TAGGING) == sorted(regional)
    assert asked == {f"aws.tagging.{service}": [service] for service in at_home}


def test_tags_of_what_lies_in_no_region_are_read_once_where_its_service_is_at_home():
    """Fails if all tags are read region by region: those of a zone stand in us-east-1 alone."""
    placed = {emits.type: (row.region_rule, row.home_of) for row in TAGGED for emits in row.emits}

    assert placed["AWS::Route53::HostedZone"] == (RegionRule.GLOBAL, "route53")
    assert placed["AWS::CloudFront::Distribution"] == (RegionRule.GLOBAL, "cloudfront")
    assert placed["AWS::IAM::InstanceProfile"] == (RegionRule.GLOBAL, "iam")
    # All buckets are listed at once, but each has its tags in its own region.
    assert placed["AWS::S3::Bucket"] == (RegionRule.REGIONAL, "")
    assert len(placed) == sum(len(row.emits) for row in TAGGED)


def test_a_facet_names_the_listing_of_its_resources():
    for row in LISTINGS:
        for emits in row.emits:
            if row.facet is Facet.LISTED:
                assert emits.owner_listing == ""
            else:
                assert emits.type in BY_NAME[emits.owner_listing].types


@pytest.mark.parametrize("name", sorted({e.owner_listing for row in TAGGED for e in row.emits}))
def test_a_tagged_type_is_matched_by_the_id_of_its_described_row(name: str):
    listing = BY_NAME[name]
    described = read(listing, recorded(listing))
    tagged = {o.uid for row in TAGGED for o in read(row, recorded(row)).observations}

    tagged_types = {emits.type for emits in listing.emits if emits.tag_source is TagSource.TAGGING}
    for native_type in tagged_types:
        own = {o.uid for o in described.observations if o.head and o.head.type == native_type}
        assert own & tagged


def test_every_recorded_answer_says_where_it_is_from():
    words = Counter(recorded(listing)["source"].partition(":")[0] for listing in LISTINGS)

    assert set(words) <= {"recorded", "emulated", "synthetic"}
    assert words["synthetic"] <= len(LISTINGS) / 4


def test_a_tagged_type_without_an_arn_template_is_refused():
    buckets = BY_NAME["aws.s3.buckets"]
    nameless = replace(buckets, emits=(replace(buckets.emits[0], id="Name"),))

    with pytest.raises(ValueError, match="AWS::S3::Bucket"):
        tagging_listings([nameless])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"permissions": ()}, "no permission named", id="no-permission"),
        pytest.param({"permissions": ("s3",)}, "s3 is no IAM action", id="bad-permission"),
        pytest.param({"name": "S3"}, "S3: not aws.<service>.<plural>", id="bad-name"),
        pytest.param({"page_size": 0}, "asks for no page size", id="no-page-size"),
        pytest.param({"parameters": {"Bucket": 1}}, "the API refuses", id="unknown-parameter"),
    ],
)
def test_a_wrong_row_is_found_out(change: dict[str, Any], complaint: str):
    listing = BY_NAME["aws.s3.buckets"]

    found = violations(replace(listing, **change), recorded(listing))

    assert [wrong for wrong in found if wrong.startswith(complaint)]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"created": "Name"}, "Name is no time", id="created"),
        pytest.param({"unordered": ("Name",)}, "Name is no list", id="unordered"),
        pytest.param({"volatile": ("Nothing",)}, "items have no Nothing", id="volatile"),
        pytest.param({"items": "Baskets"}, "has no list Baskets", id="items"),
        pytest.param({"tags": "Tags"}, "tags and tag_source disagree", id="tags"),
        pytest.param({"type": "Bucket"}, "Bucket is no native type", id="type"),
        pytest.param({"kind": "bucket"}, "bucket is no kind", id="kind"),
    ],
)
def test_wrong_paths_are_found_out(change: dict[str, Any], complaint: str):
    listing = BY_NAME["aws.s3.buckets"]
    row = replace(listing, emits=(replace(listing.emits[0], **change),))
    empty = {"answer": {"Buckets": [], "Baskets": []}, "expected": []}

    assert any(complaint in wrong for wrong in violations(row, empty))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"volatile": ("SnapshotId",)}, "snapshot lie in what is volatile", id="cut"),
        pytest.param(
            {"redact": ("SnapshotId",)}, "snapshot lie in what is volatile", id="redacted"
        ),
        pytest.param(
            {"edges": {"snapshot": To("SnapshotId", KMS_KEY, pattern="snapshot/(.+)")}},
            "edges is None",
            id="nowhere",
        ),
        pytest.param(
            {"edges": {"snapshot": To("Attachments[].Device", KMS_KEY)}},
            "no recorded snapshot fits arn:{partition}:kms",
            id="never-an-id",
        ),
    ],
)
def test_wrong_edges_are_found_out(change: dict[str, Any], complaint: str):
    listing = BY_NAME["aws.ec2.volumes"]
    row = replace(listing, emits=(replace(listing.emits[0], **change),))

    assert any(complaint in wrong for wrong in violations(row, recorded(listing)))


def test_a_restart_does_not_make_an_instance_a_new_one():
    instances = BY_NAME["aws.ec2.instances"]
    before, after = recorded(instances), recorded(instances)
    after["answer"]["Reservations"][0]["Instances"][0]["LaunchTime"] = "2026-11-11T11:11:11Z"

    made = [
        [o.head.created_at for o in read(instances, record).observations if o.head is not None]
        for record in (before, after)
    ]
    assert made[0] == made[1]
