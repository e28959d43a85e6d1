"""A provider that can't be entered at all has a problem of its own, with what to grant."""

import pytest

from cloudops.domain.provider import Identity
from cloudops.domain.snapshot import Entry, EntryState
from cloudops.services.plan import PlanService
from cloudops.store import entering
from tests.integration.store.seeding import (
    ACCOUNT,
    account,
    execute,
    one,
    provider_record,
    write_plan,
    write_provider,
)

pytestmark = [pytest.mark.integration, pytest.mark.database]

OTHER = "444455556666"
SHUT = Entry(EntryState.REJECTED, "RoleNotAssumable", "the entry role", permission="sts:AssumeRole")
MISSING = Entry(EntryState.DEPENDENCY_MISSING, "SecretNotFound", "no Secret")


@pytest.fixture
def read(engine):
    def problems(name="aws-prod"):
        found = PlanService(engine).snapshot("platform", name)
        assert found is not None
        assert found.problems_total == len(found.problems)
        return found.problems

    return problems


def enter(engine, provider_id, entry):
    with engine.begin() as connection:
        entering.record_entry(connection, provider_id, entry, None)


def test_before_any_account_is_known_it_is_there_with_what_to_grant(engine, read):
    """Fails if a provider without accounts counts as bare, or the permission is not stored."""
    enter(engine, write_provider(engine), SHUT)

    [problem] = read()

    assert (problem.reason, problem.permission) == ("RoleNotAssumable", "sts:AssumeRole")
    assert (problem.listing, problem.message) == ("", "the entry role")
    assert (problem.accounts, problem.regions, problem.example_account) == (0, 0, "")
    assert problem.since == one(engine, "SELECT entry_since FROM provider")


def test_what_is_missing_is_a_problem_without_a_permission(engine, read):
    enter(engine, write_provider(engine), MISSING)

    assert [(p.reason, p.permission) for p in read()] == [("SecretNotFound", "")]


def test_it_concerns_every_account_also_those_that_have_not_noticed(engine, read):
    """Else it would be told last, and left out behind twenty others."""
    provider_id = write_provider(engine)
    write_plan(engine, provider_id, [account(), account(OTHER)])
    enter(engine, provider_id, MISSING)

    [problem] = read()

    assert (problem.accounts, problem.example_account) == (2, ACCOUNT)


def test_where_an_account_says_the_same_it_is_told_once(engine, read):
    provider_id = write_provider(engine)
    write_plan(engine, provider_id, [account(regions=None, reason="SecretNotFound")])
    enter(engine, provider_id, MISSING)

    assert [(p.reason, p.accounts) for p in read()] == [("SecretNotFound", 1)]


def test_an_accounts_own_trouble_stays_beside_it(engine, read):
    provider_id = write_provider(engine)
    write_plan(engine, provider_id, [account(regions=None, reason="IdentityMismatch")])
    enter(engine, provider_id, SHUT)

    assert {p.reason for p in read()} == {"IdentityMismatch", "RoleNotAssumable"}


def test_what_is_granted_now_moves_the_permission_but_not_the_time(engine, read):
    provider_id = write_provider(engine)
    enter(engine, provider_id, Entry(SHUT.state, SHUT.reason, SHUT.message))
    [before] = read()

    enter(engine, provider_id, SHUT)

    [after] = read()
    assert (before.permission, after.permission) == ("", "sts:AssumeRole")
    assert before.since == after.since


@pytest.mark.parametrize("how", ["accepted", "another-object"])
def test_it_is_gone_once_the_credentials_are_accepted_or_untried_again(engine, read, how):
    provider_id = write_provider(engine)
    enter(engine, provider_id, SHUT)

    if how == "accepted":
        with engine.begin() as connection:
            accepted = Entry(EntryState.ACCEPTED)
            entering.record_entry(connection, provider_id, accepted, Identity("me", ACCOUNT))
    else:
        write_provider(engine, provider_record(uid="another"))

    assert read() == ()


def test_another_providers_is_not_told(engine, read):
    enter(engine, write_provider(engine), SHUT)
    write_provider(engine, provider_record("neighbour"))
    execute(engine, "UPDATE lease SET attempts = 1")  # nothing is bare

    assert read("neighbour") == ()
