"""From a planned provider to an open door: its spec, and the Secret that it names."""

from collections.abc import Mapping
from typing import Protocol

from cloudops.api.v1alpha1.cloudprovider import CloudProviderSpec
from cloudops.api.v1alpha1.parsing import parse
from cloudops.collectors.vocabulary import Access
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import CredentialSource, PlannedProvider, ProviderSpec
from cloudops.domain.provider_status import DEPENDENCY_REASONS
from cloudops.domain.snapshot import Entry, EntryState

# What ends the way in for every account of the provider, as far as one lease can tell.
PROVIDER_REASONS = DEPENDENCY_REASONS | {"CredentialsRejected", "IdentityMismatch"}

# What passes by itself says nothing about the credentials.
PASSING = frozenset({ErrorClass.TRANSIENT, ErrorClass.THROTTLED})


class SecretReader(Protocol):
    """Reads Secrets; only those of the provider's own namespace are ever asked for."""

    def read(self, namespace: str, name: str) -> Mapping[str, str]:
        """The data of a Secret, decoded.

        Raises:
            AccessError: It is not there (`SecretNotFound`) or may not be read.
        """
        ...


def provider_spec(provider: PlannedProvider) -> ProviderSpec:
    """What the stored spec asks for."""
    return parse(CloudProviderSpec, provider.spec).to_domain()


def open_access(provider: PlannedProvider, secrets: SecretReader) -> Access:
    """Read what is needed to enter the provider's cloud.

    Raises:
        AccessError: The Secret is missing or may not be read.
    """
    spec = provider_spec(provider)
    if spec.aws is None or spec.aws.credentials.source is not CredentialSource.SECRET:
        return Access(spec)
    return Access(spec, secrets.read(provider.namespace, spec.aws.credentials.secret_name))


def rejected(reason: str, message: str) -> Entry:
    """The entry of a provider whose own credentials do not work."""
    missing = reason in DEPENDENCY_REASONS
    state = EntryState.DEPENDENCY_MISSING if missing else EntryState.REJECTED
    return Entry(state, reason, message)
