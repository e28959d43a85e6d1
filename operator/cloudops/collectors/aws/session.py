"""One entered account: identity, fingerprint, and pages of listings."""

from collections.abc import Iterator
from hashlib import blake2b

from cloudops.collectors.aws.calling import Caller
from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.details import DetailRun
from cloudops.collectors.aws.engine import Run
from cloudops.collectors.aws.keys import ACCESS_KEY_ID
from cloudops.collectors.detailing import listed_item
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transforms import Transforms
from cloudops.collectors.vocabulary import Access, Listing
from cloudops.domain.provider import AwsConnection, CredentialSource, Identity
from cloudops.domain.resource import (
    ListedItem,
    MalformedItem,
    Observation,
    Page,
)

_TEMPORARY_KEY = "ASIA"  # keys of STS begin with it and rotate


class AwsAccountSession:
    """Implements `AccountSession`; `pages` may run in several threads at once."""

    def __init__(
        self,
        door: Door,
        identity: Identity,
        fingerprint: bytes,
        transforms: Transforms,
    ) -> None:
        self._door = door
        self._identity = identity
        self._fingerprint = fingerprint
        self._transforms = transforms

    @property
    def identity(self) -> Identity:
        return self._identity

    @property
    def fingerprint(self) -> bytes:
        return self._fingerprint

    @property
    def calls(self) -> int:
        return self._door.calls

    def pages(self, listing: Listing, region: str) -> Iterator[Page]:
        """See `AccountSession.pages`.

        Raises:
            ListingError: It broke off; the pages before it stay valid.
        """
        return self.run(listing, region).pages()

    def probe(self, listing: Listing, region: str) -> str:
        """See `AccountSession.probe`.

        Raises:
            ListingError: It can't be read.
        """
        if listing.details_of is None:
            return self.run(listing, region).probe().untried
        item = self.run(listing.details_of, region).probe().item
        if item is None:
            return listing.permissions[0]
        self.detail(listing, region, listed_item(item))
        return ""

    def detail(
        self, listing: Listing, region: str, item: ListedItem
    ) -> Observation | MalformedItem | None:
        """See `AccountSession.detail`.

        Raises:
            ListingError: They can't be read.
        """
        return self._details(listing, region).read(item)

    def run(self, listing: Listing, region: str) -> Run:
        """`listing` in `region`, ready to be read."""
        transform = self._transforms.listing(listing)
        return Run(self._door, listing, transform, self._context(region))

    def _details(self, listing: Listing, region: str) -> DetailRun:
        transform = self._transforms.details(listing)
        return DetailRun(transform, self._context(region), Caller(self._door, listing).call)

    def _context(self, region: str) -> AnswerContext:
        who = self._identity
        return AnswerContext("aws", who.partition, who.account_id, region)

    def close(self) -> None:
        self._door.close()


def fingerprint_of(
    access: Access, connection: AwsConnection, own: Identity, member_role_arn: str
) -> bytes:
    """16 bytes over whose identity is used, through which roles, and where.

    Session tokens and temporary keys rotate by themselves, so with those the
    principal stands for the credential.
    """
    key = access.secret.get(ACCESS_KEY_ID, "")
    if connection.credentials.source is not CredentialSource.SECRET or key.startswith(
        _TEMPORARY_KEY
    ):
        key = without_session_name(own.principal)
    roles = [role.role_arn for role in connection.credentials.roles]
    parts = [key, *roles, member_role_arn, connection.endpoint_url, own.partition]
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()


def without_session_name(principal: str) -> str:
    """`arn:aws:sts::1:assumed-role/reader/pod-17` → `arn:aws:sts::1:assumed-role/reader`."""
    if ":assumed-role/" in principal or ":federated-user/" in principal:
        return "/".join(principal.split("/")[:2])
    return principal
