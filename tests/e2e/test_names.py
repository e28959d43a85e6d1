"""The names that the operator looks up are not found: those of the cloud and of its database."""

import secrets
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import (
    ACCOUNT,
    SETTINGS,
    Provider,
    let_a_period_pass,
    problems,
    told,
    wait_healed,
)
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.machine import Machine
from tests.fixtures.operator import StartOperator
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.postgres_server import PostgresServer
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

CLOUD, DATABASE_HOST = "cloud.test", "database.test"


@pytest.fixture
def known(run_folder) -> Machine:
    machine = Machine(run_folder / secrets.token_hex(4))
    for host in (CLOUD, f"{ACCOUNT}.{CLOUD}", DATABASE_HOST):  # S3 puts the account before it
        machine.name(host, "127.0.0.1")
    return machine


@pytest.fixture
def processes(
    provider: Provider,
    fake_aws: FakeAws,
    operator_process: StartOperator,
    known: Machine,
) -> Mapping[str, OperatorProcess]:
    """To whom cloud and database are known by their names."""
    provider.aws["endpointURL"] = f"http://{CLOUD}:{urlsplit(fake_aws.url).port}"
    url = provider.database_url.replace("127.0.0.1", DATABASE_HOST)
    settings = {**SETTINGS, "endpoints_allowed": CLOUD, "credentials_grace_seconds": "0"}
    return {
        component: operator_process(
            component, database_url=url, settings=settings, environment=known.environment
        )
        for component in ("controller", "worker")
    }


@pytest.fixture
def synced(
    provider: Provider,
    estate: AccountScript,
    processes: Mapping[str, OperatorProcess],
) -> Mapping[str, OperatorProcess]:
    """After the first pass."""
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    assert provider.live() == estate.truth()
    return processes


def test_a_cloud_that_was_never_reached_is_waited_for(
    provider: Provider,
    estate: AccountScript,
    known: Machine,
    processes: Mapping[str, OperatorProcess],
):
    """Fails if no answer counts as a refusal (`EntryState.REJECTED`): it would be stalled."""
    known.name(CLOUD, None)
    provider.apply()

    provider.wait_condition("Ready", "False", "Unreachable")
    provider.wait_condition("CredentialsValid", "Unknown", "Unreachable")
    provider.wait_condition("Reconciling", "True", "ProgressingWithRetry")
    assert provider.condition("Stalled")["status"] == "absent"
    assert problems(provider) == {("Unreachable", "")}
    [problem] = provider.status()["problems"]
    assert problem["accounts"] == 0
    assert provider.live() == set()

    known.name(CLOUD, "127.0.0.1")
    let_a_period_pass(provider)
    provider.wait_condition("Ready", "True", "Succeeded")
    wait_healed(provider)
    assert provider.live() == estate.truth()


def test_a_cloud_whose_name_is_not_found_keeps_its_rows_and_comes_back(
    provider: Provider,
    estate: AccountScript,
    known: Machine,
    synced: Mapping[str, OperatorProcess],
):
    """Fails if what passes by itself shuts the account's door (empty `PASSING`)."""
    known.name(CLOUD, None)
    estate.clear(kind="ec2:instance", region="eu-west-1")

    provider.ask_run()
    eventually(lambda: {s["status"] for s in provider.scopes().values()} == {"failed"})

    assert provider.deleted() == set()

    # The status follows the ledger, at most once a second.
    eventually(lambda: problems(provider) == {("Unreachable", "")}, what="the problem")
    assert provider.condition("Ready")["status"] == "True"

    known.name(CLOUD, "127.0.0.1")
    let_a_period_pass(provider)
    wait_healed(provider)
    assert provider.deleted() == set()  # EC2 is eventually consistent: the first pass only marks
    let_a_period_pass(provider)
    eventually(lambda: provider.live() == estate.truth(), what="what is really gone to leave")


def test_a_database_whose_name_is_not_found_is_away(
    provider: Provider,
    estate: AccountScript,
    known: Machine,
    postgres: PostgresServer,
    synced: Mapping[str, OperatorProcess],
):
    """Fails without psycopg's OperationalError in `_AWAY`: a bug's text is not shown."""
    before = provider.status()
    known.name(DATABASE_HOST, None)
    postgres.restart("immediate")

    for process in synced.values():
        eventually(partial(told, process, "failed to resolve"))
        assert process.get("/livez")[0] == 200
    assert provider.status() == before

    known.name(DATABASE_HOST, "127.0.0.1")
    for process in synced.values():
        process.wait_ready()
    provider.run_now()
    assert provider.live() == estate.truth()
