"""Canaries in every place where secrets stand, looked for in every place where none may."""

import re

import psycopg
import pytest
from sqlalchemy import create_engine

from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.redaction import Redactor
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource
from cloudops.store.session import driver_url
from tests.e2e.conftest import SECRET_KEY, Provider
from tests.fakes.aws.builders import instance, role
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.operator_process import OperatorProcess
from tests.integration.store.seeding import Ledger

CANARY = re.compile(r"canary-[\w-]+")

# Rows of no catalogue: what later listings will bring, in the shapes that AWS gives it.
FUNCTIONS = Listing(
    name="aws.lambda.functions",
    service="lambda",
    operation="ListFunctions",
    region_rule=RegionRule.REGIONAL,
    permissions=("lambda:ListFunctions",),
    consistency=Consistency.EVENTUAL,
    period=PeriodClass.HOT,
    emits=(
        Emits(
            type="AWS::Lambda::Function",
            kind="compute.function",
            items="Functions",
            id="FunctionArn",
            tag_source=TagSource.UNREAD,
        ),
    ),
)
FUNCTION = {
    "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:pay",
    "Environment": {"Variables": {"DB_URL": "canary-lambda-environment", "STAGE": "prod"}},
    "UserData": "canary-user-data",
    "ContainerDefinitions": [
        {"Environment": [{"Name": "TOKEN", "Value": "canary-container-environment"}]}
    ],
    "MasterUserPassword": "canary-master-password",
    "Parameters": [{"ParameterKey": "Size", "ResolvedValue": "canary-stack-parameter"}],
    "Outputs": [{"OutputKey": "SecretAccessKey", "OutputValue": "canary-stack-output"}],
    "Pod": {"env": [{"name": "URL", "value": "canary-pod-environment"}]},
    "Buildspec": "env: canary-build-specification",
    "ConnectionUrl": "jdbc:mysql://shop.example/orders?user=ada&password=canary-url-parameter",
}


@pytest.mark.e2e
@pytest.mark.aws
@pytest.mark.database
def test_no_secret_reaches_database_logs_events_or_status(
    provider: Provider,
    account: AccountScript,
    fake_aws: FakeAws,
    operator: list[OperatorProcess],
):
    account.put(
        instance("i-1", region="eu-west-1", tags={"db_password": "canary-tag", "team": "web"}),
        role("app", tags={"api-token": "canary-role-tag"}),
    )
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    # Errors are where secrets leak: one of the service, and credentials that are refused.
    fake_aws.inject(Fault.deny(), operation="DescribeVolumes")
    provider.run_now()
    provider.put_secret(secret_key="canary-of-a-wrong-key")
    provider.run_now()
    provider.wait_condition("CredentialsValid", "False")

    places = {
        "database": _dump(provider.database_url),
        "logs": "".join(process.log_text() for process in operator),
        "events": provider.kubectl("get", "events", "-o=json"),
        "object": provider.kubectl("get", "cloudprovider", "-o=json"),
        "metrics": "".join(process.get("/metrics")[1] for process in operator),
    }

    leaked = {place: found for place, text in places.items() if (found := CANARY.findall(text))}
    assert leaked == {}
    assert "team" in places["database"]
    assert SECRET_KEY.startswith("canary-")


@pytest.mark.integration
@pytest.mark.database
def test_no_secret_of_a_known_shape_reaches_the_database(migrated_url: str):
    """Fails if `redact` is left out, or comes after the digest."""
    transform = ListingTransform(FUNCTIONS, Redactor(b"a key for tests only"))
    page = transform.page(
        {"Functions": [FUNCTION]}, AnswerContext("aws", "aws", "111122223333", "eu-west-1")
    )
    engine = create_engine(driver_url(migrated_url))
    ledger = Ledger.plan(engine, FUNCTIONS.name)

    ledger.load(page, name=FUNCTIONS.name)

    engine.dispose()
    dump = _dump(migrated_url)
    assert CANARY.findall(dump) == []
    assert "function:pay" in dump
    assert dump.count("fingerprint") >= len(CANARY.findall(str(FUNCTION)))


def _dump(database_url: str) -> str:
    """Every row of every table as text."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c "
            "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        ).fetchall()
        lines = []
        for (table,) in tables:
            rows = connection.execute(f"SELECT t::text FROM {table} t").fetchall()  # noqa: S608  our own
            lines += [line for (line,) in rows]
        return "\n".join(lines)
