"""Whose account is it: two CloudProviders that name the same one, and one that moves."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNT, Provider
from tests.e2e.secret_rights import grant_secrets
from tests.fakes.aws.builders import bucket, instance
from tests.fakes.aws.script import AccountScript
from tests.fixtures.operator import OperatorAccess
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]


@pytest.fixture
def synced(provider: Provider, account: AccountScript, operator: object) -> Provider:
    """The first provider of the account, read completely."""
    account.put(instance("i-1", region="eu-west-1"), bucket("logs", region="eu-west-1"))
    provider.aws["regions"] = {"include": ["eu-west-1"]}
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    return provider


@pytest.fixture
def elsewhere(
    synced: Provider, operator_access: OperatorAccess, make_namespace: Callable[[], str]
) -> Iterator[Provider]:
    """The same provider, not applied yet, in another namespace, with a Secret of its own."""
    one = replace(synced, namespace=make_namespace())
    grant_secrets(one.cluster, operator_access.namespace, one.namespace)
    one.put_secret()
    yield one
    one.kubectl("delete", "cloudprovider", "--all", "--timeout=30s")


def test_an_account_that_two_providers_name_is_read_by_the_older_until_that_is_gone(
    synced: Provider, account: AccountScript
):
    """Fails if the younger wins (`_SETTLE_OWNERS`), or takes nothing over."""
    rows = known(synced)
    second = replace(synced, name="second")
    second.apply()
    stalled = second.wait_condition("Stalled", "True", "AccountClaimed")
    [problem] = second.status()["problems"]
    refused = second.status()["accounts"]
    still_read = synced.condition("InventorySynced")["status"], synced.live()

    synced.kubectl("delete", "cloudprovider", "prod", "--timeout=30s")
    second.wait_condition("Ready", "True", "Succeeded")
    second.wait_condition("InventorySynced", "True")
    taken_over = known(second)
    synced.apply()
    synced.wait_condition("Stalled", "True", "AccountClaimed")

    assert f"CloudProvider {synced.namespace}/prod" in stalled["message"]
    assert (problem["reason"], problem["exampleAccount"]) == ("AccountClaimed", ACCOUNT)
    assert "remove the account from one of the two" in problem["message"]
    assert refused["total"] == 0
    assert still_read == ("True", account.truth())
    assert taken_over == known(second) == rows
    assert second.live() == account.truth()
    assert second.condition("Ready")["status"] == "True"


def test_a_provider_that_moves_to_another_namespace_takes_its_rows_along(
    synced: Provider, elsewhere: Provider, account: AccountScript
):
    """Fails if nobody settles whose account it is once the first is gone (`mark_vanished`)."""
    rows = known(synced)

    synced.kubectl("delete", "cloudprovider", "prod", "--timeout=30s")
    elsewhere.apply()
    elsewhere.wait_condition("Ready", "True", "Succeeded")
    elsewhere.wait_condition("InventorySynced", "True")
    eventually(lambda: owners(elsewhere) == [elsewhere.namespace], what="the account to move")

    assert elsewhere.live() == account.truth()
    assert known(elsewhere) == rows
    assert elsewhere.condition("Stalled")["status"] == "absent"


def known(provider: Provider) -> list[dict[str, Any]]:
    """Every row there ever was, as it was made, and all that was ever said to change in it."""
    return provider.rows(
        "SELECT r.uid, r.canonical_id, r.deleted_at, array_agg(c.operation) AS told"
        " FROM resource r LEFT JOIN change c ON c.uid = r.uid GROUP BY 1 ORDER BY 1"
    )


def owners(provider: Provider) -> list[str]:
    rows = provider.rows("SELECT p.namespace FROM claim c JOIN provider p ON p.id = c.provider_id")
    return [row["namespace"] for row in rows]
