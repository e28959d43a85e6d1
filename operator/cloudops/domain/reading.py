"""What readers ask of the inventory, and what they get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cloudops.domain.resource import resource_uid

CLOUDS: Final = ("aws", "azure", "gcp")

# A moment, or how long before the database's own now.
Since = datetime | timedelta


def possible_uids(canonical_id: str) -> list[UUID]:
    """The keys that an id has, one for each cloud: an id does not say whose it is."""
    return [resource_uid(cloud, canonical_id) for cloud in CLOUDS]


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """Members AND; "" and empty mean any.

    `type` (or kind), `kind`, `name`, `state` and `region` may be globs; a resource
    without a name or state is matched by none.
    """

    type: str = ""
    kind: str = ""
    account: str = ""
    region: str = ""
    name: str = ""
    state: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    changed_since: Since | None = None
    include_deleted: bool = False


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One resource; `as_of` is the start of the last complete listing that covers it."""

    canonical_id: str
    type: str
    kind: str
    account_id: str
    region: str
    name: str | None
    state: str | None
    tags: Mapping[str, str] | None
    created_at: datetime | None
    changed_at: datetime
    as_of: datetime | None
    listing_status: str
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The scopes behind a question: is there any, and which never came to their end.

    Attributes:
        unread: How many were never read to their end, by status.
    """

    planned: bool
    unread: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ResourceMatch:
    """What an id that a person wrote may mean; `kept`: there is still a row of it."""

    uid: UUID
    canonical_id: str
    deleted: bool
    kept: bool = True


@dataclass(frozen=True, slots=True)
class FacetRow:
    """A part of a resource, and the listing that reads it.

    Attributes:
        as_of: Start of the last complete listing.
        missing_since: A complete listing did not show it; None while it is shown.
        truncated: The document was over 256 KiB and was cut.
        volatile: What changes by itself, outside the history.
    """

    listing: str
    listing_status: str
    as_of: datetime | None
    changed_at: datetime
    missing_since: datetime | None
    truncated: bool
    document: Mapping[str, Any]
    volatile: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class EdgeTo:
    """What a resource names.

    Attributes:
        target: The other one's id as the document gives it.
        canonical_id: None where no live resource is known under that id; then so is `type`.
    """

    relation: str
    target: str
    canonical_id: str | None
    type: str | None


@dataclass(frozen=True, slots=True)
class EdgeFrom:
    """A live resource that names this one, and what this one is to it."""

    relation: str
    canonical_id: str
    type: str


@dataclass(frozen=True, slots=True)
class ResourceDetail:
    """All that is stored of one resource, live or not.

    Attributes:
        presence: `live`, `deleted`, or `retired`: it is not asked for any more.
        absent_reason: Why it is not live, e.g. `swept` or `RegionNotSelected`.
        tags: None where they are not known; `tag_source` says where they come from.
        facets: By name; `listed` is what its own listing shows.
        edges_from: By relation, the first 1,000 of `edges_from_total`.
    """

    canonical_id: str
    uid: UUID
    cloud: str
    account_id: str
    account_name: str
    region: str
    service: str
    type: str
    kind: str
    name: str | None
    state: str | None
    presence: str
    absent_reason: str
    created_at: datetime | None
    first_seen_at: datetime
    changed_at: datetime
    deleted_at: datetime | None
    listing: str
    listing_status: str
    as_of: datetime | None
    tags: Mapping[str, str] | None
    tag_source: str
    facets: Mapping[str, FacetRow]
    edges_to: Sequence[EdgeTo]
    edges_from: Sequence[EdgeFrom]
    edges_from_total: int


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One entry of a resource's history.

    Attributes:
        operation: `created`, `updated`, `replaced`, `deleted`, `revived` or `dropped`.
        listing: What noticed it.
        changed: Top-level key of the document → its `old` and `new` value; one
            that was added has no `old`, one that was removed no `new`.
    """

    at: datetime
    operation: str
    facet: str
    listing: str
    changed: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One row of the ledger; `next_due_at` is None where nothing will be tried."""

    account_id: str
    region: str
    listing: str
    status: str
    item_count: int
    last_complete_at: datetime | None
    next_due_at: datetime | None
    held_count: int
    error_code: str
    error_permission: str
    error_message: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account of a provider; `reachable` is None before it was tried."""

    account_id: str
    name: str
    reachable: bool | None
    error_reason: str
    error_message: str
