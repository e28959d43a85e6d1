"""The way in with a token of a ServiceAccount, against an STS that checks every part of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.vocabulary import Access, TokenSupplier
from cloudops.domain.errors import AccessError, ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import (
    AwsAccounts,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    ProviderSpec,
    RoleHop,
)
from tests.fakes.aws.builders import instance
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fakes.oidc import Issuer, subject_of

pytestmark = [pytest.mark.integration, pytest.mark.aws]

OWN, MEMBER = "111122223333", "444455556666"
READER = subject_of("platform", "cloud-reader")
ENTRY = RoleHop(f"arn:aws:iam::{OWN}:role/entry")
INSTANCES = next(listing for listing in LISTINGS if listing.name == "aws.ec2.instances")
OWN_ACCOUNT = AwsAccounts()
BY_TOKEN = "AssumeRoleWithWebIdentity"
WITHIN_REFRESH = 300  # the SDK refreshes what ends within ten minutes at every use

Enter = Callable[..., Access]


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def own(fake_aws: FakeAws, issuer: Issuer) -> AccountScript:
    account = fake_aws.account(OWN)
    account.oidc_provider(issuer.url, issuer.jwks)
    account.web_identity_role("entry", issuer.url, READER)
    account.put(instance("i-1", region="eu-west-1"))
    return account


@pytest.fixture
def by_token(fake_aws: FakeAws, own: AccountScript, issuer: Issuer) -> Enter:
    """Access through the entry role and whatever roles come behind it."""

    def access(
        token: TokenSupplier | None = issuer.token,
        *behind: RoleHop,
        accounts: AwsAccounts = OWN_ACCOUNT,
        entry: RoleHop = ENTRY,
    ) -> Access:
        credentials = AwsCredentials(
            CredentialSource.WORKLOAD_IDENTITY,
            service_account_name="cloud-reader",
            roles=(entry, *behind),
        )
        connection = AwsConnection(credentials, accounts, endpoint_url=fake_aws.url)
        return Access(ProviderSpec("aws", aws=connection), token=token)

    return access


def sent_tokens(fake_aws: FakeAws) -> list[str]:
    return [str(c.parameters["WebIdentityToken"]) for c in fake_aws.calls(operation=BY_TOKEN)]


def test_a_token_opens_the_role_and_its_account(cloud: AwsCloud, by_token: Enter):
    found = cloud.discover(by_token())
    session = cloud.open(by_token(), OWN)
    [page] = session.pages(INSTANCES, "eu-west-1")

    assert found.identity.principal == f"arn:aws:sts::{OWN}:assumed-role/entry/cloudops-central"
    assert [(account.account_id, account.error) for account in found.accounts] == [(OWN, None)]
    assert session.identity.account_id == OWN
    assert len(page.observations) == 1


def test_further_roles_are_assumed_with_the_keys_of_the_first(
    fake_aws: FakeAws, own: AccountScript, cloud: AwsCloud, by_token: Enter, issuer: Issuer
):
    """Fails if a hop behind the first is asked for with the token, too: it trusts no issuer."""
    member = fake_aws.account(MEMBER, regions=("us-east-1",))
    audit = own.role("audit", external_id="x-1", trusts=["*:assumed-role/entry/*"])
    member.role("cloudops-read", external_id="agreed", trusts=["*:assumed-role/audit/*"])
    accounts = AwsAccounts(ids=(OWN, MEMBER), member_external_id="agreed")
    access = by_token(issuer.token, RoleHop(audit, "x-1"), accounts=accounts)

    found = cloud.discover(access)

    assert found.identity.principal == f"arn:aws:sts::{OWN}:assumed-role/audit/cloudops-central"
    assert {account.account_id: account.regions for account in found.accounts} == {
        OWN: ("eu-central-1", "eu-west-1", "us-east-1"),
        MEMBER: ("us-east-1",),
    }
    assert fake_aws.call_count(operation=BY_TOKEN) == 1
    assert fake_aws.call_count(operation="AssumeRole") == 2


@pytest.mark.parametrize(
    ("changes", "reason", "permission", "told"),
    [
        pytest.param(
            {"audience": "https://kubernetes.default.svc"},
            "CredentialsRejected",
            "",
            "Incorrect token audience",
            id="wrong-audience",
        ),
        pytest.param(
            {"seconds": -1}, "CredentialsRejected", "", "Token expired", id="expired-token"
        ),
        pytest.param(
            {"iss": "https://other.example.com"},
            "CredentialsRejected",
            "",
            "No OpenIDConnect provider found in your account for https://other.example.com",
            id="issuer-not-registered",
        ),
        pytest.param(
            {"service_account": "somebody"},
            "RoleNotAssumable",
            "sts:AssumeRoleWithWebIdentity",
            f"{ENTRY.role_arn} can't be assumed .its trust policy has to accept"
            f" {subject_of('platform', 'somebody')}",
            id="wrong-subject",
        ),
        pytest.param(
            {"namespace": "another"},
            "RoleNotAssumable",
            "sts:AssumeRoleWithWebIdentity",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            id="wrong-namespace",
        ),
    ],
)
def test_a_token_that_is_not_accepted_is_told_with_what_to_grant(
    cloud: AwsCloud,
    by_token: Enter,
    issuer: Issuer,
    *,
    changes: dict[str, Any],
    reason: str,
    permission: str,
    told: str,
):
    access = by_token(lambda: issuer.token(**changes))

    for enter in (cloud.discover, lambda one: cloud.open(one, OWN)):
        with pytest.raises(AccessError, match=told) as caught:
            enter(access)
        assert (caught.value.reason, caught.value.permission) == (reason, permission)
        assert caught.value.error_class is ErrorClass.IAM_DENY


def test_a_foreign_key_opens_nothing(cloud: AwsCloud, by_token: Enter, issuer: Issuer):
    forger = Issuer(issuer.url, issuer.key_id)

    with pytest.raises(AccessError) as caught:
        cloud.discover(by_token(forger.token))
    assert caught.value.reason == "CredentialsRejected"


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        pytest.param("for-keys", "sts:AssumeRoleWithWebIdentity", id="trusts-keys-only"),
        pytest.param("for-others", "sts:AssumeRoleWithWebIdentity", id="trusts-another-issuer"),
        pytest.param("nobody", "sts:AssumeRoleWithWebIdentity", id="does-not-exist"),
        pytest.param("../entry", "", id="misspelt"),
    ],
)
def test_a_role_that_does_not_trust_the_issuer_is_named_as_the_cause(
    own: AccountScript, cloud: AwsCloud, by_token: Enter, *, role: str, permission: str
):
    own.role("for-keys")
    own.web_identity_role("for-others", "https://other.example.com", READER)
    arn = f"arn:aws:iam::{OWN}:role/{role}" if permission else f"arn:aws:iam::{OWN}:{role}"

    with pytest.raises(AccessError) as caught:
        cloud.discover(by_token(entry=RoleHop(arn)))
    assert (caught.value.reason, caught.value.permission) == ("RoleNotAssumable", permission)


@pytest.mark.parametrize(
    ("fault", "reason", "error_class"),
    [
        pytest.param(Fault.throttle(), "Throttled", ErrorClass.THROTTLED, id="throttled"),
        pytest.param(
            Fault.error("IDPCommunicationError"),
            "Unreachable",
            ErrorClass.TRANSIENT,
            id="issuer-away",
        ),
        pytest.param(
            Fault.error("IDPRejectedClaim", status=403),
            "CredentialsRejected",
            ErrorClass.IAM_DENY,
            id="claim-rejected",
        ),
        pytest.param(Fault.broken_page(), "Unreachable", ErrorClass.TRANSIENT, id="broken"),
    ],
)
def test_trouble_on_the_way_in_is_told_from_a_refusal(
    fake_aws: FakeAws,
    cloud: AwsCloud,
    by_token: Enter,
    *,
    fault: Fault,
    reason: str,
    error_class: ErrorClass,
):
    fake_aws.inject(fault, operation=BY_TOKEN)

    with pytest.raises(AccessError) as caught:
        cloud.discover(by_token())
    assert (caught.value.reason, caught.value.error_class) == (reason, error_class)


def test_a_cluster_that_gives_no_token_ends_it_with_its_own_reason(
    fake_aws: FakeAws, cloud: AwsCloud, by_token: Enter
):
    refusal = AccessError("not granted", reason="TokenNotAllowed", permission="create x")

    def refuse() -> str:
        raise refusal

    with pytest.raises(AccessError) as caught:
        cloud.discover(by_token(refuse))
    assert caught.value is refusal
    assert fake_aws.calls() == []


def test_without_anybody_to_ask_for_tokens_there_are_no_credentials(
    cloud: AwsCloud, by_token: Enter
):
    with pytest.raises(AccessError, match="credentials") as caught:
        cloud.discover(by_token(None))
    assert caught.value.reason == "CredentialsRejected"


class TestRefresh:
    """Sessions that end so soon that the SDK refreshes them at every use."""

    @pytest.fixture(autouse=True)
    def brief(self, own: AccountScript, issuer: Issuer) -> None:
        own.web_identity_role("entry", issuer.url, READER, session_seconds=WITHIN_REFRESH)

    def test_each_refresh_brings_a_token_of_its_own(
        self, fake_aws: FakeAws, cloud: AwsCloud, by_token: Enter, issuer: Issuer
    ):
        """Fails if the first token is kept: it would have expired by then."""
        session = cloud.open(by_token(issuer.token), OWN)
        list(session.pages(INSTANCES, "eu-west-1"))
        list(session.pages(INSTANCES, "us-east-1"))

        sent = sent_tokens(fake_aws)
        assert len(sent) >= 4  # the way in, who are we, and two listings
        assert len(set(sent)) == len(sent)

    def test_an_identity_taken_away_denies_the_listing_with_what_to_grant(
        self, cloud: AwsCloud, by_token: Enter, issuer: Issuer
    ):
        """Fails if the refusal leaves the session as an AccessError: the lease would break."""
        granted = [True]

        def token() -> str:
            if not granted:
                raise AccessError("no more", reason="TokenNotAllowed", permission="create x")
            return issuer.token()

        session = cloud.open(by_token(token), OWN)
        granted.clear()

        with pytest.raises(ListingError, match="no more") as caught:
            list(session.pages(INSTANCES, "eu-west-1"))
        assert caught.value.error_class is ErrorClass.CREDENTIALS
        assert (caught.value.code, caught.value.permission) == ("TokenNotAllowed", "create x")

    def test_a_service_account_that_vanished_asks_for_no_permission(
        self, cloud: AwsCloud, by_token: Enter, issuer: Issuer
    ):
        """Fails if the row's own permission is named: granting it would help nobody."""
        exists = [True]

        def token() -> str:
            if not exists:
                raise AccessError("it is gone", reason="ServiceAccountNotFound")
            return issuer.token()

        session = cloud.open(by_token(token), OWN)
        exists.clear()

        with pytest.raises(ListingError) as caught:
            list(session.pages(INSTANCES, "eu-west-1"))
        assert (caught.value.code, caught.value.permission) == ("ServiceAccountNotFound", "")

    def test_an_api_server_that_is_away_fails_the_listing_for_now(
        self, cloud: AwsCloud, by_token: Enter, issuer: Issuer
    ):
        """Fails if any trouble with the token counts as a denial: nothing there is denied."""
        answers = [True]

        def token() -> str:
            if not answers:
                raise AccessError(
                    "away", reason="TokenUnavailable", error_class=ErrorClass.TRANSIENT
                )
            return issuer.token()

        session = cloud.open(by_token(token), OWN)
        answers.clear()

        with pytest.raises(ListingError) as caught:
            list(session.pages(INSTANCES, "eu-west-1"))
        assert caught.value.error_class is ErrorClass.TRANSIENT

    def test_a_role_that_stops_trusting_denies_the_listing(
        self, own: AccountScript, cloud: AwsCloud, by_token: Enter, issuer: Issuer
    ):
        session = cloud.open(by_token(), OWN)
        own.web_identity_role("entry", issuer.url, subject_of("platform", "another"))

        with pytest.raises(ListingError) as caught:
            list(session.pages(INSTANCES, "eu-west-1"))
        assert caught.value.error_class is ErrorClass.CREDENTIALS
        assert caught.value.permission == "sts:AssumeRoleWithWebIdentity"


def test_a_clock_that_is_ahead_of_aws_breaks_the_listing_and_not_the_worker(
    own: AccountScript, cloud: AwsCloud, by_token: Enter, issuer: Issuer
):
    """Fails without `StaleCredentialsError`: the SDK says it with a RuntimeError."""
    own.web_identity_role("entry", issuer.url, READER, session_seconds=0.001)

    with pytest.raises(AccessError, match="clock") as caught:
        cloud.open(by_token(), OWN)
    assert (caught.value.reason, caught.value.error_class) == ("Unreachable", ErrorClass.TRANSIENT)


def test_nothing_of_the_process_is_used_on_the_way_in(
    fake_aws: FakeAws,
    cloud: AwsCloud,
    by_token: Enter,
    hostile_environment: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    """Fails if the first session has the SDK's own chain: it finds keys, or a token file."""
    (tmp_path / "token").write_text("somebody-else")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", f"arn:aws:iam::{OWN}:role/of-the-pod")

    session = cloud.open(by_token(), OWN)
    list(session.pages(INSTANCES, "eu-west-1"))

    keys = {call.access_key for call in fake_aws.calls()}
    assert {key[:4] for key in keys} == {"", "ASIA"}
    [way_in] = fake_aws.calls(operation=BY_TOKEN)
    assert way_in.resource == ENTRY.role_arn
    assert not hostile_environment.exists()


def test_the_principal_stands_for_tokens_that_change_each_time(
    own: AccountScript, cloud: AwsCloud, by_token: Enter, issuer: Issuer
):
    own.web_identity_role("other", issuer.url, READER)
    other = by_token(entry=RoleHop(f"arn:aws:iam::{OWN}:role/other"))

    first, again, third = (
        cloud.open(one, OWN).fingerprint for one in (by_token(), by_token(), other)
    )
    assert first == again != third


def test_the_token_and_its_supplier_stay_out_of_the_representation(by_token: Enter):
    assert "token" not in repr(by_token())
