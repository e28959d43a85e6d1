"""From a planned provider to an open door: its spec, and whatever vouches for the operator."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Final, Protocol

from cloudops.api.v1alpha1.cloudprovider import CloudProviderSpec
from cloudops.api.v1alpha1.parsing import parse
from cloudops.collectors.vocabulary import Access
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import PASSING
from cloudops.domain.provider import CredentialSource, PlannedProvider, ProviderSpec
from cloudops.domain.reasons import DEPENDENCY_REASONS, DOOR_REASONS
from cloudops.domain.snapshot import Entry, EntryState
from cloudops.services.refusals import refuse_aws
from cloudops.settings import Settings

# What ends the way in for every account of the provider, as far as one lease can tell.
PROVIDER_REASONS = DOOR_REASONS - {"RoleNotAssumable"}

# Whom a token is for: AWS knows this name, and no other system takes the token.
AWS_AUDIENCE: Final = "sts.amazonaws.com"


class SecretReader(Protocol):
    """Reads Secrets; only those of the provider's own namespace are ever asked for."""

    def read(self, namespace: str, name: str) -> Mapping[str, str]:
        """The data of a Secret, decoded.

        Raises:
            AccessError: It is not there (`SecretNotFound`) or may not be read.
        """
        ...


class TokenReader(Protocol):
    """Makes tokens; only of ServiceAccounts in the provider's own namespace is it ever asked."""

    def token(self, namespace: str, service_account: str, audience: str) -> str:
        """A new token that only `audience` takes.

        Raises:
            AccessError: There is no such ServiceAccount (`ServiceAccountNotFound`), or its
                tokens may not be asked for (`TokenNotAllowed`).
        """
        ...


@dataclass(frozen=True, slots=True)
class Keyring:
    """Where credentials come from, and what may be entered with them.

    Attributes:
        secrets: Reads Secrets.
        tokens: Makes tokens; None where there is no cluster to ask for any.
        allows: Says who may use the operator's own identity, and which endpoints may be called;
            None where whoever runs this enters for himself.
    """

    secrets: SecretReader
    tokens: TokenReader | None = None
    allows: Settings | None = None


def provider_spec(provider: PlannedProvider) -> ProviderSpec:
    """What the stored spec asks for."""
    return parse(CloudProviderSpec, provider.spec).to_domain()


def open_access(provider: PlannedProvider, keyring: Keyring) -> Access:
    """Read what is needed to enter the provider's cloud; see `access_of`."""
    return access_of(provider.namespace, provider_spec(provider), keyring)


def access_of(namespace: str, spec: ProviderSpec, keyring: Keyring) -> Access:
    """What opens the cloud that `spec` names.

    Whatever it refers to is looked up in the provider's own namespace and nowhere else.

    Raises:
        AccessError: The Secret is missing or may not be read, or the settings allow no such way in.
    """
    _require_allowed(spec, namespace, keyring)
    credentials = spec.aws.credentials if spec.aws else None
    if credentials is None:
        return Access(spec)
    if credentials.source is CredentialSource.SECRET:
        return Access(spec, keyring.secrets.read(namespace, credentials.secret_name))
    if credentials.source is CredentialSource.WORKLOAD_IDENTITY and keyring.tokens:
        name = credentials.service_account_name
        return Access(spec, token=partial(keyring.tokens.token, namespace, name, AWS_AUDIENCE))
    return Access(spec)


def credentials_digest(secret: Mapping[str, str], key: bytes) -> bytes:
    """16 bytes that change with whatever a Secret holds.

    Args:
        secret: Its data.
        key: Of the installation: without it, guesses can't be tried against the digest.
    """
    text = json.dumps(dict(secret), sort_keys=True)
    return blake2b(text.encode(), key=key, digest_size=16).digest()


def _require_allowed(spec: ProviderSpec, namespace: str, keyring: Keyring) -> None:
    """The controller plans nothing else, but a row may be older than the settings."""
    refusal = (
        refuse_aws(spec.aws, namespace, keyring.allows) if spec.aws and keyring.allows else None
    )
    if refusal:
        raise AccessError(refusal.message, reason=refusal.reason)


def refused(error: AccessError) -> Entry:
    """The entry of a provider that could not be entered with its own credentials."""
    state = EntryState.REJECTED
    if error.reason in DEPENDENCY_REASONS:
        state = EntryState.DEPENDENCY_MISSING
    elif error.error_class in PASSING:
        state = EntryState.UNREACHABLE
    return Entry(
        state,
        error.reason,
        str(error),
        permission=error.permission,
        error_class=error.error_class.value,
    )
