"""What the operator stands on gives way: its database, its clocks, a call that hangs."""

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import psycopg
import pytest

from cloudops.store.migrate import upgrade
from tests.e2e.conftest import (
    ACCOUNT,
    REGIONS,
    SETTINGS,
    Provider,
    StartWith,
    leads,
    let_a_period_pass,
    problems,
    told,
    wait_healed,
)
from tests.fakes.aws.builders import instance
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.disk import Disk, small_disk
from tests.fixtures.machine import Machine
from tests.fixtures.operator import StartOperator
from tests.fixtures.operator_process import Component, OperatorProcess
from tests.fixtures.postgres_server import PostgresServer
from tests.fixtures.waiting import eventually
from tests.integration.store.failover import Pair, replicated

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

HOUR = 3600
TOLERATED = 240  # seconds: AWS takes what was signed within five minutes
LARGE = 1_500
INSTANCES = "aws.ec2.instances"


def assert_ages_are_true(provider: Provider) -> None:
    [ages] = provider.rows(
        "SELECT max(last_complete_at) AS newest, min(last_complete_at) AS oldest FROM scope"
    )
    shown = datetime.fromisoformat(provider.status()["inventory"]["oldestCompleteTime"])
    for moment in (shown, ages["oldest"], ages["newest"]):
        assert abs((datetime.now(UTC) - moment).total_seconds()) < TOLERATED / 2
    assert provider.status()["inventory"]["scopes"]["overdue"] == 0


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
        # A region may have been read before: what it missed counts for nothing any more.
        provider.run_now()
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
    @pytest.fixture
    def machine(self, run_folder) -> Callable[[int], Machine]:
        def make(seconds: int) -> Machine:
            made = Machine(run_folder / secrets.token_hex(4))
            made.set_clock(seconds)
            return made

        return make

    def test_processes_an_hour_apart_agree_on_everything(
        self,
        provider: Provider,
        estate: AccountScript,
        operator_process: StartOperator,
        machine: Callable[[int], Machine],
    ):
        """Fails if ages go by a process's own clock (`DatabaseClock.now`), or the election does.

        The database's clock is right; one controller is an hour late, the other an hour early,
        and the worker as early as AWS lets it be.
        """
        late, early, tolerated = machine(-HOUR), machine(HOUR), machine(TOLERATED)

        def start(component: Component, on: Machine) -> OperatorProcess:
            return operator_process(component, settings=SETTINGS, environment=on.environment)

        first = start("controller", late)
        eventually(lambda: leads(first), what="the first to lead")
        second, _ = start("controller", early), start("worker", tolerated)
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
        tolerated.set_clock(-TOLERATED)
        provider.run_now()
        provider.wait_condition("InventorySynced", "True")
        assert_ages_are_true(provider)
        assert leads(second)
        assert provider.live() == estate.truth()

    def test_a_worker_an_hour_off_is_told_to_look_at_its_clock_and_heals(
        self,
        provider: Provider,
        estate: AccountScript,
        operator_process: StartOperator,
        machine: Callable[[int], Machine],
    ):
        """Fails if what AWS says of a wrong clock is said of the keys (`is_clock_skewed`)."""
        clock = machine(HOUR)
        settings = {**SETTINGS, "credentials_grace_seconds": "0"}
        operator_process("controller", settings=settings)
        operator_process("worker", settings=settings, environment=clock.environment)
        provider.apply()

        ready = provider.wait_condition("Ready", "False", "ClockSkewed")
        assert "check the worker's clock" in ready["message"]
        assert provider.condition("Stalled")["status"] == "absent"
        clock.set_clock(0)
        let_a_period_pass(provider)
        provider.wait_condition("InventorySynced", "True")

        clock.set_clock(-HOUR)
        provider.run_now()
        eventually(lambda: ("ClockSkewed", "") in problems(provider), what="the problem")
        assert provider.condition("Ready")["status"] == "True"
        assert provider.live() == estate.truth()
        assert {scope["status"] for scope in provider.scopes().values()} == {"failed"}
        clock.set_clock(0)
        let_a_period_pass(provider)
        wait_healed(provider)
        assert provider.live() == estate.truth()
        assert provider.deleted() == set()


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


class TestFullDisk:
    """The whole server lies on a small disk; a full log ends it, as PostgreSQL wants it."""

    @pytest.fixture
    def disk(self, run_folder) -> Iterator[Disk]:
        with small_disk(run_folder / secrets.token_hex(4), 250) as disk:
            yield disk

    @pytest.fixture
    def server(self, disk: Disk) -> Iterator[PostgresServer]:
        server = PostgresServer(disk.folder / "postgres", settings={"max_wal_size": "64MB"})
        try:
            server.create()
            yield server
        finally:
            server.stop("immediate")

    def test_it_is_told_by_both_touches_no_status_and_heals_with_room(
        self,
        provider: Provider,
        estate: AccountScript,
        operator_process: StartOperator,
        disk: Disk,
        server: PostgresServer,
    ):
        """Fails if a database that is away ends the process (no `except` in `Worker._take`)."""
        provider.database_url = server.create_database("inventory")
        upgrade(provider.database_url)
        processes = [
            operator_process(component, database_url=provider.database_url, settings=SETTINGS)
            for component in ("controller", "worker")
        ]
        provider.apply()
        provider.wait_condition("InventorySynced", "True")
        before = provider.status()
        disk.fill()
        eventually(lambda: has_broken_down(server), what="the server to find no room")

        for process in processes:
            eventually(partial(told, process, "[-] database: database: connection failed"))
            assert process.get("/livez")[0] == 200
        assert provider.status() == before

        disk.free()
        eventually(partial(is_started, server), what="the server to be back")
        for process in processes:
            process.wait_ready()
        estate.put(instance("i-later", region=REGIONS[0]))
        let_a_period_pass(provider)
        eventually(lambda: provider.live() == estate.truth(), what="the next pass")
        wait_healed(provider)
        assert provider.deleted() == set()


def is_started(server: PostgresServer) -> bool:
    server.start()
    return server.is_running()


def has_broken_down(server: PostgresServer) -> bool:
    """Asks it to remember more than fits, until it could not."""
    if "PANIC" not in server.log_text():
        with psycopg.connect(server.admin_url(), autocommit=True) as connection:
            connection.execute("SELECT pg_logical_emit_message(false, 'x', repeat('x', 20 << 20))")
    return "PANIC" in server.log_text()
