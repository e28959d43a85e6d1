"""A cloud object and the way into the fake or moto."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.vocabulary import Access
from cloudops.domain.provider import (
    AwsAccounts,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    Globs,
    ProviderSpec,
    RoleHop,
)
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.limits import quick_limits

KEY = "AKIAFIRSTFIRST000001"
OWN_ACCOUNT = AwsAccounts()
EVERYWHERE = Globs()
SECRET = "a-secret-that-must-not-leak"


@pytest.fixture(scope="module")
def cloud() -> AwsCloud:
    return AwsCloud(
        redaction_key=b"a key for tests only",
        connect_timeout_seconds=5,
        read_timeout_seconds=60,
        pool_size=8,
        limits=quick_limits(),
    )


@pytest.fixture(scope="session")
def access() -> Callable[..., Access]:
    def access(
        url: str,
        *,
        accounts: AwsAccounts = OWN_ACCOUNT,
        roles: tuple[RoleHop, ...] = (),
        regions: Globs = EVERYWHERE,
        source: CredentialSource = CredentialSource.SECRET,
        key: str = KEY,
    ) -> Access:
        credentials = AwsCredentials(source, secret_name="aws-keys", roles=roles)
        connection = AwsConnection(credentials, accounts, regions, url)
        data = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": SECRET}
        secret = data if source is CredentialSource.SECRET else {}
        return Access(ProviderSpec("aws", aws=connection), secret)

    return access


@pytest.fixture
def hostile_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Everything through which an SDK picks up somebody else's identity; its trace."""
    trace = tmp_path / "credential-process-ran"
    config = tmp_path / "config"
    config.write_text(
        f"[default]\ncredential_process = touch {trace}\nregion = ap-east-1\n"
        "endpoint_url = http://127.0.0.1:9\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from-the-environment")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "from-the-environment")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "ap-east-1")
    return trace


@pytest.fixture
def session(
    fake_aws: FakeAws, account: AccountScript, cloud: AwsCloud, access: Callable[..., Access]
) -> Iterator[AwsAccountSession]:
    """Inside the account that the module's own fixture `account` makes; no call is counted yet."""
    session = cloud.open(access(fake_aws.url), account.id)
    fake_aws.reset_calls()
    yield session
    session.close()
