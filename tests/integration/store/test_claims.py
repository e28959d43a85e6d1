"""Accounts of an organization that a complete listing lacked: marked, forgiven, given up."""

from datetime import datetime, timedelta

import pytest

from cloudops.domain.provider import Origin
from cloudops.services.plan import PlanService
from cloudops.store import claims, clock_jump, plan, providers
from cloudops.store.departing import AccountListing, Departures
from tests.integration.store.seeding import (
    ACCOUNT,
    account,
    one,
    provider_record,
    rows,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

OTHER, ORGANIZATION = "444455556666", "o-example0001"


def discover(engine, provider_id, *ids, organization=ORGANIZATION, not_selected=(), later=0.0):
    """A complete listing of these accounts that began `later` seconds from now."""
    began_at: datetime = one(engine, "SELECT clock_timestamp()")
    return write_plan(
        engine,
        provider_id,
        [account(id_) for id_ in ids],
        organization=AccountListing(
            organization, tuple(not_selected), began_at + timedelta(seconds=later)
        ),
    )


def claimed(engine):
    """Account → whether a listing lacked it."""
    found = rows(
        engine,
        "SELECT a.account_id, c.missing_since IS NOT NULL AS missing"
        " FROM claim c JOIN account a ON a.id = c.account_pk",
    )
    return {row.account_id: row.missing for row in found}


@pytest.fixture
def provider_id(engine):
    id_ = write_provider(engine)
    discover(engine, id_, ACCOUNT, OTHER)
    return id_


def test_the_first_listing_that_lacks_an_account_marks_it_and_says_which(engine, provider_id):
    departures = discover(engine, provider_id, ACCOUNT)

    assert departures == Departures(missing=(OTHER,))
    assert claimed(engine) == {ACCOUNT: False, OTHER: True}


def test_the_second_one_gives_it_up_once(engine, provider_id):
    discover(engine, provider_id, ACCOUNT)

    assert discover(engine, provider_id, ACCOUNT, later=61).deleted == 1
    assert discover(engine, provider_id, ACCOUNT, later=200) == Departures()
    assert claimed(engine) == {ACCOUNT: False}


def test_a_listing_that_began_less_than_a_minute_later_gives_nothing_up(engine, provider_id):
    discover(engine, provider_id, ACCOUNT)

    assert discover(engine, provider_id, ACCOUNT, later=59) == Departures()
    assert claimed(engine) == {ACCOUNT: False, OTHER: True}


def test_an_account_that_is_shown_again_is_as_good_as_new(engine, provider_id):
    discover(engine, provider_id, ACCOUNT)
    discover(engine, provider_id, ACCOUNT, OTHER)

    assert discover(engine, provider_id, ACCOUNT, later=100).missing == (OTHER,)


def test_what_is_there_and_not_selected_is_given_up_at_once(engine, provider_id):
    departures = discover(engine, provider_id, ACCOUNT, not_selected=[OTHER])

    assert departures == Departures()
    assert claimed(engine) == {ACCOUNT: False}


@pytest.mark.parametrize("organization", ["o-another00001", ""])
def test_who_never_came_from_this_organization_has_not_left_it(engine, provider_id, organization):
    """Fails if every account that is lacked counts as one that left: rows would be deleted."""
    if organization:
        departures = discover(engine, provider_id, ACCOUNT, organization=organization)
        assert departures == Departures()
    else:
        write_plan(engine, provider_id, [account()])

    assert claimed(engine) == {ACCOUNT: False}
    reasons = rows(engine, "SELECT retired_reason FROM scope WHERE retired_at IS NOT NULL")
    assert [row.retired_reason for row in reasons] == ["AccountUnclaimed"]


def test_who_rests_after_a_sync_of_the_command_line_is_handed_nothing(engine):
    """Fails without `MAY_OWN`: rows of an account that left would be kept as live for ever."""
    with engine.begin() as connection:
        record = provider_record("tried", uid="")
        tried = providers.write_provider(connection, record, origin=Origin.CLI)
    write_plan(engine, tried, [account(OTHER)])
    with engine.begin() as connection:
        providers.rest(connection, tried)
    provider_id = write_provider(engine)
    discover(engine, provider_id, ACCOUNT, OTHER)
    discover(engine, provider_id, ACCOUNT)

    assert discover(engine, provider_id, ACCOUNT, later=61).deleted == 1


def test_no_jump_of_the_clock_makes_a_mark_old(engine, provider_id):
    """Fails without `_CLAIMS` in the restart of confirmations."""
    discover(engine, provider_id, ACCOUNT)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE claim SET missing_since = missing_since - interval '1 h'"
        )
        clock_jump.restart_confirmations(connection)

    discover(engine, provider_id, ACCOUNT)

    assert claimed(engine) == {ACCOUNT: False, OTHER: True}


def test_the_organizations_of_a_provider_are_known(engine, provider_id):
    with engine.begin() as connection:
        assert claims.claimed_organizations(connection, provider_id) == [ORGANIZATION]
        assert claims.claimed_accounts(connection, provider_id) == [ACCOUNT, OTHER]


def reader(engine) -> str:
    """The CloudProvider that reads the account."""
    name: str = one(
        engine,
        "SELECT p.name FROM account a JOIN provider p ON p.id = a.provider_id",
    )
    return name


SHUT_OUT = account(reason="RoleNotAssumable")
PUT_OFF = account(door=plan.Door.UNKNOWN)


class TestWhoCanNotEnter:
    @pytest.fixture
    def older(self, engine):
        """A provider that comes second, though it is older."""
        write_plan(engine, write_provider(engine, provider_record("younger")), [account()])
        long_ago = provider_record().created_at - timedelta(days=1)
        return write_provider(engine, provider_record("older", created_at=long_ago))

    def test_takes_no_account_from_whoever_reads_it(self, engine, older):
        """Fails if the oldest wins in any case: its types and regions would retire all rows."""
        for found in (SHUT_OUT, PUT_OFF):
            write_plan(engine, older, [found], [])
            assert reader(engine) == "younger"
            assert one(engine, "SELECT count(*) FROM scope WHERE retired_at IS NULL") > 0

    def test_takes_it_over_once_it_enters_and_keeps_it_from_then_on(self, engine, older):
        """Fails if whoever reads an account loses it with the first attempt that fails."""
        write_plan(engine, older, [SHUT_OUT])
        write_plan(engine, older, [account()])
        assert reader(engine) == "older"

        for found in (PUT_OFF, SHUT_OUT):
            write_plan(engine, older, [found])
            assert reader(engine) == "older"

    def test_has_it_where_nobody_else_names_it(self, engine, older):
        write_plan(engine, older, [SHUT_OUT])
        service = PlanService(engine)
        service.mark_vanished(service.claim_epoch("pod"), [("platform", "younger")])

        assert reader(engine) == "older"
