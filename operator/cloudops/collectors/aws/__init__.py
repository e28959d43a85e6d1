"""Amazon Web Services as a cloud of the catalogue."""

from collections.abc import Sequence

from cloudops.collectors.aws.catalogue import CATALOGUE
from cloudops.collectors.aws.client import Door
from cloudops.collectors.aws.discovery import (
    connection_of,
    discover,
    door_to,
    enter,
    identify,
    member_hop,
)
from cloudops.collectors.aws.endpoints import regions_without
from cloudops.collectors.aws.limits import LIMITS, REST
from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.aws.session import AwsAccountSession, fingerprint_of
from cloudops.collectors.limits import Limits
from cloudops.collectors.redaction import Redactor
from cloudops.collectors.transforms import Transforms
from cloudops.collectors.vocabulary import Access, Discovery, Listing, Progress, unobserved
from cloudops.domain.errors import AccessError
from cloudops.domain.provider import ProviderSpec


class AwsCloud:
    """Implements `Cloud`; one a process, shared by all its threads."""

    name = "aws"

    def __init__(
        self,
        *,
        redaction_key: bytes,
        connect_timeout_seconds: float = 10.0,
        read_timeout_seconds: float = 60.0,
        pool_size: int = 10,
        listings: Sequence[Listing] = CATALOGUE,
        limits: Limits | None = None,
    ) -> None:
        """Load nothing yet: service models come with the first client.

        Args:
            redaction_key: 16 to 64 bytes; the same for all workers of an
                installation, or fingerprints of secrets change with the worker.
            connect_timeout_seconds: Of each HTTP request.
            read_timeout_seconds: Of each HTTP request, without a byte.
            pool_size: Connections kept a client; as many as threads use one session.
            listings: The catalogue.
            limits: How fast AWS may be read, unless a provider's spec says otherwise; None
                for what AWS publishes.
        """
        self._listings = tuple(listings)
        self._transforms = Transforms(Redactor(redaction_key))
        self._sdk = Sdk(
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
            pool_size=pool_size,
        )
        self._limits = limits or Limits("aws", LIMITS, REST)

    @property
    def listings(self) -> Sequence[Listing]:
        return self._listings

    def discover(self, access: Access, progress: Progress = unobserved) -> Discovery:
        """See `Cloud.discover`.

        Raises:
            AccessError: The credentials themselves don't work.
        """
        return discover(self._sdk, self._limits, access, progress)

    def regions_without(
        self, listing: Listing, partition: str, spec: ProviderSpec
    ) -> frozenset[str]:
        """See `Cloud.regions_without`; what answers at an endpoint of the spec nobody knows."""
        if spec.aws is None or spec.aws.endpoint_url:
            return frozenset()
        return regions_without(self._sdk, listing, partition)

    def open(
        self, access: Access, account_id: str, progress: Progress = unobserved
    ) -> AwsAccountSession:
        """See `Cloud.open`.

        Raises:
            AccessError: The account can't be entered.
        """
        door = enter(self._sdk, self._limits, access, progress)
        try:
            return self._session(access, door, account_id)
        except AccessError:
            door.close()
            raise

    def _session(self, access: Access, base: Door, account_id: str) -> AwsAccountSession:
        connection = connection_of(access)
        own = identify(base)
        door = door_to(base, connection, own, account_id)
        who, member_role = own, ""
        if door is not base:
            who = identify(door)
            member_role = member_hop(connection, own.partition, account_id).role_arn
        fingerprint = fingerprint_of(access, connection, own, member_role)
        return AwsAccountSession(door, who, fingerprint, self._transforms)
