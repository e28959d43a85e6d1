"""An account that kills every worker that reads it, by a call that a test punishes by SIGKILL."""

import json
import threading
from collections.abc import Iterator
from typing import Self

import pytest

from tests.e2e.conftest import (
    ACCOUNT,
    REGIONS,
    Provider,
    StartWith,
    let_a_period_pass,
    problems,
    wait_healed,
)
from tests.fakes.aws.builders import instance, volume
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

POISONED, REGION = "222233334444", "eu-west-1"
INSTANCES = "aws.ec2.instances"


class Killer:
    """Ends whoever makes the call of a rule, and starts it again, as Kubernetes does it."""

    def __init__(
        self, provider: Provider, aws: FakeAws, rule: int, workers: list[OperatorProcess]
    ) -> None:
        self._provider = provider
        self._aws = aws
        self._rule = rule
        self._workers = workers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.deaths = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        punished = 0
        while not self._stop.wait(0.1):
            calls = self._aws.hits(self._rule)
            if calls > punished:
                punished = calls
                for worker in self._guilty():
                    worker.kill()
                    self.deaths += 1
                    worker.start()

    def _guilty(self) -> Iterator[OperatorProcess]:
        """Who holds the poisoned account's lease; a worker names itself in its log."""
        held = self._provider.rows(
            "SELECT l.holder FROM lease l JOIN account a ON a.id = l.account_pk"
            " WHERE a.account_id = %s AND l.region = %s",
            POISONED,
            REGION,
        )
        holders = {row["holder"] for row in held}
        for worker in self._workers:
            if holder_of(worker) in holders:
                yield worker


def holder_of(worker: OperatorProcess) -> str:
    """Its name in the ledger since it was started last."""
    lines = [json.loads(line) for line in worker.log_text().splitlines() if "holder" in line]
    names = [line["holder"] for line in lines if line.get("event") == "worker started"]
    return str(names[-1])


@pytest.fixture
def poisoned(provider: Provider, fake_aws: FakeAws, estate: AccountScript) -> AccountScript:
    """A second account of the provider, beside that of its credentials."""
    account = fake_aws.account(POISONED, regions=REGIONS)
    account.role("cloudops-read", listed=False)
    account.put(instance("i-poisoned", region=REGION), volume("vol-poisoned", region=REGION))
    provider.aws["accounts"] = {"ids": [ACCOUNT, POISONED]}
    return account


def test_an_account_that_kills_its_workers_is_named_and_all_others_go_on(
    provider: Provider,
    estate: AccountScript,
    poisoned: AccountScript,
    fake_aws: FakeAws,
    start: StartWith,
):
    """Fails if deaths are not counted (`attempts` in `_ACQUIRE`): nobody would be told."""
    _, *workers = start("controller", "worker", "worker", worker_lease_seconds="2")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    everything = estate.truth() | poisoned.truth()
    assert provider.live() == everything
    killing = fake_aws.inject(
        Fault.hang(), operation="DescribeInstances", account=POISONED, region=REGION
    )

    with Killer(provider, fake_aws, killing, workers) as killer:
        provider.ask_run()
        eventually(
            lambda: ("WorkerCrashed", INSTANCES, POISONED, REGION) in named(provider),
            timeout=180,
            what="the listing that kills to be named",
        )
        assert killer.deaths > 3
        let_a_period_pass(provider)
        eventually(lambda: is_complete(provider), what="all others to be complete")
        assert provider.condition("Ready")["status"] == "True"
        assert provider.live() == everything
        assert provider.deleted() == set()

    fake_aws.clear_faults()
    for worker in workers:
        worker.wait_ready()
    let_a_period_pass(provider)
    wait_healed(provider)
    assert problems(provider) == set()
    assert provider.live() == everything
    assert provider.deleted() == set()


def named(provider: Provider) -> set[tuple[str, str, str, str]]:
    return {
        (
            problem["reason"],
            problem.get("listing", ""),
            problem.get("exampleAccount", ""),
            problem.get("exampleRegion", ""),
        )
        for problem in provider.status().get("problems", [])
    }


def is_complete(provider: Provider) -> bool:
    """Whether whatever does not kill was read after the last request."""
    unread = provider.rows(
        "SELECT s.listing, s.region, s.status FROM scope s JOIN account a ON a.id = s.account_pk"
        " JOIN provider p ON p.id = a.provider_id WHERE s.retired_at IS NULL"
        " AND NOT (a.account_id = %s AND s.region = %s AND s.listing = %s)"
        " AND (s.status NOT IN ('complete', 'unsupported') OR s.last_attempt_at < p.requested_at)",
        POISONED,
        REGION,
        INSTANCES,
    )
    return not unread
