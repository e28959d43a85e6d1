"""One resource by its id: all that is stored of it, and what changed when."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import orjson
import pytest

from cloudops.api.v1alpha1.cloudprovider import CloudProviderSpec
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.reading import CLOUDS, ResourceFilter
from cloudops.domain.resource import Facet, TagSource, resource_uid
from cloudops.services.reading import NAMED, ReadingService
from cloudops.store import history, single
from tests.fakes.cloud import observe
from tests.integration.store.seeding import ACCOUNT, REGION, Ledger, execute, one, rows

pytestmark = [pytest.mark.integration, pytest.mark.database]

ARN = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc"


@pytest.fixture
def ledger(engine):
    return Ledger.plan(engine, "fake.machines", "fake.tagging")


@pytest.fixture
def service(engine):
    return ReadingService(engine)


def drop(ledger, *names):
    """A complete listing that does not show `names` any more, and its sweep."""
    kept = [observe(name) for name in ledger.live() - set(names)]
    ledger.pass_over(kept)
    ledger.sweep()


def forget(engine, name):
    """What maintenance does to rows that were deleted long ago."""
    execute(engine, "DELETE FROM facet WHERE uid = :uid", uid=resource_uid("aws", name))
    execute(engine, "DELETE FROM resource WHERE uid = :uid", uid=resource_uid("aws", name))


def operations(service, id_=ARN, **options):
    return [(change.operation, change.facet) for change in service.history(id_, **options)]


class TestWhichOneIsMeant:
    @pytest.fixture(autouse=True)
    def filled(self, ledger):
        names = [
            ARN,
            "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0abc",
            "arn:aws:s3:::acme-logs",
            "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/web",
            "arn:aws:lambda:eu-west-1:111122223333:function:web",
            "arn:aws:sqs:eu-west-1:111122223333:ünï_cödé%",
        ]
        ledger.pass_over([observe(name) for name in names])

    @pytest.mark.parametrize(
        "id_",
        [ARN, "i-0abc", "instance/i-0abc", "ec2:eu-west-1:111122223333:instance/i-0abc"],
    )
    def test_the_whole_id_and_an_ending_mean_the_same(self, service, id_):
        assert service.resource(id_).canonical_id == ARN
        assert [change.operation for change in service.history(id_)] == ["created"]

    @pytest.mark.parametrize(
        ("id_", "ending"),
        [
            ("acme-logs", ":::acme-logs"),
            ("/aws/lambda/web", ":/aws/lambda/web"),
            ("lambda/web", ":/aws/lambda/web"),
            ("function:web", "function:web"),
            ("ünï_cödé%", ":ünï_cödé%"),
        ],
    )
    def test_an_ending_begins_behind_a_slash_or_a_colon(self, service, id_, ending):
        assert service.resource(id_).canonical_id.endswith(ending)

    @pytest.mark.parametrize("id_", ["0abc", "I-0ABC", "logs", "%", "%i-0abc", "i_0abc", "i-0ab"])
    def test_anything_else_means_nothing(self, service, id_):
        for read in (service.resource, service.history):
            with pytest.raises(InvalidInputError, match="there is none with this id") as refusal:
                read(id_)
            assert "cloudops resources list --deleted --name" in str(refusal.value)

    def test_an_empty_id_is_told_as_that(self, service):
        with pytest.raises(InvalidInputError, match="the id is empty"):
            service.resource("")

    def test_several_are_all_named(self, ledger, service):
        drop(ledger, "arn:aws:lambda:eu-west-1:111122223333:function:web")

        with pytest.raises(InvalidInputError, match="give more of the one") as refusal:
            service.resource("web")

        assert "function:web (deleted), arn:aws:logs:" in str(refusal.value)
        assert "and others" not in str(refusal.value)

    def test_of_very_many_only_some_are_named(self, ledger, service):
        ledger.pass_over(
            [observe(f"arn:aws:sns:r{n:02}:1:top") for n in range(NAMED + 3)], complete=False
        )

        with pytest.raises(InvalidInputError) as refusal:
            service.history("top")

        assert str(refusal.value).count("arn:aws:sns:") == NAMED
        assert "r04:1:top and others; give more" in str(refusal.value)

    def test_a_whole_id_wins_over_an_ending(self, ledger, service):
        ledger.pass_over([observe("web")], complete=False)

        assert service.resource("web").canonical_id == "web"

    def test_every_cloud_that_has_resources_is_thought_of(self):
        types = get_args(CloudProviderSpec.model_fields["type"].annotation)

        assert set(CLOUDS) == set(types) - {"focus"}  # bills, no resources


class TestDetail:
    def test_it_is_all_that_the_listing_showed(self, ledger, service):
        created = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
        ledger.pass_over(
            [
                observe(
                    ARN,
                    document={"Id": 1, "State": {"Name": "running"}},
                    tags={"team": "one"},
                    created_at=created,
                    volatile={"LastUsed": "now"},
                    display_name="web-1",
                )
            ]
        )

        found = service.resource(ARN)

        assert found.uid == resource_uid("aws", ARN)
        assert (found.cloud, found.account_id, found.account_name, found.region) == (
            "aws",
            ACCOUNT,
            f"name-{ACCOUNT}",
            REGION,
        )
        assert (found.type, found.kind, found.service) == (
            "Fake::Machine",
            "compute.instance",
            "fake",
        )
        assert (found.name, found.state, found.created_at) == ("web-1", "running", created)
        assert (found.presence, found.absent_reason, found.deleted_at) == ("live", "", None)
        assert (found.tags, found.tag_source) == ({"team": "one"}, "listed")
        assert (found.listing, found.listing_status) == ("fake.machines", "complete")
        (scope,) = service.ledger(status="complete")
        assert found.as_of == scope.last_complete_at
        listed = found.facets["listed"]
        assert listed.document == {"Id": 1, "State": {"Name": "running"}}
        assert listed.volatile == {"LastUsed": "now"}
        assert (listed.truncated, listed.missing_since) == (False, None)

    def test_numbers_come_back_as_the_listing_showed_them(self, ledger, service):
        numbers = [1e20, -1e20, 1.7976931348623157e308, 5e-324, 0.1, 2**64 - 1, -(2**63), 0]
        ledger.pass_over([observe("x", document={"Numbers": numbers})])

        document = service.resource("x").facets[Facet.LISTED].document

        assert document == {"Numbers": numbers}
        assert orjson.loads(orjson.dumps(document)) == document

    def test_each_facet_tells_which_listing_read_it_and_when(self, ledger, service):
        ledger.pass_over([observe(ARN, tag_source=TagSource.TAGGING)])
        assert service.resource(ARN).tags is None

        ledger.pass_over(
            [observe(ARN, facet=Facet.TAGS, document={"team": "one"})],
            name="fake.tagging",
            facet=Facet.TAGS,
        )

        found = service.resource(ARN)
        assert (found.tags, found.tag_source) == ({"team": "one"}, "tagging")
        assert [(name, facet.listing) for name, facet in found.facets.items()] == [
            ("listed", "fake.machines"),
            ("tags", "fake.tagging"),
        ]
        assert found.facets["tags"].as_of > found.as_of

    def test_what_a_complete_listing_missed_says_since_when(self, ledger, service):
        ledger.pass_over([observe(ARN)])
        ledger.pass_over([])

        found = service.resource(ARN)

        assert found.presence == "live"
        assert found.facets["listed"].missing_since is not None

    def test_a_deleted_one_is_shown_with_its_last_document(self, ledger, service):
        ledger.pass_over([observe(ARN, document={"Id": 7})])
        drop(ledger, ARN)

        found = service.resource("i-0abc")

        assert (found.presence, found.absent_reason) == ("deleted", "swept")
        assert found.deleted_at == one(ledger.engine, "SELECT deleted_at FROM resource")
        assert found.facets["listed"].document == {"Id": 7}

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (
                "UPDATE scope SET retired_at = now(), retired_reason = 'RegionNotSelected'",
                "RegionNotSelected",
            ),
            ("UPDATE scope SET status = 'unsupported'", "Unsupported"),
            ("UPDATE scope SET types = '{Fake::Other}'", "TypeNotSelected"),
        ],
    )
    def test_what_is_not_asked_for_any_more_is_retired_not_deleted(
        self, ledger, service, change, reason
    ):
        ledger.pass_over([observe(ARN)])
        execute(ledger.engine, change)

        found = service.resource(ARN)

        assert (found.presence, found.absent_reason, found.deleted_at) == ("retired", reason, None)
        assert list(service.resources(ResourceFilter())) == []

    def test_of_a_dropped_one_the_way_to_its_history_is_told(self, ledger, service):
        ledger.pass_over([observe(ARN)])
        drop(ledger, ARN)
        forget(ledger.engine, ARN)

        with pytest.raises(InvalidInputError, match=f"cloudops resources history {ARN}"):
            service.resource(ARN)
        with pytest.raises(InvalidInputError, match="there is none with this id"):
            service.resource("i-0abc")


class TestHistory:
    def test_it_tells_what_was_added_changed_and_removed(self, ledger, service):
        ledger.pass_over([observe(ARN, document={"Same": 1, "Changed": {"a": 1}, "Gone": None})])
        ledger.pass_over([observe(ARN, document={"Same": 1, "Changed": {"a": 2}, "New": [1]})])

        updated, created = service.history(ARN)

        assert (created.operation, created.changed) == ("created", {})
        assert (updated.operation, updated.facet, updated.listing) == (
            "updated",
            "listed",
            "fake.machines",
        )
        assert updated.changed == {
            "Changed": {"old": {"a": 1}, "new": {"a": 2}},
            "Gone": {"old": None},
            "New": {"new": [1]},
        }
        assert created.at < updated.at

    def test_a_life_is_told_from_its_end_to_its_beginning(self, ledger, service):
        first, second = (datetime(2025, 1, day, tzinfo=UTC) for day in (1, 2))
        ledger.pass_over([observe(ARN, created_at=first)])
        ledger.pass_over([observe(ARN, created_at=second)])
        drop(ledger, ARN)
        ledger.pass_over([observe(ARN, created_at=second)])

        assert [operation for operation, _ in operations(service)] == [
            "revived",
            "deleted",
            "replaced",
            "created",
        ]

    def test_tags_have_entries_of_their_own(self, ledger, service):
        ledger.pass_over([observe(ARN, tag_source=TagSource.TAGGING)])
        tags = {"name": "fake.tagging", "facet": Facet.TAGS}
        for value in ("one", "two"):
            ledger.pass_over([observe(ARN, facet=Facet.TAGS, document={"team": value})], **tags)
        ledger.pass_over([], **tags)
        ledger.sweep("fake.tagging", facet=Facet.TAGS)

        dropped, updated, *_ = service.history(ARN)

        assert (dropped.operation, dropped.changed) == ("dropped", {"team": {"old": "two"}})
        assert updated.listing == "fake.tagging"
        assert updated.changed == {"team": {"old": "one", "new": "two"}}

    def test_it_outlives_the_resource(self, ledger, service):
        ledger.pass_over([observe(ARN, document={"Id": 7})])
        drop(ledger, ARN)
        assert operations(service, "i-0abc") == [("deleted", "listed"), ("created", "listed")]
        forget(ledger.engine, ARN)

        deleted, created = service.history(ARN)

        assert deleted.changed == {"Id": {"old": 7}}
        assert created.operation == "created"

    def test_others_are_not_in_it(self, ledger, service):
        ledger.pass_over([observe(ARN), observe("other")])

        assert len(operations(service)) == 1

    def test_it_may_begin_at_a_moment_or_at_an_age(self, ledger, service):
        ledger.pass_over([observe(ARN, document={"v": 1})])
        ledger.pass_over([observe(ARN, document={"v": 2})])
        execute(
            ledger.engine,
            "UPDATE change SET at = at - interval '2 days' WHERE operation = 'created'",
        )
        (updated, created) = service.history(ARN)

        assert operations(service, since=created.at)[-1][0] == "created"
        assert [o for o, _ in operations(service, since=updated.at)] == ["updated"]
        assert operations(service, since=updated.at + timedelta(microseconds=1)) == []
        assert [o for o, _ in operations(service, since=timedelta(days=1))] == ["updated"]
        assert len(operations(service, since=timedelta(days=3))) == 2


class TestPagesOfHistory:
    """Over the turn of months, and where entries share their moment."""

    @pytest.fixture(autouse=True)
    def known(self, ledger):
        ledger.pass_over([observe(ARN)])
        execute(ledger.engine, "DELETE FROM change")

    def note(self, engine, count, *, moments):
        execute(
            engine,
            "INSERT INTO change (at, uid, facet, operation, old, new, scope_id)"
            " SELECT timestamptz '2025-12-31 23:00Z' + make_interval(mins => n % :moments), :uid,"
            " 'listed', 'updated', '{}', jsonb_build_object('n', n), (SELECT min(id) FROM scope)"
            " FROM generate_series(1, :count) n",
            count=count,
            moments=moments,
            uid=resource_uid("aws", ARN),
        )

    @pytest.mark.parametrize("moments", [1, 7, 10_000])
    @pytest.mark.parametrize("extra", [-1, 0, 1])
    def test_none_is_lost_and_none_comes_twice(self, ledger, service, moments, extra):
        """Fails without the ties, and with `<=` for the next page."""
        with ledger.engine.begin() as connection:
            history.ensure_partitions(connection, datetime(2025, 12, 1, tzinfo=UTC).date())
        count = 2 * single.HISTORY_PAGE + extra
        self.note(ledger.engine, count, moments=moments)

        found = list(service.history(ARN))

        assert sorted(change.changed["n"]["new"] for change in found) == list(range(1, count + 1))
        assert [change.at for change in found] == sorted(
            (change.at for change in found), reverse=True
        )
        assert (len({(change.at.year, change.at.month) for change in found}) == 2) == (moments > 60)

    def test_a_reader_who_pauses_keeps_no_transaction_open(self, ledger, service):
        """Fails with one transaction for all pages: the server ends those that idle."""
        self.note(ledger.engine, single.HISTORY_PAGE + 1, moments=10_000)
        found = service.history(ARN)
        next(found)

        open_ones = rows(
            ledger.engine,
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle in transaction'",
        )

        assert open_ones == []
        assert len(list(found)) == single.HISTORY_PAGE
