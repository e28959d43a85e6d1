"""Two workers, one database, one fake AWS: runs of leases, whole or broken off, and judged."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, text

from cloudops.collectors.aws import AwsCloud
from cloudops.domain.errors import AccessError, LeaseLostError, WorkerStoppingError
from cloudops.domain.ledger import Lease, LeaseKind
from cloudops.services.pulse import Pulse
from tests.fakes.aws.calls import Call
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.server import FakeAws
from tests.fakes.cloud import FakeSecrets
from tests.fixtures.waiting import eventually
from tests.integration.model import verdicts
from tests.integration.model.estate import TAGGING
from tests.integration.model.picture import (
    TABLES,
    Excuse,
    Picture,
    Run,
    image,
    judge,
    judge_first_page,
)
from tests.integration.model.picture import judge_complete as judge_complete_scope
from tests.integration.services.aws_rig import KEY, AwsRig, InterruptedPulse, keys_of
from tests.integration.store.seeding import execute, rows

# Which faults could strike a call: operation, account and region → faults.
Striking = Callable[[str, str, str], Collection[Fault]]
ALL = 100  # percent
CRASHED = "WorkerCrashed"  # stands there while a listing is read under which workers died
_DOORS = ("GetCallerIdentity", "AssumeRole")


class WorkerDiedError(BaseException):
    """What SIGKILL looks like from inside: nothing catches it, nothing is cleaned up."""


@dataclass
class Tally:
    """What a whole test has done, over all examples."""

    examples: int = 0
    steps: int = 0
    runs: int = 0
    deletions: int = 0
    stolen: int = 0
    died: int = 0
    held: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)

    def note(self, verdict: str) -> None:
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1

    def __str__(self) -> str:
        ledger = ", ".join(f"{count} {word}" for word, count in sorted(self.verdicts.items()))
        return (
            f"{self.steps} steps in {self.examples} examples: {self.runs} runs"
            f" ({self.died} died, {self.stolen} stolen), {self.deletions} deletions,"
            f" {self.held} held; ledger: {ledger}"
        )


class Lab:
    """Drives leases and judges each run as soon as it is over."""

    def __init__(self, engine: Engine, cloud: AwsCloud, tally: Tally, striking: Striking) -> None:
        self.engine = engine
        self.tally = tally
        self.aws = FakeAws()
        self.aws.start()
        self.aws.page_size("*", 2)
        self.operations = {listing.name: listing.operation for listing in cloud.listings}
        self._striking = striking
        execute(engine, f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY CASCADE")
        # The same accounts at another endpoint, with nothing in them: an emulator, say.
        self.elsewhere = FakeAws()
        self.elsewhere.start()
        self._hid: set[int] = set()  # scopes whose last complete listing hid something
        self.secrets = FakeSecrets(keys_of(KEY))
        # One listing at a time: an example that fails must fail again.
        self.thief = AwsRig(engine, self.aws, cloud, secrets=self.secrets, threads=1)
        self.worker = AwsRig(engine, self.aws, cloud, secrets=self.secrets, threads=1)

    def close(self) -> None:
        self.worker.close()
        self.thief.close()
        self.aws.stop()
        self.elsewhere.stop()

    def due(self, limit: int = 100) -> list[Lease]:
        """Up to so many due leases, discoveries first."""
        taken = self.worker.leasing.acquire("worker", limit)
        return sorted(taken, key=lambda lease: (lease.kind is LeaseKind.INVENTORY, lease.domain))

    def run(
        self, lease: Lease, pulse: Pulse | None = None, rig: AwsRig | None = None
    ) -> BaseException | None:
        """Run a lease and judge what came of it, also if it broke off; why it did."""
        if rig is None:  # a thief works in the midst of another run, whose calls count, too
            for aws in (self.aws, self.elsewhere):
                aws.reset_calls()
        before, since = Picture.of(self.engine), self.aws.now()
        ended = self._try(lease, pulse or Pulse(lease.domain), rig or self.worker)
        calls = [
            call for aws in (self.aws, self.elsewhere) for call in aws.calls() if call.at >= since
        ]
        run = Run(before, Picture.of(self.engine), since, self.aws.now(), calls)
        self.tally.runs += 1
        hid = {id_ for id_, scope in run.complete().items() if self._struck(run, scope, "hide")}
        self.tally.deletions += judge(run, self.aws, self._excuse(lease, hid & self._hid))
        self._hid = (self._hid - run.complete().keys()) | hid
        if lease.kind is LeaseKind.INVENTORY and not isinstance(ended, LeaseLostError):
            for scope in run.attempted().values():
                if ended is None or scope.error_code != CRASHED:
                    self._judge_scope(run, lease, scope)
        return ended

    def _excuse(self, lease: Lease, doubtful: Collection[int]) -> Excuse:
        (spec,) = rows(
            self.engine,
            "SELECT spec #>> '{aws,endpointURL}' AS url,"
            " CAST(spec #>> '{inventory,deletionBrake,percent}' AS integer) AS percent,"
            " CAST(spec #>> '{inventory,deletionBrake,minimum}' AS integer) AS minimum"
            " FROM provider WHERE id = :id",
            id=lease.provider_id,
        )
        if spec.percent == ALL:
            return Excuse(spec.url == self.elsewhere.url, doubtful, None)
        return Excuse(
            consent=False,
            doubtful=doubtful,
            limit=lambda live: max(spec.minimum, live * spec.percent // ALL),
        )

    def _struck(self, run: Run, scope: Any, kind: str) -> bool:
        calls = run.calls_of(scope, self.operations[scope.listing])
        return any(kind in call.faults for call in calls)

    def _try(self, lease: Lease, pulse: Pulse, rig: AwsRig) -> BaseException | None:
        service = rig.discovery if lease.kind is LeaseKind.DISCOVERY else rig.inventory
        try:
            service.run(lease, pulse)
        except WorkerStoppingError as error:
            rig.leasing.hand_back([lease])
            return error
        except LeaseLostError as error:
            return error
        except WorkerDiedError as error:
            self.tally.died += 1
            return error
        return None

    def _judge_scope(self, run: Run, lease: Lease, scope: Any) -> None:
        assert scope.lease_id == lease.id, "a lease wrote into another one's ledger"
        calls = run.calls_of(scope, self.operations[scope.listing])
        words = (scope.status, scope.error_class, scope.error_code)
        if calls:
            faults = self._striking(calls[-1].operation, scope.account_id, calls[-1].region)
            allowed = verdicts.of_listing(calls, faults)
        elif run.before.scopes[scope.id].status == "unsupported":  # a fault at the door is not its
            before = run.before.scopes[scope.id]
            allowed = {verdicts.Verdict(before.status, before.error_class, before.error_code)}
        else:
            allowed = self._closed(run)
        assert any(one.fits(*words) for one in allowed), (
            f"{scope.listing} in {scope.account_id}/{scope.region} is {words}"
            f" ({scope.error_message}), not one of {allowed}"
        )
        self.tally.note("/".join(word for word in words[:2] if word))
        if scope.listing != TAGGING and calls and not self._is_elsewhere(calls):
            self._judge_rows(run, scope, calls)

    def _judge_rows(self, run: Run, scope: Any, calls: Sequence[Call]) -> None:
        if scope.status == "complete":
            if not self._struck(run, scope, "hide"):
                spoilt = self._struck(run, scope, "malformed")
                judge_complete_scope(run, self.aws, scope, spoilt=spoilt)
        elif calls[0].items and not calls[0].faults:
            judge_first_page(run, self.aws, scope, calls[0].items)

    def _is_elsewhere(self, calls: Sequence[Call]) -> bool:
        return any(one is call for call in calls[:1] for one in self.elsewhere.calls())

    def _closed(self, run: Run) -> set[verdicts.Verdict]:
        """Why a lease read nothing at all."""
        try:
            self.secrets.read("", "")
        except AccessError as error:
            status = "failed" if error.error_class == "transient" else "denied"
            return {verdicts.Verdict(status, error.error_class, error.reason)}
        return verdicts.of_door([call for call in run.calls if call.operation in _DOORS])

    def run_stolen(self, lease: Lease, at: int, *, thief_works: bool) -> None:
        """Another worker takes the lease in the middle: the first may write nothing any more."""
        taken: list[dict[str, list[str]]] = []

        def steal(_: InterruptedPulse) -> None:
            taken.append(self._steal_and_work(lease) if thief_works else self._steal(lease))

        ended = self.run(lease, InterruptedPulse(lease.domain, at, steal))
        assert isinstance(ended, LeaseLostError) == bool(taken), "who has the lease?"
        if taken:
            self.tally.stolen += 1
            with self.engine.begin() as connection:
                assert image(connection) == taken[0], "a worker without a lease wrote"

    def _steal(self, lease: Lease) -> dict[str, list[str]]:
        """As `acquire` does it: whoever is just writing is waited for."""
        with self.engine.begin() as connection:
            connection.execute(
                text("SELECT id FROM lease WHERE id = :id FOR UPDATE"), {"id": lease.id}
            )
            connection.execute(
                text("UPDATE lease SET fence = fence + 1, holder = 'thief' WHERE id = :id"),
                {"id": lease.id},
            )
            return image(connection)

    def _take(self, lease: Lease) -> Lease:
        """Acquire it. While its holder is writing, another one comes."""
        taken = self.thief.leasing.acquire("thief", 1, suspects=0)
        others = [one for one in taken if one.id != lease.id]
        self.thief.leasing.hand_back(others)
        ours = [one for one in taken if one.id == lease.id]
        if not ours:
            raise LookupError(f"{lease.domain} is locked")
        return ours[0]

    def _steal_and_work(self, lease: Lease) -> dict[str, list[str]]:
        execute(
            self.engine,
            "UPDATE lease SET expires_at = now() - interval '1 day', attempts = 1,"
            " next_due_at = '-infinity' WHERE id = :id",
            id=lease.id,
        )
        self.run(eventually(lambda: self._take(lease)), rig=self.thief)
        with self.engine.begin() as connection:
            return image(connection)
