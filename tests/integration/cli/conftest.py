"""The command over a database of the test's own and a fake AWS."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.aws import builders
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.integration.cli.commands import Command

ACCOUNT = "012345670123"
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "canary-wJalrXUtnFEMI-secret"

PROVIDER = """
apiVersion: cloudops.dev/v1alpha1
kind: CloudProvider
metadata: {{name: prod, namespace: platform, annotations: {{since: 2025-01-01}}}}
spec:
  type: aws
  aws:
    credentials: {{source: Secret, secretRef: {{name: keys}}}}
    accounts: {{ids: [{ids}]}}
    regions: {{include: [{regions}]}}
    endpointURL: {url}
"""
SECRET = f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: keys, namespace: platform}}
stringData: {{AWS_ACCESS_KEY_ID: {ACCESS_KEY}, AWS_SECRET_ACCESS_KEY: {SECRET_KEY}}}
"""


@pytest.fixture
def cloudops(migrated_url: str) -> Command:
    return Command({"CLOUDOPS_DATABASE_URL": migrated_url})


@pytest.fixture
def account(fake_aws: FakeAws) -> AccountScript:
    """Two regions with an instance each, a bucket, a user."""
    account = fake_aws.account(
        ACCOUNT, regions=("us-east-1", "eu-west-1"), access_key=ACCESS_KEY, secret_key=SECRET_KEY
    )
    account.put(
        builders.instance("i-1", region="eu-west-1", tags={"team": "one", "Name": "web"}),
        builders.instance("i-2", region="us-east-1", tags={"evil": "\x1b[31mred\u009b2J"}),
        builders.bucket("logs"),
        builders.user("anna"),
    )
    return account


@pytest.fixture
def provider_file(tmp_path: Path, fake_aws: FakeAws, account: AccountScript) -> Callable[..., Path]:
    def write(
        *, ids: str = f'"{ACCOUNT}"', regions: str = '"*"', secret: str = SECRET, more: str = ""
    ) -> Path:
        path = tmp_path / "provider.yaml"
        text = PROVIDER.format(ids=ids, regions=regions, url=fake_aws.url)
        path.write_text(text + more + secret)
        return path

    return write
