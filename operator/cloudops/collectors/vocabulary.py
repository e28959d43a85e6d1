"""The words of a catalogue, and what every cloud offers to the services.

A listing is one row: everything the engine, the docs, the permission printer
and the tests need to know about it. A new type is a new row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from cloudops.collectors.access import Access, Progress, TokenSupplier, unobserved
from cloudops.collectors.details import ANSWER, DetailCall, Details
from cloudops.collectors.discovered import AccountError, DiscoveredAccount, Discovery
from cloudops.collectors.edges import To
from cloudops.collectors.emits import Emits
from cloudops.collectors.parents import Parents
from cloudops.collectors.reports import Prepare
from cloudops.collectors.second_call import DESCRIBED, Describe
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.provider import Identity, ProviderSpec
from cloudops.domain.resource import (
    Facet,
    ListedItem,
    MalformedItem,
    Observation,
    Page,
)

__all__ = (
    "ACCOUNT",
    "ANSWER",
    "DESCRIBED",
    "Access",
    "AccountError",
    "AccountSession",
    "Cloud",
    "Describe",
    "DetailCall",
    "Details",
    "DiscoveredAccount",
    "Discovery",
    "Emits",
    "Listing",
    "Parents",
    "Prepare",
    "Progress",
    "RegionRule",
    "To",
    "TokenSupplier",
    "unobserved",
)

ACCOUNT = "{account}"
"""Stands in a parameter's text where the account's own id is to be."""

LISTED_TIER = 0
DESCRIBED_TIER = 1
DETAIL_TIER = 2


class RegionRule(StrEnum):
    """Where a listing is run."""

    REGIONAL = "regional"  # in every selected region
    GLOBAL = "global"  # once an account, whatever regions are selected


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One named way of listing: a row of a cloud's catalogue.

    Attributes:
        name: `aws.ec2.instances`.
        service: The SDK's service name, e.g. `ec2`.
        operation: The API's operation name, e.g. `DescribeInstances`.
        parameters: Sent with every call; `{account}` stands for the account's id.
        dispensable: Parameter that is a list → regular expression of the message by which the
            service refuses one of its values, its group; the others are asked for then.
        home_of: Of a global listing that asks one service of another: that other one. It
            runs where that is at home in the partition.
        parents: Where items are listed for each parent: how those are found.
        prepare: Where the service makes its answer only when it is asked to: that call.
        csv: The member whose bytes are a table as CSV; its rows are objects in its place.
        tier: How much an item tells: 0 what the list happens to bring, 1 what describes it,
            2 what calls about it alone tell.
        named_only: Planned only where a glob says more than `*`.
        family: What metrics call it where its own name would be one of a thousand.
        permissions: What its calls need, e.g. `ec2:DescribeInstances`.
        describe: The second call where the first only names the items, many at once.
        details: Calls about single items, made apart from the listing; its row with facet
            DETAIL follows from this (see `details_listing`).
        details_of: Of a row with facet DETAIL, the one whose items are asked about.
        facet: What it writes; TAGS for the tagging pass, DETAIL for details, else LISTED.
        unsupported_codes: Error codes that mean "not in this region or account".
        absent: Error code → words of its message by which the service says that there is
            none, alternatives with `|` between them; that is an answer, and an empty one.
        omits_empty: The service leaves out an empty list, so that an answer with nothing
            in it means that there is none.
        shows_permitted: The service leaves out what the caller may not see, without a word:
            an answer that lacks everything proves nothing.
        unread: JMESPath to what an answer says that it could not tell, if anything.
        page_size: Sent where the API takes one, as text where it wants text; 0 = the
            API's default.
        paging: How the operation pages, in the words of botocore's paginators
            (`input_token`, `output_token`, `more_results`), where botocore does not say.
    """

    name: str
    service: str
    operation: str
    emits: tuple[Emits, ...]
    region_rule: RegionRule
    permissions: tuple[str, ...]
    consistency: Consistency
    period: PeriodClass
    parameters: Mapping[str, Any] = field(default_factory=dict)
    dispensable: Mapping[str, str] = field(default_factory=dict)
    home_of: str = ""
    parents: Parents | None = None
    prepare: Prepare | None = None
    csv: str = ""
    describe: Describe | None = None
    details: Details | None = None
    details_of: "Listing | None" = None
    tier: int = DESCRIBED_TIER
    named_only: bool = False
    family: str = ""
    facet: Facet = Facet.LISTED
    unsupported_codes: tuple[str, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    omits_empty: bool = False
    shows_permitted: bool = False
    unread: str = ""
    page_size_parameter: str = ""
    page_size: int | str = 0
    paging: Mapping[str, str] | None = None

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(emits.type for emits in self.emits)

    def says_none(self, answer: Mapping[str, Any]) -> bool:
        """Whether `answer` is how this service says that there is nothing."""
        return self.omits_empty and not answer.keys() - {"ResponseMetadata"}

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(emits.kind for emits in self.emits)


class AccountSession(Protocol):
    """An open door into one account; used by one worker thread pool at a time."""

    @property
    def identity(self) -> Identity:
        """Who we are there, asked of the cloud when the session was opened."""
        ...

    @property
    def fingerprint(self) -> bytes:
        """16 bytes over credential, endpoint and partition; a change means probation."""
        ...

    @property
    def calls(self) -> int:
        """API calls made so far."""
        ...

    def pages(self, listing: Listing, region: str) -> Iterator[Page]:
        """Run `listing` in `region` (`global` for global listings) to its end.

        The iterator ends normally only if the listing was read to its end. A row that was
        narrowed to some of its `emits` shows nothing else.

        Raises:
            ListingError: It broke off; the pages before it stay valid.
        """
        ...

    def probe(self, listing: Listing, region: str) -> str:
        """Find out whether `listing` can be read: its first page, one item of it described.

        Returns:
            The permission of the first call that could not be tried, since there is nothing
            to make it about; "" where there was something for each.

        Raises:
            ListingError: It can't.
        """
        ...

    def detail(
        self, listing: Listing, region: str, item: ListedItem
    ) -> Observation | MalformedItem | None:
        """Ask for the details of one item; None where it is gone.

        Args:
            listing: A row with facet DETAIL.
            region: Of its scope.
            item: As its list showed it.

        Raises:
            ListingError: They can't be read.
        """
        ...

    def close(self) -> None:
        """Give back clients and connections."""
        ...


class Cloud(Protocol):
    """One cloud, as the services see it."""

    @property
    def name(self) -> str:
        """`aws`, `azure` or `gcp`."""
        ...

    @property
    def listings(self) -> Sequence[Listing]:
        """The catalogue."""
        ...

    def discover(self, access: Access, progress: Progress = unobserved) -> Discovery:
        """Who we are, which accounts there are, and which regions each has enabled.

        An account that can't be entered is part of the answer, with its error.

        Args:
            access: The way in.
            progress: Called whenever a call came back, so that a thousand
                accounts are told from a call that hangs.

        Raises:
            AccessError: The credentials themselves don't work.
        """
        ...

    def regions_without(
        self, listing: Listing, partition: str, spec: ProviderSpec
    ) -> frozenset[str]:
        """Regions in which the cloud does not offer the service that a listing asks.

        Of a global listing that is `global`, where the whole partition lacks the service.

        Answered from what the SDK knows, without a call. Of a region, service or partition
        that the SDK does not know at all it says nothing: there the cloud is asked.
        """
        ...

    def open(
        self, access: Access, account_id: str, progress: Progress = unobserved
    ) -> AccountSession:
        """Enter one account and ask who we are there.

        Args:
            access: The way in.
            account_id: The account.
            progress: Called while a call of the session waits for a rate limit; what it
                raises ends the wait.

        Raises:
            AccessError: It can't be entered.
        """
        ...
