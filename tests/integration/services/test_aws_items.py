"""Strange items, from the wire to the row: too large, too many tags, odd letters, no id, twice."""

import pytest

from cloudops.collectors.canonical import MAX_BYTES
from tests.fakes.aws.builders import bucket, instance, security_group, table, user
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.rows import SERVED
from tests.integration.store.seeding import ACCOUNT, rows

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

REGION = "eu-west-1"
INSTANCES = "aws.ec2.instances"
ODD = "a\0b \u202eevil\u2066 \N{KEY} e\u0301 \u2028ß"
# More than the 256 KiB that a document may hold.
TAGS = {f"key-{n:03}": f"value {n}" + "." * 1_000 * (n < 299) for n in range(300)}
STORED = ODD.replace("\0", "\ufffd")


def row_of(rig, arn):
    (row,) = rows(rig.engine, "SELECT * FROM inventory WHERE canonical_id = :arn", arn=arn)
    return row


def changes(rig):
    return rig.value("SELECT count(*) FROM change")


def arn(service, name, region=REGION, account=ACCOUNT):
    return f"arn:aws:{service}:{region}:{account}:{name}"


class TestOneMegabyte:
    """A security group with 16,000 ranges; the answer of that page alone is more than 1 MB."""

    ID = "sg-large"

    @pytest.fixture
    def large(self, aws):
        self.write(aws, "first")
        aws.period()
        return aws

    def write(self, rig, note, ranges=16_000):
        described = "for a range that somebody once asked for"
        permission = {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "IpRanges": [
                {"CidrIp": f"10.{n // 256}.{n % 256}.0/24", "Description": described}
                for n in range(ranges)
            ],
        }
        rig.account.put(
            security_group(self.ID, region=REGION, IpPermissions=[permission], Description=note)
        )

    def row(self, rig):
        return row_of(rig, arn("ec2", f"security-group/{self.ID}"))

    def test_is_cut_at_the_limit_and_says_so(self, large):
        """Fails without `limited`: the row holds a document of 1.4 MB."""
        row = self.row(large)
        assert row.truncated
        assert row.document["cloudops.dev/flags"] == ["truncated"]
        assert row.document["IpPermissions"]["truncated"] is True
        assert row.document["IpPermissions"]["bytes"] > 1_000_000
        assert row.document["Description"] == "first"
        size = large.value("SELECT max(octet_length(CAST(document AS text))) FROM facet")
        assert size <= MAX_BYTES
        assert large.scope("aws.ec2.security-groups").status == "complete"

    def test_does_not_change_by_being_read_again(self, large):
        """Fails with a marker that is not the same each time, such as a time stamp."""
        before = changes(large)

        large.period()

        assert changes(large) == before

    def test_shows_that_something_in_the_cut_part_changed(self, large):
        """Fails without the digest in the marker of what was cut, if the sizes are the same."""
        before, digest = changes(large), self.row(large).document["IpPermissions"]["digest"]
        self.write(large, "first", ranges=15_999)

        large.period()

        assert changes(large) == before + 1
        assert self.row(large).document["IpPermissions"]["digest"] != digest


class TestThreeHundredTags:
    @pytest.mark.parametrize(
        ("resource", "id_"),
        [
            pytest.param(
                instance("i-many", region=REGION, tags=TAGS),
                arn("ec2", "instance/i-many"),
                id="of-the-listing",
            ),
            pytest.param(
                bucket("many", region=REGION, tags=TAGS),
                arn("s3", "many", "", ""),
                id="of-the-tagging-api",
            ),
        ],
    )
    def test_are_all_kept_and_can_be_asked_for(self, aws, resource, id_):
        """Fails with any cap on tags, for instance the 50 that AWS documents."""
        aws.account.put(resource)

        aws.period()

        assert row_of(aws, id_).tags == TAGS
        found = rows(
            aws.engine, 'SELECT 1 FROM inventory WHERE tags @> \'{"key-299": "value 299"}\''
        )
        assert len(found) == 1


@pytest.mark.parametrize(
    ("resource", "id_", "tags_listed"),
    [
        pytest.param(
            instance("i-odd", region=REGION, tags={"Name": ODD, ODD: "x"}),
            arn("ec2", "instance/i-odd"),
            True,
            id="ec2",
        ),
        pytest.param(
            user(ODD, tags={ODD: ODD}), arn("iam", f"user/{STORED}", ""), True, id="query"
        ),
        pytest.param(bucket(ODD, region=REGION), arn("s3", STORED, "", ""), False, id="rest-xml"),
        pytest.param(
            bucket("odd", region=REGION, tags={ODD: ODD}),
            arn("s3", "odd", "", ""),
            True,
            id="json-1.1",
        ),
        pytest.param(
            table("odd", region=REGION, TableId=ODD),
            arn("dynamodb", "table/odd"),
            False,
            id="json-1.0",
        ),
    ],
)
def test_letters_that_no_column_takes_are_replaced_and_everything_else_is_kept(
    aws, resource, id_, tags_listed
):
    """In each protocol. Fails without `Cleaner.text`: PostgreSQL refuses NUL, the scope fails."""
    aws.account.put(resource)

    aws.period()

    assert set(aws.statuses().values()) == {"complete"}
    row = row_of(aws, id_)
    if tags_listed:
        assert STORED in {*row.tags, *row.tags.values()}
    assert "\0" not in str(row.document)
    before = changes(aws)
    aws.period()
    assert changes(aws) == before


@pytest.mark.parametrize("how", ["missing-id", "empty-id"])
def test_an_item_without_an_id_makes_its_listing_partial_and_deletes_nothing(aws, how):
    """Whose id can't be read may be anybody: what is missing may be this very item.

    Fails without `malformed` in `ListingRun._collect`: the listing is complete, and two of
    its passes delete the first thing of each listing.
    """
    truth = aws.account.truth()
    for listing in SERVED:
        aws.aws.inject(Fault.malformed(how), operation=listing.operation, page=0)

    aws.period()
    aws.period()

    listed = [row for row in rows(aws.engine, "SELECT * FROM scope") if row.item_count]
    assert {(row.status, row.error_class, row.error_code) for row in listed} == {
        ("partial", "malformed_item", "MalformedItem")
    }
    assert all(row.malformed_count >= 1 for row in listed)
    assert aws.inventory_view() == truth
    assert aws.value("SELECT count(*) FROM facet WHERE missing_since IS NOT NULL") == 0

    aws.aws.clear_faults()
    aws.period()
    assert set(aws.statuses().values()) == {"complete"}
    assert aws.scope(INSTANCES).malformed_count == 0


@pytest.mark.parametrize(
    "fault", [Fault.duplicates(2), Fault.overlap()], ids=["in-a-page", "over-pages"]
)
def test_an_item_that_is_shown_twice_is_one_row(aws, fault):
    """Fails without `_DEDUPLICATE` in the merge, where an item comes in two pages."""
    for listing in SERVED:
        aws.aws.inject(fault, operation=listing.operation)
    more = [instance(f"i-new-{n}", region=REGION) for n in range(3)]
    aws.account.put(more)

    aws.period()

    assert set(aws.statuses().values()) == {"complete"}
    assert aws.inventory_view() == aws.account.truth()
    assert aws.scope(INSTANCES).item_count == 8
    before = changes(aws)
    aws.period()
    assert changes(aws) == before
