"""Any order of changes, faults, deaths, thefts and edits; `lab` judges every run.

It can fail. With `CLOUDOPS_MODEL_SEED=1` each of these was seen to make it, one at a time:

- the brake never holds (`DeletionBrake.holds`): a living row is deleted;
- a listing that broke off counts as complete (`complete=` in `ListingRun._load`): it marks;
- nobody looks whose account was entered (`InventoryService._enter`): the ledger hides it;
- the fence is not compared (`leases.guard`): a worker without a lease writes;
- what leaves the plan is deleted instead of retired (`write_plan`).
"""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy import Engine

from cloudops.collectors.aws import AwsCloud
from tests.integration.model.estate import ACCOUNTS, AWAY, HOME, NUMBERS
from tests.integration.model.lab import Tally, WorkerDiedError
from tests.integration.model.moves import (
    BRAKES,
    ELSEWHERE,
    HELD_BRAKES,
    KEYS,
    LISTINGS,
    OPERATIONS,
    accounts,
    beats,
    faults,
    kinds,
    names,
    numbers,
    pages,
    regions,
    selections,
    tags,
    versions,
    waits,
)
from tests.integration.model.situation import Situation
from tests.integration.services.aws_rig import InterruptedPulse


class InventoryMachine(RuleBasedStateMachine):
    """Chooses what happens next; `now` is where things stand."""

    def __init__(self, engine: Engine, cloud: AwsCloud, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.sound = True
        self.strayed = False
        self.now = Situation(engine, cloud, tally)

    # The world.

    @rule(account=accounts, kind=kinds, region=regions, some=numbers, version=versions, tags=tags)
    def put(self, account, kind, region, some, version, tags):
        with Step(self):
            self.now.estate.put(account, kind, region, some, version, tags)

    @rule(account=accounts, kind=kinds, region=regions, some=numbers)
    def delete(self, account, kind, region, some):
        with Step(self):
            self.now.estate.delete(account, kind, region, some)

    @rule(account=accounts, kind=st.sampled_from(("*", "ec2:*", "iam:*", "")), region=regions)
    def upheaval(self, account, kind, region):
        """Very much is gone at once; without a kind, a region is switched off or on."""
        with Step(self):
            if kind:
                self.now.estate.wipe(account, kind, region)
            else:
                self.now.estate.switch(
                    account, AWAY, on=AWAY not in self.now.estate.enabled[account]
                )

    # What goes wrong.

    @rule(
        fault=faults,
        operation=st.sampled_from((*OPERATIONS, *("Describe*", "*", "*", "*"))),
        account=st.sampled_from(("*", "*", *ACCOUNTS)),
        region=st.sampled_from(("*", "*", "*", HOME, AWAY)),
        page=pages,
        times=st.sampled_from((None, None, None, 1)),
    )
    def inject(self, fault, operation, account, region, page, times):
        with Step(self):
            self.now.strike(fault, operation, account, region, page=page, times=times)

    @precondition(lambda self: self.now.injected)
    @rule(most=st.booleans())
    def heal(self, most):
        with Step(self):
            self.now.cease(list(self.now.injected)[: -1 if most else 1])

    @rule(key=st.sampled_from(KEYS))
    def change_secret(self, key):
        with Step(self):
            self.now.use_key(key)

    # What people write.

    @rule(name=names, selection=selections, brake=st.sampled_from(BRAKES))
    def select(self, name, selection, brake):
        with Step(self):
            self.now.write(name, selection=selection, brake=brake)

    @rule(
        name=names,
        ids=st.sampled_from((ACCOUNTS, ACCOUNTS[:2], ACCOUNTS[1:], ACCOUNTS[:1], ())),
        host=st.sampled_from(("127.0.0.1", "127.0.0.1", "localhost", ELSEWHERE)),
    )
    def name_accounts(self, name, ids, host):
        with Step(self):
            self.now.write(name, ids=ids, host=host)

    @precondition(lambda self: not self.strayed)
    @rule(name=names, brake=st.sampled_from(HELD_BRAKES))
    def point_elsewhere(self, name, brake):
        """All is read twice at an empty endpoint before anyone notices and points it back.

        Once in an example: three periods take long.
        """
        self.strayed = True
        with Step(self):
            self.now.write(name, host=ELSEWHERE, brake=brake, suspended=False)
            for _ in range(2):
                self.now.period()
            self.now.write(name, host="127.0.0.1")
            self.now.period()

    @rule(name=names, suspended=st.sampled_from((True, False, None)))
    def suspend_or_remove(self, name, suspended):
        with Step(self):
            if suspended is not None:
                self.now.write(name, suspended=suspended)
            else:
                self.now.remove(name)

    # What workers do, when some time has passed.

    @rule(seconds=waits, limit=st.integers(1, 3))
    def work(self, seconds, limit):
        with Step(self):
            for lease in self.now.later(seconds, limit):
                self.now.lab.run(lease)

    @rule(seconds=waits, limit=st.integers(1, 3), fault=faults, page=pages, stays=st.booleans())
    def work_in_trouble(self, seconds, limit, fault, page, stays):
        """Every listing meets a fault; doors stay as they are."""
        with Step(self):
            numbers = [self.now.strike(fault, operation, page=page) for operation in LISTINGS]
            for lease in self.now.later(seconds, limit):
                self.now.lab.run(lease)
            if not stays:
                self.now.cease(numbers)

    @rule(seconds=waits, at=beats, account=accounts, kind=kinds, region=regions, some=numbers)
    def work_while_the_world_changes(self, seconds, at, account, kind, region, some):
        def move(_):
            self.now.estate.delete(account, kind, region, some)
            self.now.estate.put(account, kind, region, set(NUMBERS) - some, len(some) % 3, {})

        with Step(self):
            for lease in self.now.later(seconds, 2):
                self.now.lab.run(lease, InterruptedPulse(lease.domain, at, move))

    @rule(seconds=waits, at=beats)
    def die(self, seconds, at):
        with Step(self):
            for lease in self.now.later(seconds):
                self.now.lab.run(lease, InterruptedPulse(lease.domain, at, _die))

    @rule(seconds=waits, at=beats)
    def stop(self, seconds, at):
        with Step(self):
            for lease in self.now.later(seconds):
                self.now.lab.run(lease, InterruptedPulse(lease.domain, at, InterruptedPulse.stop))

    @rule(seconds=waits, at=beats, thief_works=st.booleans())
    def steal(self, seconds, at, thief_works):
        with Step(self):
            for lease in self.now.later(seconds):
                self.now.lab.run_stolen(lease, at, thief_works=thief_works)

    def teardown(self) -> None:
        """An example that went well so far has to end well."""
        try:
            if self.sound:
                self.now.converge()
        finally:
            self.now.close()
            self.tally.examples += 1


def _die(_: InterruptedPulse) -> None:
    raise WorkerDiedError


class Step:
    """One step of the machine: counted, and remembered if it failed."""

    def __init__(self, machine: InventoryMachine) -> None:
        self._machine = machine

    def __enter__(self) -> None:
        self._machine.sound = False

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._machine.sound = kind is None
        self._machine.tally.steps += kind is None
