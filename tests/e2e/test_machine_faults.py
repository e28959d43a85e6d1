"""What the operator stands on gives way: its database, its clocks, the names it looks up."""

import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import ACCOUNT, REGIONS, SETTINGS, Provider, StartWith
from tests.fakes.aws.builders import bucket, instance, volume
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.machine import Machine
from tests.fixtures.operator import StartOperator
from tests.fixtures.operator_process import Component, OperatorProcess
from tests.fixtures.waiting import eventually
from tests.integration.store.failover import Pair, replicated

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

HOUR = 3600
LARGE = 1_500
INSTANCES = "aws.ec2.instances"
CLOUD, DATABASE_HOST = "cloud.test", "database.test"


@pytest.fixture
def estate(account: AccountScript) -> AccountScript:
    """A few things in every region."""
    for number, region in enumerate(REGIONS):
        account.put(
            instance(f"i-{number}", region=region, tags={"Name": f"web-{number}"}),
            volume(f"vol-{number}", region=region),
            bucket(f"bucket-{number}", region=region),
        )
    return account


@pytest.fixture
def machine(run_folder) -> Machine:
    return Machine(run_folder / secrets.token_hex(4))


def leads(controller: OperatorProcess) -> bool:
    status = 'leader_election_master_status{name="cloudops-controller"} 1.0'
    return status in controller.get("/metrics")[1]


def assert_ages_are_true(provider: Provider) -> None:
    [ages] = provider.rows(
        "SELECT max(last_complete_at) AS newest, min(last_complete_at) AS oldest FROM scope"
    )
    shown = datetime.fromisoformat(provider.status()["inventory"]["oldestCompleteTime"])
    for moment in (shown, ages["oldest"], ages["newest"]):
        assert abs((datetime.now(UTC) - moment).total_seconds()) < HOUR / 4
    assert provider.status()["inventory"]["scopes"]["overdue"] == 0


def told(process: OperatorProcess, words: str) -> bool:
    return words in process.get("/readyz")[1]


class TestFailover:
    @pytest.fixture
    def pair(self, run_folder) -> Iterator[Pair]:
        with replicated(run_folder / secrets.token_hex(4)) as found:
            found.synchronise()
            yield found

    def test_in_the_middle_of_a_load_it_goes_on_with_the_promoted_standby(
        self,
        provider: Provider,
        estate: AccountScript,
        fake_aws: FakeAws,
        operator_process: StartOperator,
        pair: Pair,
    ):
        """Fails if the loop ends when it finds no database (no `except` in `Worker._take`)."""
        provider.database_url = pair.url
        processes = [
            operator_process(component, database_url=pair.url, settings=SETTINGS)
            for component in ("controller", "worker")
        ]
        estate.put_fleet(instance("i-{n:017x}", region="eu-west-1"), LARGE, first=100)
        provider.apply()
        provider.wait_condition("InventorySynced", "True")
        estate.delete(estate.arn(instance("i-0", region=REGIONS[0])))
        fake_aws.page_size("DescribeInstances", 150)
        slow = fake_aws.inject(
            Fault.latency(0.3), operation="DescribeInstances", region="eu-west-1"
        )
        token = provider.ask_run()
        eventually(lambda: fake_aws.hits(slow) >= 3, what="the load to be under way")
        before = provider.live()

        pair.primary.stop("immediate")
        for process in processes:
            eventually(partial(told, process, "[-] database"))
            assert process.get("/livez")[0] == 200
        pair.take_over()
        assert provider.live() == before
        fake_aws.clear_faults()
        provider.wait_handled(token)
        provider.run_now()

        assert provider.live() == estate.truth()
        provider.wait_condition("InventorySynced", "True")
        for process in processes:
            process.wait_ready()
        # The old one comes back: nobody asks it, and it knows nothing of the runs since.
        pair.primary.start()
        provider.run_now()
        assert provider.live() == estate.truth()


class TestClocks:
    def test_processes_an_hour_apart_agree_on_everything(
        self,
        provider: Provider,
        estate: AccountScript,
        operator_process: StartOperator,
        run_folder,
    ):
        """Fails if ages go by a process's own clock (`DatabaseClock.now`), or the election does.

        The database's clock is right; one controller is an hour late, the other and the worker
        are an hour early.
        """
        late, early = (Machine(run_folder / secrets.token_hex(4)) for _ in range(2))
        late.set_clock(-HOUR)
        early.set_clock(HOUR)

        def start(component: Component, on: Machine) -> OperatorProcess:
            return operator_process(component, settings=SETTINGS, environment=on.environment)

        first = start("controller", late)
        eventually(lambda: leads(first), what="the first to lead")
        second, _ = start("controller", early), start("worker", early)
        provider.apply()
        provider.wait_condition("InventorySynced", "True")
        estate.clear(kind="ec2:instance", region="eu-west-1")
        provider.run_now()
        provider.run_now()

        assert provider.live() == estate.truth()
        assert_ages_are_true(provider)
        assert (leads(first), leads(second)) == (True, False)

        first.kill()
        eventually(lambda: leads(second), what="the second to lead")
        early.set_clock(-HOUR)
        provider.run_now()
        provider.wait_condition("InventorySynced", "True")
        assert_ages_are_true(provider)
        assert leads(second)
        assert provider.live() == estate.truth()


class TestHungCall:
    def test_its_lease_goes_to_another_worker_and_what_it_says_late_counts_for_nothing(
        self,
        provider: Provider,
        estate: AccountScript,
        fake_aws: FakeAws,
        start: StartWith,
    ):
        """Fails without the deadline of the heartbeat: the lease would be prolonged for ever."""
        patience = {"listing_deadline_seconds": "2", "worker_lease_seconds": "2"}
        _, *workers = start(
            "controller", "worker", "worker", cloud_read_timeout_seconds="12", **patience
        )
        provider.apply()
        provider.wait_condition("InventorySynced", "True")
        refusal = re.compile(r"ran out or was taken|fence \d+ is over")
        hung = fake_aws.inject(
            Fault.hang(), operation="DescribeInstances", region="eu-west-1", times=1
        )

        provider.run_now()

        assert fake_aws.hits(hung) == 1
        scope = provider.scopes()[ACCOUNT, "eu-west-1", INSTANCES]
        assert scope["status"] == "complete"
        [lease] = provider.rows("SELECT fence FROM lease WHERE region = 'eu-west-1'")
        assert lease["fence"] >= 3
        # The first one's call ends with its read timeout and is repeated; that comes too late.
        eventually(
            lambda: any(refusal.search(worker.log_text()) for worker in workers),
            what="the first worker to give up",
        )
        assert provider.live() == estate.truth()
        assert (
            provider.scopes()[ACCOUNT, "eu-west-1", INSTANCES]["last_complete_at"]
            == (scope["last_complete_at"])
        )


class TestNames:
    @pytest.fixture
    def known(self, machine: Machine, fake_aws: FakeAws) -> Machine:
        for host in (CLOUD, DATABASE_HOST):
            machine.name(host, "127.0.0.1")
        return machine

    @pytest.fixture
    def synced(
        self,
        provider: Provider,
        estate: AccountScript,
        fake_aws: FakeAws,
        operator_process: StartOperator,
        known: Machine,
    ) -> Mapping[str, OperatorProcess]:
        """After the first pass; cloud and database are known by their names."""
        provider.aws["endpointURL"] = f"http://{CLOUD}:{urlsplit(fake_aws.url).port}"
        url = provider.database_url.replace("127.0.0.1", DATABASE_HOST)
        settings = {**SETTINGS, "endpoints_allowed": CLOUD}
        processes = {
            component: operator_process(
                component, database_url=url, settings=settings, environment=known.environment
            )
            for component in ("controller", "worker")
        }
        provider.apply()
        provider.wait_condition("InventorySynced", "True")
        assert provider.live() == estate.truth()
        return processes

    def test_a_cloud_whose_name_is_not_found_keeps_its_rows_and_comes_back(
        self,
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

        def problems() -> set[tuple[str, str]]:
            shown = provider.status().get("problems", ())
            return {(problem["reason"], problem.get("permission", "")) for problem in shown}

        # The status follows the ledger, at most once a second.
        eventually(lambda: problems() == {("Unreachable", "")}, what="the problem")
        assert provider.condition("Ready")["status"] == "True"

        known.name(CLOUD, "127.0.0.1")
        provider.run_now()
        provider.run_now()
        provider.wait_condition("InventorySynced", "True")
        assert provider.live() == estate.truth()

    def test_a_database_whose_name_is_not_found_is_away(
        self,
        provider: Provider,
        estate: AccountScript,
        known: Machine,
        postgres,
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
