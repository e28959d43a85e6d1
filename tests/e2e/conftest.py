"""A CloudProvider as its user sees it: YAML in, status and inventory out."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from cloudops.api.v1alpha1.contract import check_contract
from cloudops.collectors.aws.catalogue import LISTINGS
from tests.cluster.cluster import Cluster
from tests.fakes.aws import elsewhere
from tests.fakes.aws.builders import bucket, instance, volume
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.operator import OperatorAccess, StartOperator
from tests.fixtures.operator_process import Component, OperatorProcess
from tests.fixtures.waiting import eventually

ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "canary-wJalrXUtnFEMI-secret"
ACCOUNT = "111122223333"
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
PERIOD_SECONDS = 3600
JITTERED_PERIOD_SECONDS = PERIOD_SECONDS * 1.05
# What estates are made of. Reading all types takes minutes of processor time of this suite, and is
# shown by those tests that ask for `*`.
TYPES = ["AWS::EC2::Instance", "AWS::EC2::Volume", "AWS::IAM::Role", "AWS::S3::Bucket"]
STATEMENTS = [one.type for listing in LISTINGS for one in listing.emits if one.single]

# Short, so that a test takes seconds where production takes minutes.
SETTINGS = {
    "endpoints_allowed": "127.0.0.1",
    "leader_lease_seconds": "6",
    "leader_renew_seconds": "4",
    "leader_retry_seconds": "0.5",
    "list_diff_seconds": "3",
    "poll_seconds": "1",
    "status_times_seconds": "1",
    "worker_poll_seconds": "0.3",
    "worker_lease_seconds": "6",
    "listing_deadline_seconds": "15",
    "confirm_seconds": "0",
    "cloud_read_timeout_seconds": "5",
}


@dataclass
class Provider:
    """One CloudProvider object and what became of it."""

    cluster: Cluster
    namespace: str
    database_url: str
    name: str = "prod"
    secret: str = "aws"
    aws: dict[str, Any] = field(default_factory=dict)
    inventory: dict[str, Any] = field(default_factory=dict)

    def apply(self, **spec: Any) -> None:
        """Apply the object; `spec` overrides its members, None takes one away."""
        merged = {"type": "aws", "aws": self.aws, "inventory": self.inventory, **spec}
        self._apply(
            {
                "apiVersion": "cloudops.dev/v1alpha1",
                "kind": "CloudProvider",
                "metadata": {"name": self.name, "namespace": self.namespace},
                "spec": {name: value for name, value in merged.items() if value is not None},
            }
        )

    def put_secret(self, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY) -> None:
        self._apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": self.secret, "namespace": self.namespace},
                "stringData": {
                    "AWS_ACCESS_KEY_ID": access_key,
                    "AWS_SECRET_ACCESS_KEY": secret_key,
                },
            }
        )

    def delete_secret(self) -> None:
        self.kubectl("delete", "secret", self.secret)

    def kubectl(self, *arguments: str) -> str:
        return self.cluster.run_kubectl(*arguments, f"--namespace={self.namespace}").stdout

    def read(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(
            self.kubectl("get", "cloudprovider", self.name, "-o=json")
        )
        return document

    def status(self) -> dict[str, Any]:
        """The status, which must keep the contract whenever it is looked at."""
        document = self.read()
        status: dict[str, Any] = document["status"]
        if status.get("conditions"):
            assert check_contract(document) == []
        return status

    def condition(self, kind: str) -> dict[str, Any]:
        conditions = self.status().get("conditions", [])
        return next((c for c in conditions if c["type"] == kind), {"status": "absent"})

    def wait_condition(self, kind: str, status: str, reason: str = "") -> dict[str, Any]:
        """Until the condition says so; shows what it said last if it never does."""
        last: dict[str, Any] = {}

        def seen() -> dict[str, Any] | None:
            last.clear()
            last.update(self.condition(kind))
            fits = last["status"] == status and reason in ("", last.get("reason"))
            if not fits:
                raise AssertionError(last)
            return last

        return eventually(seen, timeout=120, what=f"{kind}={status} {reason}") or last

    def run_now(self) -> None:
        """Ask for a run and wait until it is over."""
        self.wait_handled(self.ask_run())

    def ask_run(self) -> str:
        token = f"{datetime.now(UTC).isoformat()}-{secrets.token_hex(2)}"
        self.kubectl(
            "annotate",
            "cloudprovider",
            self.name,
            "--overwrite",
            f"cloudops.dev/requestedAt={token}",
        )
        return token

    def wait_handled(self, token: str) -> None:
        eventually(
            lambda: self.status().get("lastHandledReconcileAt") == token,
            timeout=120,
            what="the requested run to be over",
        )

    def rows(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute(statement, parameters).fetchall()

    def live(self) -> set[str]:
        """Without what every account says of itself, whatever is in it."""
        statement = "SELECT canonical_id FROM inventory WHERE type <> ALL(%s)"
        return {row["canonical_id"] for row in self.rows(statement, STATEMENTS)}

    def deleted(self) -> set[str]:
        rows = self.rows("SELECT canonical_id FROM resource WHERE deleted_at IS NOT NULL")
        return {row["canonical_id"] for row in rows}

    def scopes(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """By (account, region, listing)."""
        rows = self.rows(
            "SELECT s.*, a.account_id FROM scope s JOIN account a ON a.id = s.account_pk"
        )
        return {(row["account_id"], row["region"], row["listing"]): row for row in rows}

    def _apply(self, document: Mapping[str, Any]) -> None:
        self.cluster.run_kubectl(
            "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(document)
        )


def let_a_period_pass(provider: Provider, periods: int = 1) -> None:
    """What is due by then is due now, and so much older: only the database's clock counts."""
    seconds = periods * JITTERED_PERIOD_SECONDS
    provider.rows(
        "UPDATE scope SET next_due_at = next_due_at - make_interval(secs => %s),"
        " last_complete_at = last_complete_at - make_interval(secs => %s)"
        " WHERE next_due_at < 'infinity' RETURNING id",
        seconds,
        seconds,
    )
    # Behind its scopes: a lease that is over in between is due with the first of them.
    provider.rows(
        "UPDATE lease SET next_due_at = next_due_at - make_interval(secs => %s)"
        " WHERE next_due_at < 'infinity' RETURNING id",
        seconds,
    )


def problems(provider: Provider) -> set[tuple[str, str]]:
    """Reason and permission of each problem that the status shows."""
    found = provider.status().get("problems", [])
    return {(problem["reason"], problem.get("permission", "")) for problem in found}


def wait_healed(provider: Provider) -> None:
    """Until the inventory is in step, and no problem is left."""
    provider.wait_condition("InventorySynced", "True")
    eventually(lambda: provider.status()["problemsTotal"] == 0, what="no problem to be left")


def leads(controller: OperatorProcess) -> bool:
    """Whether its /metrics say so."""
    status = 'leader_election_master_status{name="cloudops-controller"} 1.0'
    return status in controller.get("/metrics")[1]


def told(process: OperatorProcess, words: str) -> bool:
    """Whether its /readyz says so."""
    return words in process.get("/readyz")[1]


@pytest.fixture(scope="session", autouse=True)
def models() -> None:
    """Read before anybody waits for an answer."""
    elsewhere.load_models()


@pytest.fixture
def account(fake_aws: FakeAws) -> AccountScript:
    """The account of the credentials, with three regions and nothing in it."""
    return fake_aws.account(ACCOUNT, regions=REGIONS, access_key=ACCESS_KEY, secret_key=SECRET_KEY)


@pytest.fixture
def provider(
    cluster: Cluster,
    crds: list[str],
    operator_access: OperatorAccess,
    migrated_url: str,
    fake_aws: FakeAws,
) -> Iterator[Provider]:
    """Not applied yet; its Secret is there. Deleted afterwards, which must not hang."""
    one = Provider(
        cluster,
        operator_access.namespace,
        migrated_url,
        aws={
            "credentials": {"source": "Secret", "secretRef": {"name": "aws"}},
            "endpointURL": fake_aws.url,
        },
        inventory={"syncPeriodSeconds": PERIOD_SECONDS, "types": {"include": TYPES}},
    )
    one.put_secret()
    yield one
    one.kubectl("delete", "cloudprovider", "--all", "--timeout=30s")


StartWith = Callable[..., list[OperatorProcess]]


@pytest.fixture
def start(operator_process: StartOperator) -> StartWith:
    """Starts components side by side, with the suite's short periods unless told otherwise."""

    def start_components(*components: Component, **settings: str) -> list[OperatorProcess]:
        started = [operator_process(one, settings={**SETTINGS, **settings}) for one in components]
        for process in started:
            process.wait_ready(timeout=120)
        return started

    return start_components


@pytest.fixture
def operator(start: StartWith) -> list[OperatorProcess]:
    """A controller and a worker, both ready."""
    return start("controller", "worker")


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
def synced(provider: Provider, estate: AccountScript, operator: list[OperatorProcess]) -> Provider:
    """The provider after its first complete pass."""
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    assert provider.live() == estate.truth()
    return provider
