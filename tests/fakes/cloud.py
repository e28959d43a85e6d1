"""A cloud in memory: a small catalogue, accounts that tests fill, doors and listings that fail."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b

import orjson

from cloudops.collectors.detailing import details_listing
from cloudops.collectors.vocabulary import (
    Access,
    AccountError,
    DetailCall,
    Details,
    DiscoveredAccount,
    Discovery,
    Emits,
    Listing,
    Progress,
    RegionRule,
    unobserved,
)
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.provider import Identity, ProviderSpec
from cloudops.domain.resource import (
    Edge,
    Facet,
    Facts,
    ListedItem,
    MalformedItem,
    Observation,
    Page,
    ResourceHead,
    TagSource,
    resource_uid,
)

CLOUD = "aws"  # the only type that a spec can have so far
SECRET = {"AWS_ACCESS_KEY_ID": "AKIAFAKE", "AWS_SECRET_ACCESS_KEY": "secret"}


def _listing(
    name: str,
    *types: str,
    region_rule: RegionRule = RegionRule.REGIONAL,
    consistency: Consistency = Consistency.STRONG,
    period: PeriodClass = PeriodClass.HOT,
) -> Listing:
    emits = tuple(
        Emits(type=type_, kind=kind, items="Items", id="Id", tag_source=TagSource.LISTED)
        for type_, _, kind in (word.partition("=") for word in types)
    )
    return Listing(
        name=name,
        service="fake",
        operation=name,
        emits=emits,
        region_rule=region_rule,
        permissions=(f"fake:{name}",),
        consistency=consistency,
        period=period,
        facet=Facet.LISTED if types else Facet.TAGS,
    )


MACHINES = _listing("fake.machines", "Fake::Machine=compute.instance")
QUEUES = _listing("fake.queues", "Fake::Queue=messaging.queue", consistency=Consistency.EVENTUAL)
DISKS = _listing("fake.disks", "Fake::Disk=storage.disk", period=PeriodClass.STANDARD)
ROLES = _listing(
    "fake.roles", "Fake::Role=identity.role", region_rule=RegionRule.GLOBAL, period=PeriodClass.COLD
)
TAGGING = _listing("fake.tagging")
LISTINGS = (MACHINES, QUEUES, DISKS, ROLES, TAGGING)

# Topics are named by their list; what they are two calls about each of them tell.
TOPICS = replace(
    _listing("fake.topics", "Fake::Topic=messaging.topic"),
    details=Details(
        calls=tuple(
            DetailCall(
                operation=operation,
                permission=f"fake:{operation}",
                key="Id",
                parameter="Id",
            )
            for operation in ("GetTopic", "GetPolicy")
        )
    ),
)
TOPIC_DETAILS = details_listing(TOPICS)
WITH_DETAILS = (*LISTINGS, TOPICS, TOPIC_DETAILS)


def observe(
    name: str,
    *,
    facet: Facet = Facet.LISTED,
    document: Mapping[str, object] | None = None,
    tags: Mapping[str, str] | None = None,
    tag_source: TagSource = TagSource.LISTED,
    created_at: datetime | None = None,
    region: str = "eu-west-1",
    type_: str = "Fake::Machine",
    kind: str = "compute.instance",
    state: str | None = "running",
    volatile: Mapping[str, object] | None = None,
    display_name: str | None = None,
    owner_listing: str = "",
    edges: Sequence[Edge] = (),
    facts: Facts | None = None,
) -> Observation:
    """One facet of the resource `name`, as a collector would deliver it.

    The digest covers document and head, and never what is volatile. Edges are what the
    document would name, so tests that change them change the document too.
    """
    canonical = orjson.dumps(
        {"Id": name} if document is None else document, option=orjson.OPT_SORT_KEYS
    )
    head = None
    if facet is Facet.LISTED:
        head = ResourceHead(
            canonical_id=name,
            id_synthetic=False,
            type=type_,
            kind=kind,
            service="fake",
            region=region,
            name=display_name or name,
            state=state,
            created_at=created_at,
            tag_source=tag_source,
            tags=({} if tags is None else tags) if tag_source is TagSource.LISTED else None,
        )
    return Observation(
        uid=resource_uid(CLOUD, name),
        facet=facet,
        document=canonical,
        digest=blake2b(canonical + repr((head, facts)).encode(), digest_size=16).digest(),
        head=head,
        owner_listing=owner_listing,
        volatile=orjson.dumps(volatile or {}),
        find_edges=(lambda _document: tuple(edges)) if edges else None,
        facts=facts or Facts(),
    )


Content = dict[str, Observation | MalformedItem]
PageHook = Callable[[str, str, int], None]


@dataclass
class FakeAccount:
    """What an account holds, by listing and region.

    Attributes:
        error: Why it can't be entered; None while its door is open.
        regions_error: Why its regions can't be read, although it can be entered.
        failures: Raised by a listing in a region, after `after` pages.
        details: By name what is told of an item alone; of others `{"Of": name}`.
        asked: Whose details were asked for, in this order.
        untried: What a try of a listing in a region finds nothing to try with.
    """

    id: str
    regions: Sequence[str] | None = ("eu-west-1",)
    error: AccessError | None = None
    regions_error: AccessError | None = None
    contents: dict[tuple[str, str], Content] = field(default_factory=dict)
    failures: dict[tuple[str, str], tuple[Exception, int]] = field(default_factory=dict)
    details: dict[str, Observation | MalformedItem | Exception | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    untried: dict[tuple[str, str], str] = field(default_factory=dict)

    def put(
        self,
        listing: Listing,
        *names: str,
        region: str = "eu-west-1",
        lies_in: str = "",
        **facts: object,
    ) -> None:
        """Create or replace items, as they are listed in `region`; `facts` as for `observe`."""
        for name in names:
            self._content(listing, region)[name] = observe(
                name,
                facet=listing.facet,
                region=lies_in or region,
                **{
                    **(
                        {"type_": listing.types[0], "kind": listing.kinds[0]}
                        if listing.types
                        else {}
                    ),
                    **facts,
                },  # type: ignore[arg-type]
            )

    def tell(self, name: str, document: Mapping[str, object], **facts: object) -> None:
        """What calls about the item alone tell of it."""
        self.details[name] = observe(
            name,
            facet=Facet.DETAIL,
            document=document,
            **facts,  # type: ignore[arg-type]
        )

    def damage(self, listing: Listing, name: str, region: str = "eu-west-1") -> None:
        """The item is still there, but nobody understands it."""
        item = MalformedItem("not understood", resource_uid(CLOUD, name))
        self._content(listing, region)[name] = item

    def remove(self, listing: Listing, *names: str, region: str = "eu-west-1") -> None:
        for name in names:
            del self._content(listing, region)[name]

    def fail(
        self, listing: Listing, error: Exception, *, region: str = "eu-west-1", after: int = 0
    ) -> None:
        self.failures[listing.name, region] = (error, after)

    def heal(self) -> None:
        self.failures.clear()
        self.error = self.regions_error = None

    def _content(self, listing: Listing, region: str) -> Content:
        return self.contents.setdefault((listing.name, region), {})


class FakeCloud:
    """Implements `Cloud`.

    Attributes:
        keys: Access key → the account whose key it is; others are rejected.
        page_size: Items a page.
        on_page: Called in the listing's thread before each page: listing, region, number.
        on_account: Called before discovery looks at an account, with its id.
        absent: Listing → regions in which its service is not offered.
    """

    name = CLOUD

    def __init__(self, listings: Sequence[Listing] = LISTINGS) -> None:
        self._listings = tuple(listings)
        self.accounts: dict[str, FakeAccount] = {}
        self.keys: dict[str, str] = {}
        self.page_size = 3
        self.on_page: PageHook = lambda _listing, _region, _number: None
        self.on_account: Callable[[str], None] = lambda _id: None
        self.absent: dict[str, set[str]] = {}
        self.opened = 0
        self.closed = 0
        self._lock = threading.Lock()

    @property
    def listings(self) -> Sequence[Listing]:
        return self._listings

    def account(
        self, account_id: str, *, regions: Sequence[str] | None = ("eu-west-1",), key: str = ""
    ) -> FakeAccount:
        """Make an account; with `key` its own access key."""
        account = self.accounts[account_id] = FakeAccount(account_id, regions)
        if key:
            self.keys[key] = account_id
        return account

    def discover(self, access: Access, progress: Progress = unobserved) -> Discovery:
        own = self._identify(access)
        assert access.spec.aws is not None
        ids = access.spec.aws.accounts.ids
        found = []
        for id_ in ids or (own.account_id,):
            self.on_account(id_)
            found.append(self._discovered(access, id_))
            progress()
        return Discovery(own, tuple(found), implicit=not ids)

    def regions_without(
        self, listing: Listing, _partition: str, _spec: ProviderSpec
    ) -> frozenset[str]:
        return frozenset(self.absent.get(listing.name, ()))

    def open(
        self, access: Access, account_id: str, progress: Progress = unobserved
    ) -> "FakeSession":
        own = self._identify(access)
        assert access.spec.aws is not None
        # As AWS does it: an account that the spec does not name is the caller's own.
        entered = account_id if account_id in access.spec.aws.accounts.ids else own.account_id
        account = self.accounts[entered]
        if account.error is not None:
            raise account.error
        with self._lock:
            self.opened += 1
        key = access.secret["AWS_ACCESS_KEY_ID"]
        fingerprint = blake2b(key.encode(), digest_size=16).digest()
        return FakeSession(self, account, Identity(f"user/{key}", entered), fingerprint)

    def forget(self) -> None:
        with self._lock:
            self.closed += 1

    def _identify(self, access: Access) -> Identity:
        key = access.secret.get("AWS_ACCESS_KEY_ID", "")
        if key not in self.keys:
            raise AccessError("the key is not known", reason="CredentialsRejected")
        return Identity(f"user/{key}", self.keys[key])

    def _discovered(self, access: Access, account_id: str) -> DiscoveredAccount:
        account = self.accounts[account_id]
        assert access.spec.aws is not None
        error = account.error or account.regions_error
        if error is not None:
            problem = AccountError(
                error.reason,
                str(error),
                error.permission,
                error.error_class,
                entered=account.error is None,
            )
            return DiscoveredAccount(account_id, "", "aws", None, problem)
        regions = None
        if account.regions is not None:
            regions = tuple(r for r in account.regions if access.spec.aws.regions.matches(r))
        return DiscoveredAccount(account_id, f"name-{account_id}", "aws", regions)


class FakeSession:
    """Implements `AccountSession`."""

    def __init__(
        self, cloud: FakeCloud, account: FakeAccount, identity: Identity, fingerprint: bytes
    ) -> None:
        self._cloud = cloud
        self._account = account
        self.identity = identity
        self.fingerprint = fingerprint
        self.calls = 0

    def pages(self, listing: Listing, region: str) -> Iterator[Page]:
        failure, after = self._account.failures.get((listing.name, region), (None, 0))
        content = list(self._account.contents.get((listing.name, region), {}).values())
        size = self._cloud.page_size
        slices = [content[i : i + size] for i in range(0, len(content), size)] or [[]]
        for number, items in enumerate(slices):
            self._cloud.on_page(listing.name, region, number)
            if failure is not None and number >= after:
                raise failure
            self.calls += 1
            yield Page(
                tuple(
                    item
                    for item in items
                    if isinstance(item, Observation) and not self._left_out(listing, item)
                ),
                tuple(item for item in items if isinstance(item, MalformedItem)),
            )
        if failure is not None and after >= len(slices):
            raise failure

    def _left_out(self, listing: Listing, item: Observation) -> bool:
        """Whether it is of a type that the listing was narrowed by."""
        whole = {
            type_ for row in self._cloud.listings if row.name == listing.name for type_ in row.types
        }
        return item.head is not None and item.head.type in whole - set(listing.types)

    def detail(
        self, _listing: Listing, _region: str, item: ListedItem
    ) -> Observation | MalformedItem | None:
        name = item.canonical_id
        self._account.asked.append(name)
        self.calls += 1
        default = observe(name, facet=Facet.DETAIL, document={"Of": name})
        told = self._account.details.get(name, default)
        if isinstance(told, Exception):
            raise told
        return told

    def probe(self, listing: Listing, region: str) -> str:
        next(self.pages(listing, region))
        return self._account.untried.get((listing.name, region), "")

    def close(self) -> None:
        self._cloud.forget()


def spec_of(
    *ids: str,
    types: Sequence[str] = ("*",),
    excluded: Sequence[str] = (),
    regions: Sequence[str] = ("*",),
    sync_period: int = 900,
    brake: Mapping[str, int] | None = None,
    **inventory: object,
) -> dict[str, object]:
    """A CloudProvider's spec as JSON, for accounts of the fake."""
    return {
        "type": CLOUD,
        "aws": {
            "credentials": {"source": "Secret", "secretRef": {"name": "keys"}},
            "accounts": {"ids": list(ids)},
            "regions": {"include": list(regions)},
        },
        "inventory": {
            "syncPeriodSeconds": sync_period,
            "types": {"include": list(types), "exclude": list(excluded)},
            "deletionBrake": dict(brake or {"percent": 30, "minimum": 20}),
            **inventory,
        },
    }


class FakeSecrets:
    """Implements `SecretReader`; empty = the Secret is missing."""

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        self.data = dict(SECRET if data is None else data)
        self.error: AccessError | None = None

    def read(self, namespace: str, name: str) -> Mapping[str, str]:
        if self.error is not None:
            raise self.error
        if not self.data:
            raise AccessError(f"Secret {namespace}/{name} does not exist", reason="SecretNotFound")
        return dict(self.data)
