"""Reading back: filters, and paging past the first thousand."""

from datetime import timedelta
from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies

from cloudops.domain.reading import AccountRow, ResourceFilter
from cloudops.domain.resource import TagSource
from cloudops.services.reading import ReadingService
from cloudops.store import reading
from tests.fakes.cloud import observe
from tests.integration.store.seeding import (
    ACCOUNT,
    Ledger,
    account,
    execute,
    listing,
    one,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def ledger(engine):
    return Ledger.plan(engine, "fake.machines", "fake.queues")


def found(engine, **wanted):
    return [row.canonical_id for row in ReadingService(engine).resources(ResourceFilter(**wanted))]


class TestFilters:
    @pytest.fixture(autouse=True)
    def filled(self, ledger):
        ledger.pass_over(
            [
                observe(
                    "a", type_="AWS::EC2::Instance", kind="compute.instance", region="eu-west-1"
                ),
                observe("b", type_="AWS::EC2::Volume", kind="storage.volume", region="eu-west-2"),
                observe("c", type_="AWS::S3::Bucket", kind="storage.bucket", region="us-east-1"),
                observe("d", type_="x[1]", kind="odd.+", region="eu.west"),
            ]
        )

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("", "abcd"),
            ("*", "abcd"),
            ("AWS::EC2::Instance", "a"),
            ("AWS::EC2::*", "ab"),
            ("AWS::*::*e*", "abc"),
            ("*::*::*t*", "ac"),
            ("storage.*", "bc"),
            ("storageX*", ""),
            ("AWS::EC2::Instanc", ""),
            ("WS::EC2::Instance", ""),
            ("AWS::S?::Bucket", "c"),
            ("AWS::S[0-9]::Bucket", "c"),
            ("AWS::S[!0-9]::Bucket", ""),
            ("AWS::[ES]*", "abc"),
            ("x[[]1]", "d"),
            ("x[1", ""),
            ("odd.+", "d"),
            ("odd.x", ""),
            ("(", ""),
            ("\\d", ""),
            ("aws::ec2::instance", ""),
            ("[z-a]", ""),
            ("AWS::[!z-a]3::*", "c"),
            ("AWS::S[]3]::*", "c"),
        ],
    )
    def test_a_type_may_be_a_glob_on_type_or_kind(self, engine, pattern, expected):
        assert found(engine, type=pattern) == list(expected)

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [("eu-*", "ab"), ("eu-west-1", "a"), ("eu.west", "d"), ("*-*-?", "abc"), ("mars", "")],
    )
    def test_a_region_may_be_a_glob(self, engine, pattern, expected):
        assert found(engine, region=pattern) == list(expected)

    def test_an_account_is_taken_by_its_word(self, engine):
        assert found(engine, account=ACCOUNT) == list("abcd")
        assert found(engine, account="1111*") == []

    def test_conditions_add_up(self, engine):
        assert found(engine, type="AWS::*", region="eu-*", account=ACCOUNT) == list("ab")


class TestGlobs:
    """Whatever is written means what it means to Python's fnmatch, and nothing is an error."""

    LETTERS = "abz-]:>\\"
    OTHERS = ("[", "[a", "[[.x]", "(?>)", "^$", "a.b", "a\nb", "{1}", "=", "*", "!", "ß", "\u65e5")
    NAMES = (*("".join(two) for two in product(LETTERS, LETTERS)), *LETTERS, *OTHERS)

    @pytest.fixture
    def names(self, ledger):
        ledger.pass_over([observe(name) for name in self.NAMES])

    @settings(
        max_examples=300,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(glob=strategies.text("[[[]]!^-*?.:=abz09\\(>|&~ {}ß\n\u65e5", min_size=1, max_size=9))
    @example(glob="[a[:x]")
    @example(glob="[[:x:]b]*")
    @example(glob="[[.x]")
    @example(glob="[[=a=]]")
    @example(glob="[(?>]")
    @example(glob="[!z-a][a-c-e]")
    @example(glob="[]-a]*")
    @example(glob="[--:]")
    @example(glob="[\\-a]")
    @example(glob="[a-\\d]*")
    @example(glob="[!]*")
    @example(glob="***=a")
    def test_match_as_in_python(self, engine, names, glob):
        expected = [name for name in self.NAMES if fnmatchcase(name, glob)]

        assert sorted(found(engine, name=glob)) == sorted(expected)


class TestTags:
    @pytest.fixture(autouse=True)
    def filled(self, ledger):
        ledger.pass_over(
            [
                observe("a", tags={"team": "one", "env": "prod"}),
                observe("b", tags={"team": "one"}),
                observe("c", tags={}),
                observe("d", tag_source=TagSource.UNREAD),
                observe("e", tags={'q"uote': "a=b"}),
            ]
        )

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ({}, "abcde"),
            ({"team": "one"}, "ab"),
            ({"team": "one", "env": "prod"}, "a"),
            ({"team": "on"}, ""),
            ({'q"uote': "a=b"}, "e"),
        ],
    )
    def test_all_that_are_given_must_be_there(self, engine, tags, expected):
        assert found(engine, tags=tags) == list(expected)

    def test_unknown_is_told_from_none(self, engine):
        tags = {
            row.canonical_id: row.tags for row in ReadingService(engine).resources(ResourceFilter())
        }

        assert tags["c"] == {}
        assert tags["d"] is None


def test_every_page_is_read_once(engine, ledger):
    names = [f"m{number:05}" for number in range(2 * reading.PAGE + 1)]
    ledger.pass_over([observe(name) for name in reversed(names)])

    assert found(engine) == names


def test_exactly_one_page_ends(engine, ledger):
    names = [f"m{number:05}" for number in range(reading.PAGE)]
    ledger.pass_over([observe(name) for name in names])

    assert found(engine) == names


def test_the_order_is_that_of_the_bytes(engine, ledger):
    """Another collation would skip rows where one page ends and the next begins."""
    names = ["a-b", "aB", "aa", "b", "B", "ä"]
    ledger.pass_over([observe(name) for name in names])

    assert found(engine) == sorted(names)


def test_deleted_rows_are_not_shown(engine, ledger):
    ledger.pass_over([observe("a"), observe("b")])
    ledger.pass_over([observe("b")])
    ledger.sweep()

    assert found(engine) == ["b"]


def test_rows_are_as_old_as_the_listing_that_covers_them(engine, ledger):
    ledger.pass_over([observe("a")])
    ledger.pass_over([], complete=False)

    (row,) = ReadingService(engine).resources(ResourceFilter())

    (scope,) = ReadingService(engine).ledger(status="partial")
    assert row.as_of == scope.last_complete_at
    assert row.listing_status == "partial"


class TestLedger:
    @pytest.fixture
    def provider_id(self, engine):
        provider_id = write_provider(engine)
        write_plan(
            engine,
            provider_id,
            [account("222", ("r2", "r1")), account("111", None, "RoleNotAssumable")],
            [listing("fake.b"), listing("fake.a")],
        )
        return provider_id

    def test_it_is_sorted_and_filtered(self, engine, provider_id):
        service = ReadingService(engine)
        execute(engine, "UPDATE scope SET status = 'complete' WHERE region = 'r2'")

        assert [(row.region, row.listing) for row in service.ledger()] == [
            ("r1", "fake.a"),
            ("r1", "fake.b"),
            ("r2", "fake.a"),
            ("r2", "fake.b"),
        ]
        assert {row.region for row in service.ledger(status="planned")} == {"r1"}
        assert list(service.ledger(account="111")) == []
        assert len(list(service.ledger(account="222", status="complete"))) == 2

    def test_it_is_read_account_by_account(self, engine, provider_id):
        """Fails if all rows are read at once: of a thousand accounts they are millions."""
        write_plan(
            engine,
            provider_id,
            [account("111", ("r1",)), account("222", ("r1",))],
            [listing("fake.a")],
        )
        rows = ReadingService(engine).ledger()
        assert next(rows).account_id == "111"

        execute(
            engine,
            "UPDATE scope SET status = 'complete' FROM account a"
            " WHERE a.id = account_pk AND a.account_id = '222'",
        )

        assert [(row.account_id, row.status) for row in rows] == [("222", "complete")]

    def test_retired_scopes_are_not_in_it(self, engine, provider_id):
        execute(engine, "UPDATE scope SET retired_at = now()")

        assert list(ReadingService(engine).ledger()) == []

    def test_one_providers_part_can_be_read(self, engine, provider_id):
        with engine.begin() as connection:
            own = reading.account_pks(connection, provider_id=provider_id)
            assert len(reading.ledger(connection, own)) == 4
            assert reading.account_pks(connection, provider_id=provider_id + 1) == []

    def test_accounts_come_with_what_keeps_them_shut(self, engine, provider_id):
        with engine.begin() as connection:
            assert reading.accounts(connection, provider_id) == [
                AccountRow(
                    "111",
                    "name-111",
                    reachable=False,
                    error_reason="RoleNotAssumable",
                    error_message="RoleNotAssumable happened",
                ),
                AccountRow("222", "name-222", reachable=True, error_reason="", error_message=""),
            ]


def test_live_rows_are_counted_by_type(engine, ledger):
    ledger.pass_over([observe("a"), observe("b"), observe("q", type_="Fake::Queue")])

    with engine.begin() as connection:
        counts = reading.resources_by_type(connection, ledger.lease.provider_id)

    assert counts == {"Fake::Machine": 2, "Fake::Queue": 1}


class TestConditions:
    @pytest.fixture(autouse=True)
    def filled(self, ledger):
        ledger.pass_over(
            [
                observe("a", kind="compute.instance", display_name="web-1", state="running"),
                observe("b", kind="compute.image", display_name="web-2", state="stopped"),
                observe("c", type_="compute.odd", kind="odd", display_name="Web", state=None),
            ]
        )

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({"kind": "compute.*"}, "ab"),
            ({"kind": "compute.image"}, "b"),
            ({"kind": "compute.odd"}, ""),
            ({"type": "compute.*"}, "abc"),
            ({"name": "web-*"}, "ab"),
            ({"name": "web-1"}, "a"),
            ({"name": "web"}, ""),
            ({"name": "[Ww]eb"}, "c"),
            ({"state": "*"}, "ab"),
            ({"state": "s*", "name": "*2", "kind": "*"}, "b"),
            ({"state": "' OR true --"}, ""),
            ({"name": "%"}, ""),
        ],
    )
    def test_kind_name_and_state_may_be_globs(self, engine, wanted, expected):
        assert found(engine, **wanted) == list(expected)

    def test_changes_may_begin_at_a_moment_or_at_an_age(self, engine, ledger):
        """Fails with `>` in place of `>=`."""
        execute(
            engine,
            "UPDATE resource SET changed_at = now() - interval '2 days' WHERE canonical_id = 'a'",
        )
        changed_at = one(engine, "SELECT changed_at FROM resource WHERE canonical_id = 'a'")

        assert found(engine, changed_since=timedelta(days=1)) == ["b", "c"]
        assert found(engine, changed_since=timedelta(days=3)) == ["a", "b", "c"]
        assert found(engine, changed_since=changed_at) == ["a", "b", "c"]
        assert found(engine, changed_since=changed_at + timedelta(microseconds=1)) == ["b", "c"]

    def test_deleted_rows_come_in_their_place_with_their_time(self, engine, ledger):
        ledger.pass_over([observe("c", type_="compute.odd", kind="odd", state=None)])
        ledger.sweep()

        assert found(engine) == ["c"]
        rows = list(ReadingService(engine).resources(ResourceFilter(include_deleted=True)))
        assert [(row.canonical_id, row.deleted_at is None) for row in rows] == [
            ("a", False),
            ("b", False),
            ("c", True),
        ]
        assert found(engine, include_deleted=True, name="*1") == ["a"]

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE scope SET retired_at = now()",
            "UPDATE scope SET status = 'unsupported'",
            "UPDATE scope SET types = '{compute.odd}'",
        ],
    )
    def test_with_deleted_ones_it_is_otherwise_the_view(self, engine, ledger, change):
        """Fails without any of the conditions that the view has too."""
        execute(engine, change)

        shown = found(engine)
        assert shown != ["a", "b", "c"]
        assert found(engine, include_deleted=True) == shown


def test_a_reader_who_pauses_keeps_no_transaction_open(engine, ledger):
    """Fails with one transaction for all pages: the server ends those that idle."""
    ledger.pass_over([observe(f"m{number:05}") for number in range(reading.PAGE + 1)])
    rows = ReadingService(engine).resources(ResourceFilter())
    next(rows)

    idle = one(
        engine,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'idle in transaction'",
    )

    assert idle == 0
    assert len(list(rows)) == reading.PAGE
