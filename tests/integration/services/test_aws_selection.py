"""What is asked for changes: types, regions, the catalogue itself. Retired is never deleted."""

from dataclasses import replace

import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.tagging import TAGGING
from cloudops.domain.ledger import LeaseKind
from cloudops.domain.resource import resource_uid
from cloudops.services.maintenance import MaintenanceService
from tests.fakes.aws.builders import bucket, table, zone
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.rows import AT_HOME, SERVED
from tests.integration.services.aws_rig import aws_cloud, aws_spec
from tests.integration.store.seeding import execute, rows

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

REGION = "eu-west-1"
IAM = "aws.iam.authorization-details"
NEW = "aws.iam.newer"
USER = "AWS::IAM::User"


def retired(rig):
    """(listing, region) → why, of all scopes that are not asked for."""
    found = rows(rig.engine, "SELECT * FROM scope WHERE retired_at IS NOT NULL")
    return {(row.listing, row.region): row.retired_reason for row in found}


def shown(rig, part):
    return {arn for arn in rig.inventory_view() if part in arn}


class TestTypes:
    def narrow(self, rig, **wanted):
        rig.plan(aws_spec(rig.aws.url, **wanted), generation=2)
        rig.period()
        rig.period()

    def test_that_are_not_asked_for_any_more_leave_the_view_and_are_not_deleted(self, aws):
        """Fails without `_RETIRE`'s `retired_at`: deleting scopes would delete their rows."""
        truth = aws.account.truth()

        self.narrow(aws, excluded=["AWS::EC2::Volume", "identity.user"])

        assert {listing for listing, _ in retired(aws)} == {"aws.ec2.volumes"}
        assert set(retired(aws).values()) == {"TypeNotSelected"}
        assert shown(aws, "volume/") == shown(aws, "user/") == set()
        assert len(shown(aws, "role/")) == 5
        assert aws.live() == truth

    def test_come_back_as_they_are_now_once_they_are_asked_for_again(self, aws):
        """Fails without `retired_at = NULL` in `_SCOPES`."""
        gone = min(aws.account.truth(kind="ec2:volume"))
        self.narrow(aws, excluded=["AWS::EC2::Volume", "identity.user"])
        aws.account.delete(gone)

        aws.plan(generation=3)
        aws.work()

        # What went meanwhile is in question at first, like everything that one pass misses.
        assert aws.inventory_view() == aws.account.truth() | {gone}
        aws.period()
        assert aws.inventory_view() == aws.account.truth()
        assert retired(aws) == {}
        assert aws.value("SELECT count(*) FROM change WHERE operation = 'deleted'") == 1

    def test_that_went_while_nobody_looked_are_not_known_to_be_gone(self, aws):
        """Fails without both the types of the load (`_load`) and `selects` in the sweep."""
        users = aws.account.truth(kind="iam:user")
        self.narrow(aws, excluded=["identity.user"])
        aws.account.clear("iam:user")

        aws.period()
        aws.period()

        assert users <= aws.live()


def tagged(rig, part=""):
    """ARN → whether the tagging pass missed it, and its tags; `?` where nothing listed it."""
    found = rows(
        rig.engine,
        "SELECT coalesce(r.canonical_id, '?') AS id, f.missing_since IS NOT NULL AS missing, r.tags"
        " FROM facet f LEFT JOIN resource r USING (uid) WHERE f.facet = 'tags'",
    )
    return {row.id: (row.missing, row.tags) for row in found if part in row.id}


class TestTags:
    """Of buckets, which the tagging API brings."""

    BUCKET = "AWS::S3::Bucket"

    def test_of_types_that_are_not_asked_for_are_not_stored(self, worker):
        """Fails without `narrowed` in `_collect`: they would be stored, and never go."""
        rig = worker()
        rig.account.put(bucket("a", region=REGION, tags={"Team": "shop"}))
        rig.account.put(table("b", region=REGION, tags={"Team": "shop"}))
        rig.plan(aws_spec(rig.aws.url, excluded=[self.BUCKET]))

        rig.work()

        assert {arn.rpartition("/")[2] for arn in tagged(rig)} == {"b"}
        assert rig.scope(TAGGING).status == "complete"

    @pytest.mark.parametrize("regions", ["eu-*", "*"])
    def test_of_what_lies_in_no_region_are_read_whatever_regions_are_selected(
        self, worker, regions
    ):
        """Fails if the regions' own passes alone read tags: those of a zone are at home."""
        rig = worker(aws_cloud([*SERVED, *AT_HOME]))
        rig.account.put(zone("Z1", tags={"Team": "shop"}))
        rig.plan(aws_spec(rig.aws.url, regions=[regions]))

        rig.period()
        rig.period()

        [facet] = rows(
            rig.engine,
            "SELECT f.uid, s.listing, s.region, s.status FROM facet f"
            " JOIN scope s ON s.id = f.scope_id WHERE f.facet = 'tags'",
        )
        assert facet.uid == resource_uid("aws", "arn:aws:route53:::hostedzone/Z1")
        assert (facet.listing, facet.region) == ("aws.tagging.route53", "global")
        assert facet.status == "complete"

    def test_stay_with_what_is_not_asked_for_any_more(self, aws):
        """Fails without the resource's type in `_MARK`, or without it in `_DROP_FACETS`.

        One of them was missed once already when its type was excluded.
        """
        before = tagged(aws, "s3")
        assert len(before) == 10
        self.miss(aws, min(before))

        aws.plan(aws_spec(aws.aws.url, excluded=[self.BUCKET]), generation=2)
        aws.period()
        aws.period()

        assert shown(aws, "s3") == set()
        assert {arn: tags for arn, (_, tags) in tagged(aws, "s3").items()} == {
            arn: {"Team": "shop"} for arn in before
        }
        assert {arn for arn, (missing, _) in tagged(aws, "s3").items() if missing} == {min(before)}

    def test_come_back_with_their_types(self, aws):
        before = tagged(aws, "s3")
        aws.plan(aws_spec(aws.aws.url, excluded=[self.BUCKET]), generation=2)
        aws.period()
        aws.period()

        aws.plan(generation=3)
        aws.work()

        assert tagged(aws, "s3") == before
        assert shown(aws, "s3") == set(before)

    def test_go_with_their_resources_when_those_were_kept_for_long_enough(self, aws):
        """Fails if the pass brings them anew after that: nobody would ever drop them."""
        aws.plan(aws_spec(aws.aws.url, excluded=[self.BUCKET]), generation=2)
        aws.work()
        aws.age(31 * 86_400)

        MaintenanceService(aws.engine).run()
        aws.work()

        assert tagged(aws, "s3") == tagged(aws, "?") == {}
        aws.plan(generation=3)
        aws.work()
        assert len(tagged(aws, "s3")) == 10
        assert aws.inventory_view() == aws.account.truth()

    def miss(self, aws, arn):
        """A complete pass does not show its tags."""
        uid = resource_uid("aws", arn)
        execute(
            aws.engine,
            "UPDATE facet SET missing_since = now() WHERE uid = :uid AND facet = 'tags'",
            uid=uid,
        )


class TestRegions:
    def test_that_are_not_asked_for_any_more_leave_the_view_and_come_back(self, aws):
        """Fails without `RegionNotSelected` scopes being kept: nothing would be left to revive."""
        truth = aws.account.truth()
        aws.plan(aws_spec(aws.aws.url, regions=["us-*"]), generation=2)
        aws.period()
        aws.period()

        assert set(retired(aws).values()) == {"RegionNotSelected"}
        assert {region for _, region in retired(aws)} == {REGION}
        assert shown(aws, f"ec2:{REGION}") == set()
        assert aws.live() == truth

        aws.plan(generation=3)
        aws.work()
        assert aws.inventory_view() == truth

    def test_that_the_account_switches_off_likewise(self, aws):
        """Fails if a region that AWS does not name any more is an empty one: rows deleted."""
        truth = aws.account.truth()
        aws.account.opt_out(REGION)

        aws.period()
        aws.period()

        assert shown(aws, f"ec2:{REGION}") == set()
        assert aws.live() == truth

        aws.account.opt_in(REGION)
        aws.period()
        assert aws.inventory_view() == truth
        assert aws.value("SELECT count(*) FROM change WHERE operation = 'deleted'") == 0

    def test_that_may_not_be_read_are_those_that_are_known(self, aws):
        """Fails with `regions = d.regions` in `_DETAILS`: no region is one without things."""
        truth = aws.account.truth()
        aws.aws.inject(Fault.deny(), operation="DescribeRegions")

        aws.period()
        aws.period()

        (problem,) = aws.snapshot().problems
        assert (problem.reason, problem.permission) == ("AccessDenied", "ec2:DescribeRegions")
        assert retired(aws) == {}
        assert aws.inventory_view() == truth

        aws.aws.clear_faults()
        aws.period()
        assert aws.snapshot().problems == ()

    def test_that_match_nothing_are_no_regions_and_delete_nothing(self, aws):
        """A misspelt glob. Fails like the first of these."""
        truth = aws.account.truth()
        aws.plan(aws_spec(aws.aws.url, regions=["eu-wset-1"]), generation=2)

        aws.period()
        aws.period()

        assert aws.live() == truth
        assert shown(aws, "ec2") == set()
        assert len(shown(aws, "role/")) == 5


def newer(*, moved_types: set[str], operation: str = "") -> AwsCloud:
    """A later version of the catalogue: some types of the IAM listing have one of their own."""
    listings = []
    for listing in SERVED:
        if listing.name != IAM:
            listings.append(listing)
            continue
        stay = tuple(emits for emits in listing.emits if emits.type not in moved_types)
        move = tuple(emits for emits in listing.emits if emits.type in moved_types)
        if stay:
            listings.append(replace(listing, emits=stay))
        taken_over = replace(listing, name=NEW, emits=move)
        if operation:
            taken_over = replace(taken_over, operation=operation, parameters={})
        listings.append(taken_over)
    return aws_cloud(listings)


ALL_OF_IAM = {emits.type for listing in SERVED if listing.name == IAM for emits in listing.emits}


class TestListingThatTakesOverATypeInALaterVersion:
    @pytest.mark.parametrize(
        "moved", [{USER}, ALL_OF_IAM], ids=["one-of-several-types", "all-of-them"]
    )
    def test_takes_over_its_rows_and_deletes_none(self, aws, worker, moved):
        """Fails without both `hand_over` and `scope_id` in `_DIFFERENT`: the old one keeps them."""
        truth = aws.account.truth()
        upgraded = worker(newer(moved_types=moved))

        for _ in range(3):
            upgraded.period()

        assert upgraded.inventory_view() == truth
        owners = rows(
            upgraded.engine,
            "SELECT DISTINCT listing FROM inventory WHERE type = ANY(:types)",
            types=sorted(moved),
        )
        assert [row.listing for row in owners] == [NEW]
        assert upgraded.value("SELECT count(*) FROM change WHERE operation = 'deleted'") == 0

    @pytest.mark.parametrize(
        ("moved", "excluded"),
        [({USER}, []), ({USER}, ["identity.role"]), (ALL_OF_IAM, [])],
        ids=["one-of-several-types", "one-of-those-asked-for", "all-of-them"],
    )
    def test_keeps_them_even_if_it_may_not_be_read_yet(self, aws, worker, moved, excluded):
        """The new call's grant comes after the upgrade: until then its rows grow older.

        Fails without `hand_over`: they would be hidden with the old scope, or look as fresh as
        what that one still shows.
        """
        aws.plan(aws_spec(aws.aws.url, excluded=excluded), generation=2)
        aws.work()
        before = aws.inventory_view()
        upgraded = worker(newer(moved_types=moved, operation="ListUsers"))
        upgraded.aws.inject(Fault.deny(), operation="ListUsers")

        for _ in range(3):
            upgraded.period()

        assert upgraded.scope(NEW, "global").status == "denied"
        assert upgraded.inventory_view() == before
        told = rows(
            upgraded.engine,
            "SELECT DISTINCT listing_status, as_of < now() - interval '2 days' AS stale"
            " FROM inventory WHERE type = :user",
            user=USER,
        )
        assert [tuple(row) for row in told] == [("denied", True)]
        assert upgraded.snapshot().unsynced["AccessDenied"] == 1

        granted = worker(newer(moved_types=moved))
        granted.period()
        assert granted.scope(NEW, "global").status == "complete"
        assert granted.inventory_view() == before

    def test_gets_back_within_a_day_what_an_older_worker_took(self, aws, worker):
        """Versions run side by side for a while. What the old listing does not list stays unmarked.

        Fails without the types of the load (`_load`), or if rows go over once only.
        """
        truth = aws.account.truth()
        upgraded = worker(newer(moved_types={USER}, operation="ListUsers"))
        upgraded.aws.inject(Fault.deny(), operation="ListUsers")
        upgraded.period()
        of_users = "uid IN (SELECT uid FROM resource WHERE type = :user)"
        for name in ("facet", "resource"):
            execute(
                upgraded.engine,
                f"UPDATE {name} SET scope_id = :old WHERE {of_users}",  # noqa: S608  our own
                old=upgraded.scope(IAM, "global").id,
                user=USER,
            )

        upgraded.age(50_000)
        for lease in upgraded.acquire(LeaseKind.INVENTORY):
            upgraded.run(lease)
        assert upgraded.value("SELECT count(*) FROM facet WHERE missing_since IS NOT NULL") == 0
        assert upgraded.inventory_view() == truth

        upgraded.period()
        owner = "SELECT DISTINCT listing FROM inventory WHERE type = :user"
        assert upgraded.value(owner, user=USER) == NEW
