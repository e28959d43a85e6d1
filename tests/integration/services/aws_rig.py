"""The services over a real database and AWS over HTTP, driven lease by lease."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import DateTime, Engine

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.ledger import Lease, LeaseKind
from cloudops.services.pulse import Pulse
from cloudops.store.tables import metadata
from tests.fakes.aws.rows import SERVED
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fakes.cloud import FakeSecrets, spec_of
from tests.fixtures.limits import quick_limits
from tests.integration.services.rig import THREADS, ServiceRig
from tests.integration.store.seeding import ACCOUNT, execute, rows

KEY = "AKIAFIRSTFIRST000001"
SECRET = "a-secret-that-must-not-leak"
REGIONS = ("us-east-1", "eu-west-1")

# What passes with time in every table; when a thing or an object was made does not.
_CLOCKS = {
    table.name: columns
    for table in metadata.sorted_tables
    if table.name
    in ("provider", "account", "lease", "scope", "resource", "facet", "detail", "detail_calls")
    and (
        columns := [
            column.name
            for column in table.columns
            if isinstance(column.type, DateTime) and column.name != "created_at"
        ]
    )
}


def aws_cloud(listings: Sequence[Listing] = SERVED, **options: Any) -> AwsCloud:
    """Impatient enough for tests; reading service models is what takes long, so keep it."""
    return AwsCloud(
        **{
            "redaction_key": b"a key for tests only",
            "connect_timeout_seconds": 10,
            "read_timeout_seconds": 60,
            "pool_size": 8,
            "listings": listings,
            "limits": quick_limits(),
            **options,
        }
    )


def keys_of(access_key: str) -> dict[str, str]:
    """The data of a Secret."""
    return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": SECRET}


def aws_spec(url: str, *ids: str, **options: Any) -> dict[str, Any]:
    """A CloudProvider's spec over the fake at `url`; options as for `spec_of`."""
    spec: dict[str, Any] = spec_of(*ids, **options)
    spec["aws"]["endpointURL"] = url
    return spec


class InterruptedPulse(Pulse):
    """Does something at its n-th sign of life.

    Of an inventory lease only those of listings count: how often its main thread speaks
    for them is a matter of chance.
    """

    def __init__(self, domain: str, at: int, action: Callable[["InterruptedPulse"], None]) -> None:
        super().__init__(domain)
        self._counted = "" if domain.startswith("discovery/") else "listing"
        self._left = at
        self._action = action
        self._lock = threading.Lock()

    def beat(self) -> None:
        if threading.current_thread().name.startswith(self._counted):
            with self._lock:
                self._left -= 1
                now = self._left == 0
            if now:
                self._action(self)
        super().beat()


class AwsRig(ServiceRig):
    """One account behind a real HTTP endpoint, whose key the Secret holds."""

    def __init__(
        self,
        engine: Engine,
        aws: FakeAws,
        cloud: AwsCloud | None = None,
        *,
        secrets: FakeSecrets | None = None,
        threads: int = THREADS,
    ) -> None:
        self.aws = aws
        self.secrets = secrets or FakeSecrets(keys_of(KEY))
        self.account: AccountScript = aws.account(
            ACCOUNT, regions=REGIONS, access_key=KEY, secret_key=SECRET
        )
        super().__init__(engine, cloud or aws_cloud(), self.secrets, threads=threads)

    def plan(self, spec: Mapping[str, Any] | None = None, **facts: Any) -> None:
        super().plan(spec or aws_spec(self.aws.url), **facts)

    def age(self, seconds: float) -> None:
        """Let so much time pass for everything that the database remembers."""
        for table, columns in _CLOCKS.items():
            moved = ", ".join(f"{c} = {c} - make_interval(secs => :shift)" for c in columns)
            execute(self.engine, f"UPDATE {table} SET {moved}", shift=seconds)  # noqa: S608  our own names

    def scope(self, listing: str, region: str = "eu-west-1", account: str = ACCOUNT) -> Any:
        """The row of the ledger, retired or not."""
        (row,) = rows(
            self.engine,
            "SELECT s.* FROM scope s JOIN account a ON a.id = s.account_pk"
            " WHERE s.listing = :listing AND s.region = :region AND a.account_id = :account",
            listing=listing,
            region=region,
            account=account,
        )
        return row

    def lease(self, region: str = "eu-west-1", seconds: float = 100_000) -> Lease:
        """The account's lease in a region, due again after so many seconds."""
        self.age(seconds)
        taken = self.acquire(LeaseKind.INVENTORY)
        wanted = [lease for lease in taken if lease.region == region]
        self.leasing.hand_back([lease for lease in taken if lease not in wanted])
        (lease,) = wanted
        return lease
