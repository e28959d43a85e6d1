"""Where things stand: the world, the faults in force, the CloudProviders, and how it all ends."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from cloudops.collectors.aws import AwsCloud
from cloudops.domain.ledger import Lease, LeaseKind
from tests.fakes.aws.faults import Fault
from tests.integration.model.estate import ACCOUNTS, AWAY, HOME, KINDS, NUMBERS, Estate, Shown, Wish
from tests.integration.model.lab import Lab, Tally
from tests.integration.model.moves import (
    ELSEWHERE,
    FAULTS,
    FOREIGN_KEY,
    LONG,
    OTHER_KEY,
    PERIOD,
    RELEASED,
    Injected,
)
from tests.integration.services.aws_rig import KEY, SECRET, aws_spec, keys_of
from tests.integration.store.seeding import rows


class Situation:
    """One fake AWS with three accounts, up to two CloudProviders, and two workers."""

    def __init__(self, engine: Engine, cloud: AwsCloud, tally: Tally) -> None:
        """Two of the accounts were read once."""
        self.injected: dict[int, Injected] = {}
        self.lab = Lab(engine, cloud, tally, self.striking)
        self.estate = Estate(self.lab.aws)
        for estate in (self.estate, Estate(self.lab.elsewhere)):
            estate.accounts[ACCOUNTS[0]].key(KEY, SECRET)
            estate.accounts[ACCOUNTS[0]].key(OTHER_KEY, SECRET)
            estate.accounts[ACCOUNTS[1]].key(FOREIGN_KEY, SECRET)
        self._births = 0
        self._created: dict[str, datetime] = {}
        self.wishes = {name: Wish(name) for name in ("first", "second")}
        for kind in KINDS:
            for account in ACCOUNTS:
                self.estate.put(account, kind, HOME, NUMBERS[:2], 0, {"Team": "shop"})
                self.estate.put(account, kind, AWAY, NUMBERS[1:], 1, {"Team": "data"})
        self.write("first", ids=ACCOUNTS[:2])
        self.period()

    def close(self) -> None:
        self.lab.close()

    def striking(self, operation: str, account: str, region: str) -> list[Fault]:
        """The faults that a call may have met; IAM and STS are asked in a region of their own."""
        return [
            one.fault for one in self.injected.values() if one.covers(operation, account, region)
        ]

    def write(self, name: str, **wanted: Any) -> None:
        """Write a CloudProvider, as an edit of its spec."""
        wish = self.wishes[name]
        for word, value in wanted.items():
            setattr(wish, word, value)
        wish.generation += 1
        if not wish.alive:
            self._births += 1
            self._created[name] = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=self._births)
            wish.alive = True
        self.lab.worker.plan(
            self._spec(wish),
            name=name,
            uid=f"{name}-{self._created[name]:%j}",
            generation=wish.generation,
            created_at=self._created[name],
            suspended=wish.suspended,
        )

    def _spec(self, wish: Wish) -> dict[str, Any]:
        url = self.lab.aws.url.replace("127.0.0.1", wish.host)
        if wish.host == ELSEWHERE:
            url = self.lab.elsewhere.url
        return aws_spec(
            url,
            *wish.ids,
            types=wish.selection.include,
            excluded=wish.selection.exclude,
            regions=wish.selection.regions,
            sync_period=PERIOD,
            brake=wish.brake,
        )

    def owners(self) -> dict[str, Wish]:
        """Account → the oldest CloudProvider that names it."""
        found: dict[str, Wish] = {}
        alive = (wish for wish in self.wishes.values() if wish.alive)
        for wish in sorted(alive, key=lambda one: self._created[one.name]):
            for id_ in wish.ids or ACCOUNTS[:1]:
                found.setdefault(id_, wish)
        return found

    def remove(self, name: str) -> None:
        """The CloudProvider is gone, if there was one."""
        if self.wishes[name].alive:
            self.lab.worker.planning.mark_vanished(self.lab.worker.epoch, [("platform", name)])
            self.wishes[name].alive = False

    def strike(
        self,
        fault: str,
        operation: str,
        account: str = "*",
        region: str = "*",
        *,
        page: int | None = None,
        times: int | None = None,
    ) -> int:
        """Inject and remember."""
        number = self.lab.aws.inject(
            FAULTS[fault],
            operation=operation,
            account=account,
            region=region,
            page=page,
            times=times,
        )
        self.injected[number] = Injected(FAULTS[fault], operation, account, region)
        return number

    def cease(self, numbers: Iterable[int]) -> None:
        """These faults are over."""
        for number in numbers:
            self.lab.aws.clear_faults(number)
            del self.injected[number]

    def use_key(self, key: str) -> None:
        """Without a key there is no Secret at all."""
        self.lab.secrets.data = keys_of(key) if key else {}

    def later(self, seconds: int, limit: int = 1) -> list[Lease]:
        """What is due then."""
        self.lab.worker.age(seconds)
        return self.lab.due(limit)

    def converge(self) -> None:
        """Faults end; two periods later the table is the truth, but for what a brake holds."""
        self.lab.aws.clear_faults()
        self.injected.clear()
        self.use_key(KEY)
        for name, wish in self.wishes.items():
            if wish.alive:
                # Who has met other credentials waits for a person to name the account.
                host = "127.0.0.1" if wish.host == ELSEWHERE else wish.host
                self.write(name, suspended=False, host=host, ids=wish.ids or ACCOUNTS[:1])
        self.period()
        self.period()
        surplus = self.compare()
        if not surplus:
            return
        self.lab.tally.held += len(surplus)
        for name, wish in self.wishes.items():
            if wish.alive:
                self.write(name, brake=RELEASED)
        self.period()
        assert self.compare() == set()

    def period(self) -> None:
        """A period passes, and everything is read that has become due."""
        self.lab.worker.age(LONG)
        # Who reads an account follows from the edits before; then it is read.
        for lease in self.lab.worker.acquire(LeaseKind.DISCOVERY):
            self.lab.run(lease)
        for _ in range(8):
            taken = self.lab.due()
            if not taken:
                return
            for lease in taken:
                self.lab.run(lease)
        raise AssertionError("there is always something due")

    def compare(self) -> set[str]:
        """Hold the inventory against the truth; returns what a brake keeps of what is gone."""
        expected = {
            arn: shown
            for account, wish in self.owners().items()
            for arn, shown in self.estate.expected(account, wish.selection).items()
        }
        found = {row.canonical_id: row for row in rows(self.lab.engine, "SELECT * FROM inventory")}
        assert expected.keys() - found.keys() == set()
        for arn, shown in expected.items():
            self._compare_row(arn, shown, found[arn])
        self._compare_ledger()
        surplus = found.keys() - expected.keys()
        held = rows(
            self.lab.engine,
            "SELECT sum(held_count) AS held FROM scope WHERE retired_at IS NULL",
        )[0].held
        assert len(surplus) == (held or 0), f"{surplus} is left, but {held} are held"
        return surplus

    @staticmethod
    def _compare_row(arn: str, shown: Shown, row: Any) -> None:
        kind = next(kind for kind in KINDS.values() if kind.type == row.type)
        assert kind.shown(row.document) == shown.version, arn
        if shown.tags_matter:
            assert row.tags == shown.tags, arn

    def _compare_ledger(self) -> None:
        unread = rows(
            self.lab.engine,
            "SELECT DISTINCT listing, status, error_code, error_message FROM scope"
            " WHERE retired_at IS NULL AND (status, error_code) <> ('complete', '')",
        )
        assert not unread, unread
