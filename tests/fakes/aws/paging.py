"""Pages and tokens.

A listing reads the *live* world, as the real ones do: a token holds the key of the last item
served, and the next page starts behind it. What exists during the whole listing is therefore
shown exactly once; what comes or goes meanwhile may be shown or not. Tokens are opaque, signed,
and good for the same operation, account, region and filters only.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.fakes.aws.calls import Call
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.model import Resource

_TAG_BYTES = 12
Entry = tuple[str, Resource]

# The most that the real API puts on a page.
DEFAULT_SIZES = {
    "DescribeInstances": 1000,
    "DescribeVolumes": 500,
    "DescribeSecurityGroups": 1000,
    "ListBuckets": 10_000,
    "GetAccountAuthorizationDetails": 1000,
    "GetResources": 100,
    "ListTables": 100,
    "ListAccounts": 20,
    "ListResources": 100,
}
# Likewise, of what is replayed and never asked with a size of ours; else `_REPLAYED_SIZE`.
_REPLAYED_SIZES = {
    "DescribeConfigRules": 25,
    "DescribeStacks": 100,
    "ListProjects": 100,
    "ListSubscriptions": 100,
    "ListTopics": 100,
}
_REPLAYED_SIZE = 1000


def most_on_a_page(operation: str) -> int:
    """However many are asked for."""
    return {**_REPLAYED_SIZES, **DEFAULT_SIZES}.get(operation, _REPLAYED_SIZE)


class Paged(Protocol):
    """Resources in an order, by keys that lead on from wherever one stopped."""

    def after(self, key: str | None) -> Iterator[tuple[str, Resource]]:
        """Everything behind `key`; None = from the start."""
        ...

    def get(self, key: str | None) -> Resource | None: ...


class InvalidTokenError(Exception):
    """`expired`: it was a good one once."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "invalid")
        self.expired = expired


@dataclass(slots=True)
class Page:
    """`next_token` is "" on the last page; `damage` is what the renderer still has to spoil."""

    resources: list[Resource]
    next_token: str = ""
    damage: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Position:
    key: str | None
    page: int


class Pager:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secret = secrets.token_bytes(32)
        self._old_secrets: list[bytes] = []
        self._sizes = dict(DEFAULT_SIZES)
        self._replayed_size: int | None = None

    def size(self, operation: str) -> int:
        with self._lock:
            known = self._sizes.get(operation) or self._replayed_size
        return known or most_on_a_page(operation)

    def set_size(self, operation: str, size: int) -> None:
        """At most `size` items a page, whatever is asked for; `*` = every operation."""
        with self._lock:
            names = list(self._sizes) if operation == "*" else [operation]
            if operation == "*":
                self._replayed_size = size
            self._sizes |= dict.fromkeys(names, size)

    def expire_tokens(self) -> None:
        """Every token handed out so far is expired from now on."""
        with self._lock:
            self._old_secrets.append(self._secret)
            self._secret = secrets.token_bytes(32)

    def page_number(self, token: str) -> int:
        """0 without a token or with a wrong one."""
        if not token:
            return 0
        try:
            return int(self._open(token)["page"])
        except InvalidTokenError:
            return 0

    def cut(
        self,
        index: Paged,
        call: Call,
        size: int,
        faults: Iterable[Fault] = (),
        wanted: Callable[[Resource], bool] | None = None,
        weight: Callable[[Resource], float] | None = None,
    ) -> Page:
        """One page of `index`.

        `weight` is what a resource takes up of `size`, 1 without one. The caller holds the
        world's lock.

        Raises:
            InvalidTokenError: The call's token is not one of this listing.
        """
        position = self._position(call)
        kinds = {fault.kind for fault in faults}
        damage = [fault for fault in faults if fault.kind in ("malformed", "duplicates")]
        here = self._token(call, position.key, position.page + 1)
        if "empty_page" in kinds:
            return Page([], here)
        entries, more = _take(index, position.key, size, wanted, weight)
        hidden = sum(fault.count for fault in faults if fault.kind == "hide")
        resources = [resource for _, resource in entries[hidden:]]
        before = index.get(position.key)
        if "overlap" in kinds and before is not None:
            resources.insert(0, before)
        if "repeat_token" in kinds:
            return Page(resources, call.token or here, damage)
        token = self._token(call, entries[-1][0], position.page + 1) if more else ""
        return Page(resources, token, damage)

    def _position(self, call: Call) -> _Position:
        if not call.token:
            return _Position(None, 0)
        payload = self._open(call.token)
        if payload["listing"] != _listing(call):
            raise InvalidTokenError(expired=False)
        return _Position(payload["key"], payload["page"])

    def _token(self, call: Call, key: str | None, page: int) -> str:
        nonce = secrets.token_hex(4)
        content = {"listing": _listing(call), "key": key, "page": page, "nonce": nonce}
        payload = json.dumps(content).encode()
        with self._lock:
            tag = _tag(self._secret, payload)
        return base64.urlsafe_b64encode(tag + payload).decode()

    def _open(self, token: str) -> dict[str, Any]:
        try:
            raw = base64.urlsafe_b64decode(token.encode())
        except ValueError:
            raise InvalidTokenError(expired=False) from None
        tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        with self._lock:
            if hmac.compare_digest(tag, _tag(self._secret, payload)):
                content: dict[str, Any] = json.loads(payload)
                return content
            expired = any(hmac.compare_digest(tag, _tag(old, payload)) for old in self._old_secrets)
        raise InvalidTokenError(expired=expired)


def _tag(secret: bytes, payload: bytes) -> bytes:
    return hmac.new(secret, payload, hashlib.sha256).digest()[:_TAG_BYTES]


# These may change between two pages of one listing; every other parameter may not.
_FREE = frozenset(
    [
        "NextToken",
        "Marker",
        "PaginationToken",
        "ExclusiveStartTableName",
        "continuation-token",
        "MaxResults",
        "MaxItems",
        "Limit",
        "max-buckets",
        "ResourcesPerPage",
        "TagsPerPage",
        "Version",
    ]
)


def _listing(call: Call) -> str:
    fixed = sorted((key, value) for key, value in call.parameters.items() if key not in _FREE)
    identity = repr((call.service, call.operation, call.account, call.region, fixed))
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _take(
    index: Paged,
    key: str | None,
    size: int,
    wanted: Callable[[Resource], bool] | None,
    weight: Callable[[Resource], float] | None,
) -> tuple[list[Entry], bool]:
    """As many as fit, at least one, and whether there are more."""
    entries: list[Entry] = []
    used = 0.0
    for name, resource in index.after(key):
        if wanted is not None and not wanted(resource):
            continue
        used += 1 if weight is None else weight(resource)
        if entries and used > size:
            return entries, True
        entries.append((name, resource))
    return entries, False
