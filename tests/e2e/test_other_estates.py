"""Credentials or endpoint lead somewhere else: what was known is not taken for gone."""

import pytest

from tests.e2e.conftest import (
    ACCESS_KEY,
    ACCOUNT,
    REGIONS,
    SECRET_KEY,
    Provider,
    StartWith,
    let_a_period_pass,
    problems,
    wait_healed,
)
from tests.fakes.aws.builders import instance, volume
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

MANY_PASSES = 30


def test_a_secret_that_leads_to_another_account_retires_nothing(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails if discovery follows the credentials: the old account would leave the plan."""
    other = fake_aws.account("999988887777", regions=REGIONS, access_key="AKIAOTHEROTHEROTHER0")
    other.put(instance("i-foreign", region="eu-west-1"))
    synced.put_secret("AKIAOTHEROTHEROTHER0", "secret-of-AKIAOTHEROTHEROTHER0")

    synced.run_now()
    valid = synced.wait_condition("CredentialsValid", "False", "IdentityMismatch")

    assert "999988887777" in valid["message"]
    assert synced.live() == estate.truth()
    assert {scope["error_code"] for scope in synced.scopes().values()} == {"IdentityMismatch"}
    assert problems(synced) == {("IdentityMismatch", "")}
    [problem] = synced.status()["problems"]
    assert problem["exampleAccount"] == ACCOUNT
    assert "999988887777" in problem["message"]
    synced.wait_condition("InventorySynced", "False", "CredentialsRejected")
    assert synced.condition("Ready")["status"] == "False"

    synced.put_secret()
    let_a_period_pass(synced)
    synced.wait_condition("Ready", "True", "Succeeded")
    synced.wait_condition("CredentialsValid", "True")
    wait_healed(synced)
    assert synced.live() == estate.truth()


def test_an_estate_that_looks_empty_at_another_endpoint_is_not_deleted(
    synced: Provider, estate: AccountScript, fake_aws: FakeAws
):
    """Fails without probation and brakes: one complete pass over nothing would delete it all."""
    with FakeAws() as empty:
        empty.account(ACCOUNT, regions=REGIONS, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
        synced.aws["endpointURL"] = empty.url
        synced.apply()
        for _ in range(3):
            synced.run_now()
        held = synced.wait_condition("DeletionHeld", "True")

        assert synced.deleted() == set()
        assert synced.live() == estate.truth()
        assert "deletions are held" in held["message"]

    synced.aws["endpointURL"] = fake_aws.url
    synced.apply()
    eventually(
        lambda: synced.condition("DeletionHeld")["status"] == "absent", what="nothing to be held"
    )
    wait_healed(synced)
    assert synced.live() == estate.truth()
    assert synced.deleted() == set()


def test_passes_in_quick_succession_do_not_wear_the_probation_off(
    provider: Provider, account: AccountScript, start: StartWith
):
    """Fails if passes that are too close to confirm a deletion count as passes that agree.

    The estate is smaller than any brake's minimum, and none of it is listed consistently:
    only the probation protects it.
    """
    account.put(instance("i-1", region="eu-west-1"), volume("vol-1", region="eu-west-1"))
    start("controller", "worker", confirm_seconds="8")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    known = provider.live()

    with FakeAws() as empty:
        empty.account(ACCOUNT, regions=REGIONS, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
        provider.aws["endpointURL"] = empty.url
        provider.apply()
        for _ in range(MANY_PASSES):
            provider.run_now()
            assert provider.deleted() == set()
            if provider.condition("DeletionHeld")["status"] == "True":
                break
        else:
            pytest.fail("the brake never held")

    assert known == account.truth()
    assert provider.live() == known
