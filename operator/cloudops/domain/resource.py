"""Resources and facets as they come out of a listing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from uuid import UUID

GLOBAL_REGION = "global"


class Facet(StrEnum):
    """A part of a resource that is read by itself and ages by itself."""

    LISTED = "listed"
    TAGS = "tags"
    DETAIL = "detail"
    IAM = "iam"


class TagSource(StrEnum):
    """Where the tags of a resource come from."""

    LISTED = "listed"  # the listing itself brings them
    TAGGING = "tagging"  # the cloud's tagging API, as a facet of its own
    DETAILS = "details"  # what is read of each resource alone
    NONE = "none"  # this type has no tags
    UNREAD = "unread"  # it has tags, but nobody reads them yet


def resource_uid(cloud: str, canonical_id: str) -> UUID:
    """The key of a resource: blake2b-128 over cloud and canonical id."""
    return UUID(bytes=blake2b(f"{cloud}\0{canonical_id}".encode(), digest_size=16).digest())


@dataclass(frozen=True, slots=True)
class ResourceHead:
    """The columns of a resource that its owner listing decides.

    Attributes:
        canonical_id: ARN, lower-cased ARM id or full resource name.
        id_synthetic: True where the ARN was built from parts.
        type: Native, e.g. `AWS::EC2::Instance`.
        kind: Normalised, e.g. `compute.instance`.
        region: Where the resource is, which may differ from the listing's region.
        tags: None where this listing does not bring them (see `tag_source`).
    """

    canonical_id: str
    id_synthetic: bool
    type: str
    kind: str
    service: str
    region: str
    name: str | None
    state: str | None
    created_at: datetime | None
    tag_source: TagSource
    tags: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a facet tells of columns that the resource's list leaves empty; None = nothing."""

    state: str | None = None
    created_at: datetime | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ListedItem:
    """A resource as its list showed it, whose details are wanted.

    Attributes:
        region: Where the resource is.
        document: Facet `listed`, as it is stored.
        digest: Of that facet.
    """

    uid: UUID
    canonical_id: str
    region: str
    document: Mapping[str, Any]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """One resource names another.

    Attributes:
        relation: What the other is to it, e.g. `subnet`.
        target: The other one's id as the document gives it.
        target_uid: The other one's key; None where the catalogue can't tell its id.
    """

    relation: str
    target: str
    target_uid: UUID | None


FindEdges = Callable[[bytes], tuple[Edge, ...]]
"""From a stored document to its edges, each of them once."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One facet of one resource, read now and ready to be compared.

    Attributes:
        document: Canonical JSON (sorted keys, redacted, unordered lists sorted),
            without `volatile` paths.
        volatile: JSON object of what changes by itself; outside hash and history.
        digest: 16 bytes over `document`, the head or the facts, and how its edges are found.
        head: None where the facet belongs to a resource of another listing.
        owner_listing: That other listing, e.g. `aws.s3.buckets`; "" where there is a head.
        truncated: The document was over 256 KiB and was cut.
        find_edges: None where resources of its type name no others.
        facts: What it adds to the head, where there is none.
    """

    uid: UUID
    facet: Facet
    document: bytes
    digest: bytes
    head: ResourceHead | None
    owner_listing: str = ""
    volatile: bytes = b"{}"
    truncated: bool = False
    find_edges: FindEdges | None = field(default=None, compare=False, repr=False)
    facts: Facts = Facts()

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Read out of the document anew each time, since only what changed is asked for them."""
        return () if self.find_edges is None else self.find_edges(self.document)


@dataclass(frozen=True, slots=True)
class MalformedItem:
    """An item that could not be understood; with a readable id it counts as seen."""

    reason: str
    uid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the cloud, O(page) in memory."""

    observations: tuple[Observation, ...]
    malformed: tuple[MalformedItem, ...] = field(default=())

    @property
    def malformed_uids(self) -> list[UUID]:
        return [item.uid for item in self.malformed if item.uid is not None]

    @property
    def uids(self) -> list[UUID]:
        """Of all that it shows, understood or not."""
        return [item.uid for item in self.observations] + self.malformed_uids
