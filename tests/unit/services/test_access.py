"""What is read to enter a provider's cloud: by whom it is asked for, and when."""

from typing import Any

import pytest

from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import PASSING, ErrorClass
from cloudops.domain.provider import PlannedProvider
from cloudops.domain.snapshot import Entry, EntryState
from cloudops.services.access import (
    Keyring,
    credentials_digest,
    open_access,
    refused,
)
from cloudops.settings import Settings

pytestmark = pytest.mark.unit

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "canary"}
VOUCHED = {
    "source": "WorkloadIdentity",
    "serviceAccountName": "cloud-reader",
    "roleARN": "arn:aws:iam::111122223333:role/entry",
}


class Recorder:
    """Implements `SecretReader` and `TokenReader`; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def read(self, namespace: str, name: str) -> dict[str, str]:
        self.asked.append((namespace, name))
        return KEYS

    def token(self, namespace: str, service_account: str, audience: str) -> str:
        self.asked.append((namespace, service_account, audience))
        return f"token-{len(self.asked)}"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def planned(**credentials: Any) -> PlannedProvider:
    spec = {"type": "aws", "aws": {"credentials": credentials}}
    return PlannedProvider(7, "team-a", "prod", 1, None, "aws", spec)


def test_a_secret_is_read_at_once_in_the_providers_own_namespace(recorder: Recorder):
    provider = planned(source="Secret", secretRef={"name": "keys"})

    access = open_access(provider, Keyring(recorder, recorder))

    assert recorder.asked == [("team-a", "keys")]
    assert (access.secret, access.token) == (KEYS, None)


def test_a_token_is_asked_for_whenever_it_is_needed_in_that_namespace(recorder: Recorder):
    """Fails if the token itself is handed on: by the first refresh it has expired."""
    access = open_access(planned(**VOUCHED), Keyring(recorder, recorder))
    before = list(recorder.asked)

    assert before == []
    assert access.token is not None
    assert [access.token(), access.token()] == ["token-1", "token-2"]
    assert recorder.asked == [("team-a", "cloud-reader", "sts.amazonaws.com")] * 2
    assert access.secret == {}


def test_the_operators_own_identity_asks_for_nothing(recorder: Recorder):
    access = open_access(planned(source="Operator"), Keyring(recorder, recorder))

    assert recorder.asked == []
    assert (access.secret, access.token) == ({}, None)


@pytest.mark.parametrize(
    ("connection", "allowed", "reason"),
    [
        pytest.param(
            {"credentials": {"source": "Operator"}},
            {"identity_allowed_namespaces": ("team-a",)},
            "IdentityNotAllowed",
            id="identity",
        ),
        pytest.param(
            {
                "credentials": {"source": "Secret", "secretRef": {"name": "keys"}},
                "endpointURL": "https://moto:5000",
            },
            {"endpoints_allowed": ("moto:5000",)},
            "EndpointNotAllowed",
            id="endpoint",
        ),
    ],
)
def test_what_the_settings_do_not_allow_is_not_entered(
    recorder: Recorder, connection: dict[str, Any], allowed: dict[str, Any], reason: str
):
    """Fails if only the controller looks: a row may be older than the settings."""
    spec = {"type": "aws", "aws": connection}
    provider = PlannedProvider(7, "team-a", "prod", 1, None, "aws", spec)

    with pytest.raises(AccessError) as error:
        open_access(provider, Keyring(recorder, recorder, Settings()))
    assert error.value.reason == reason
    assert recorder.asked == []
    open_access(provider, Keyring(recorder, recorder, Settings(**allowed)))


def test_without_a_cluster_nobody_gives_tokens(recorder: Recorder):
    assert open_access(planned(**VOUCHED), Keyring(recorder)).token is None


def test_what_is_read_stays_out_of_the_representation(recorder: Recorder):
    keyring = Keyring(recorder, recorder)
    texts = [
        repr(open_access(planned(source="Secret", secretRef={"name": "keys"}), keyring)),
        repr(open_access(planned(**VOUCHED), keyring)),
    ]

    assert not [text for text in texts if "canary" in text or "token" in text]


@pytest.mark.parametrize(
    "reason", ["ServiceAccountNotFound", "TokenNotAllowed", "TokenUnavailable", "SecretNotFound"]
)
def test_what_the_cluster_lacks_is_waited_for_and_not_refused(reason: str):
    assert refused(AccessError("…", reason=reason)).state is EntryState.DEPENDENCY_MISSING


@pytest.mark.parametrize("error_class", sorted(PASSING))
def test_a_cloud_that_gives_no_answer_has_refused_nobody(error_class: ErrorClass):
    error = AccessError("…", reason="Unreachable", error_class=error_class)

    assert refused(error).state is EntryState.UNREACHABLE


def test_what_the_cloud_refuses_is_refused():
    error = AccessError("no", reason="RoleNotAssumable", permission="sts:AssumeRole")

    assert refused(error) == Entry(
        EntryState.REJECTED,
        "RoleNotAssumable",
        "no",
        permission="sts:AssumeRole",
        error_class="iam_deny",
    )


def test_the_digest_of_credentials_changes_with_each_value_and_with_the_key():
    """Fails if the key is left out: whoever reads the database could try guesses."""
    digests = [
        credentials_digest(KEYS, b"k" * 32),
        credentials_digest(dict(reversed(KEYS.items())), b"k" * 32),
        credentials_digest({**KEYS, "AWS_SECRET_ACCESS_KEY": "another"}, b"k" * 32),
        credentials_digest(KEYS, b"l" * 32),
    ]

    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
    assert {len(digest) for digest in digests} == {16}
