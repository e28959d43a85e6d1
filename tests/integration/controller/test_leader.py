"""Leader election on a real Lease: never two who may write, whatever happens to one."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudops.controller.kube import KubeClient, KubeUnavailableError
from cloudops.controller.leader import (
    EXIT_DEPOSED,
    Elector,
    LeaseTerms,
    boot_seconds,
    new_identity,
)
from cloudops.domain.errors import InvalidInputError
from cloudops.kubernetes_access import load_configuration
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.integration

MEMBER = Path(__file__).parent / "lease_member.py"
LEASE = 3.0
RENEW = 2.0
RETRY = 0.2


class Cuttable(KubeClient):
    """A client whose network can be cut."""

    cut = False
    broken = False
    held: threading.Event | None = None  # answers come only once it is set

    def get(self, *args, **values):
        if self.held:
            self.held.wait()
        if self.broken:
            raise RuntimeError("what nobody expected")
        if self.cut:
            raise KubeUnavailableError("cut", 0)
        return super().get(*args, **values)


class Member:
    """One candidate in this process."""

    def __init__(self, terms: LeaseTerms, **trouble: Any) -> None:
        self.client = Cuttable(load_configuration())
        self.client.__dict__.update(trouble)
        self.elected = threading.Event()
        self.exits: list[int] = []
        self.elector = Elector(
            terms, self.client, on_elected=self.elected.set, end_process=self.exits.append
        )
        self.elector.start()


@pytest.fixture
def terms(namespace: str) -> Callable[[], LeaseTerms]:
    def make() -> LeaseTerms:
        return LeaseTerms(
            namespace, "cloudops-controller", new_identity("member"), LEASE, RENEW, RETRY
        )

    return make


@pytest.fixture
def join(kube: KubeClient, terms) -> Iterator[Callable[[], Member]]:
    members: list[Member] = []

    def join(**trouble: Any) -> Member:
        members.append(Member(terms(), **trouble))
        return members[-1]

    yield join
    for member in members:
        member.elector.stop()


@pytest.fixture
def lease(admin: KubeClient, terms) -> Callable[[], dict[str, Any]]:
    path = f"{terms().path}/{terms().name}"
    return lambda: admin.get(path)["spec"]


@pytest.mark.parametrize("seconds", [(15, 15, 2), (15, 10, 10), (15, 10, 0)])
def test_times_that_could_leave_two_leaders_are_refused(seconds):
    with pytest.raises(InvalidInputError, match="LEADER_LEASE_SECONDS"):
        LeaseTerms("ns", "name", "me", *seconds)


def test_the_first_candidate_leads_and_says_so_in_the_lease(join, lease):
    member = join()

    assert member.elected.wait(60)
    assert member.elector.leads()
    assert lease()["holderIdentity"] == member.elector.identity
    assert lease()["leaseDurationSeconds"] == 3
    assert lease()["leaseTransitions"] == 0


def test_a_leader_renews(join, lease):
    assert join().elected.wait(60)
    first = lease()["renewTime"]

    assert eventually(lambda: lease()["renewTime"] > first)


def test_of_candidates_that_start_at_once_one_leads_at_a_time(join):
    members = [join() for _ in range(4)]
    overlaps, changes, leader = 0, 0, None
    deadline = time.monotonic() + 60
    while changes < 4 and time.monotonic() < deadline:
        writers = [member for member in members if member.elector.may_write()]
        overlaps += len(writers) > 1
        if writers and writers[0] is not leader:
            leader = writers[0]
            changes += 1
            leader.elector.stop()  # the next one, please

    assert (changes, overlaps) == (4, 0)
    assert len({member.elector.identity for member in members}) == 4


def test_a_released_lease_is_taken_over_without_waiting_for_its_end(join, lease):
    first = join()
    assert first.elected.wait(60)
    second = join()
    began = time.monotonic()
    first.elector.stop()

    assert not first.elector.leads()
    assert second.elected.wait(60)
    assert time.monotonic() - began < LEASE
    assert lease()["leaseTransitions"] == 1


def test_a_leader_that_cannot_renew_ends_by_its_deadline_and_not_later(join):
    member = join()
    assert member.elected.wait(60)
    standby = join()
    member.client.cut = True
    began = time.monotonic()

    assert eventually(lambda: member.exits, every=0.05) == [EXIT_DEPOSED]
    assert time.monotonic() - began < RENEW + 1
    assert not member.elector.may_write()
    assert not standby.elector.leads()  # it is still waiting for the Lease to run out
    assert standby.elected.wait(60)


def test_a_short_cut_costs_no_leadership(join):
    member = join()
    assert member.elected.wait(60)
    member.client.cut = True
    time.sleep(RENEW / 4)
    member.client.cut = False

    assert eventually(member.elector.may_write)
    assert not member.exits


def test_an_error_that_nobody_expected_does_not_end_the_candidacy(join):
    """Fails if it ends the thread: the process would stand by for ever, and nobody would see."""
    member = join(broken=True)
    assert not member.elected.wait(RETRY * 3)
    member.client.broken = False

    assert member.elected.wait(60)


def test_an_elector_that_stands_still_shows(join):
    """Fails if only the watchdog looks, which looks after leaders alone."""
    goes_on = threading.Event()
    member = join(held=goes_on)

    assert eventually(lambda: member.elector.silent_seconds() > RETRY * 4, every=0.05)

    goes_on.set()

    assert member.elected.wait(60)
    assert eventually(lambda: member.elector.silent_seconds() < RETRY * 4, every=0.01)


def test_a_leader_whose_lease_somebody_took_ends_at_once(join, admin, terms):
    member = join()
    assert member.elected.wait(60)
    path = f"{terms().path}/{terms().name}"

    def take() -> bool:
        lease = admin.get(path)
        lease["spec"]["holderIdentity"] = "usurper"
        return bool(admin.put(path, lease))

    eventually(take)

    assert eventually(lambda: member.exits, every=0.05) == [EXIT_DEPOSED]
    assert not member.elector.may_write()


def test_a_deleted_lease_is_made_anew(join, admin, terms, cluster):
    member = join()
    assert member.elected.wait(60)
    cluster.run_kubectl("delete", f"lease/{terms().name}", f"--namespace={terms().namespace}")

    assert eventually(lambda: admin.get(f"{terms().path}/{terms().name}"))
    assert not member.exits


@pytest.fixture
def spawn(
    kube: KubeClient, terms, tmp_path: Path
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """A candidate in a process of its own that writes down when it could have written."""
    processes: list[subprocess.Popen[bytes]] = []

    def spawn() -> subprocess.Popen[bytes]:
        mine = terms()
        arguments = [mine.namespace, mine.name, str(LEASE), str(RENEW), str(RETRY)]
        process = subprocess.Popen(
            [sys.executable, str(MEMBER), str(tmp_path / "writes"), *arguments],
            env={**os.environ, "PYTHONPATH": "operator"},
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        return process

    yield spawn
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(60)


def writes(tmp_path: Path) -> list[float]:
    path = tmp_path / "writes"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [float(line) for line in lines]


def test_a_leader_stopped_beyond_its_lease_and_continued_writes_no_more(spawn, join, tmp_path):
    stopped = spawn()
    eventually(lambda: writes(tmp_path))
    standby = join()
    stopped.send_signal(signal.SIGSTOP)

    assert standby.elected.wait(60)

    continued = boot_seconds()
    stopped.send_signal(signal.SIGCONT)

    assert stopped.wait(60) == EXIT_DEPOSED
    assert [moment for moment in writes(tmp_path) if moment > continued] == []
    assert standby.elector.may_write()


def test_a_killed_leader_is_succeeded_when_its_lease_has_run_out(spawn, join, tmp_path, lease):
    killed = spawn()
    eventually(lambda: writes(tmp_path))
    standby = join()
    eventually(lambda: lease()["holderIdentity"])
    killed.kill()
    killed.wait(60)
    died = boot_seconds()

    assert standby.elected.wait(60)
    assert boot_seconds() - died > LEASE - RENEW  # it renewed that long before at most
    assert max(writes(tmp_path)) <= died
