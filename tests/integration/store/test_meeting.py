"""One statement for a provider that is new or as it was; a snapshot would tell the same."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cloudops.domain.snapshot import EntryState
from cloudops.services.plan import PlanService
from tests.integration.store.seeding import one, provider_record, write_plan

pytestmark = [pytest.mark.integration, pytest.mark.database]


@pytest.fixture
def plan(engine):
    return PlanService(engine)


@pytest.fixture
def epoch(plan):
    return plan.claim_epoch("pod-a")


def told_apart(plan, told):
    """Without the moment at which each was taken."""
    other = plan.snapshot("platform", "aws-prod")
    return replace(told, taken_at=None), replace(other, taken_at=None)


@pytest.mark.parametrize("suspended", [True, False])
def test_of_a_new_one(plan, epoch, suspended):
    met, read = told_apart(plan, plan.sync_provider(epoch, provider_record(suspended=suspended)))

    assert met == read


def test_of_one_that_is_known(plan, epoch):
    plan.sync_provider(epoch, provider_record())

    met, read = told_apart(plan, plan.sync_provider(epoch, provider_record()))

    assert met == read


def test_of_one_with_accounts(engine, plan, epoch):
    plan.sync_provider(epoch, provider_record())
    write_plan(engine, one(engine, "SELECT id FROM provider"))

    met, read = told_apart(plan, plan.sync_provider(epoch, provider_record()))

    assert met == read
    assert met.accounts.total == 1


def test_several_at_once_make_one(engine, plan, epoch):
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: plan.sync_provider(epoch, provider_record()), range(40)))

    assert {(one.generation, one.entry.state) for one in told} == {(1, EntryState.UNTRIED)}
    assert one(engine, "SELECT count(*) FROM provider") == 1
    assert one(engine, "SELECT count(*) FROM lease") == 1
