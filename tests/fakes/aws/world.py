"""What exists in the fake cloud, and what existed at every moment before.

Times are seconds of the monotonic clock (`World.now`), which on Linux all processes of a
machine share; wherever a moment is asked for, an aware `datetime` is understood too.
"""

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase

from tests.fakes.aws.identity import AccessKey, Role
from tests.fakes.aws.model import Account, Resource

Moment = float | datetime | None


class World:
    """Thread-safe; every change is remembered with its moment."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.access_keys: dict[str, AccessKey] = {}
        self.roles: dict[str, Role] = {}
        self._last = 0.0
        self._wall_to_monotonic = time.monotonic() - time.time()

    def now(self) -> float:
        """A moment that is later than every moment before it."""
        with self.lock:
            self._last = max(time.monotonic(), self._last + 1e-9)
            return self._last

    def moment(self, at: Moment) -> float:
        if at is None:
            return self.now()
        return at.timestamp() + self._wall_to_monotonic if isinstance(at, datetime) else at

    def add_account(
        self, account: str, name: str, partition: str, regions: list[str], opted_out: list[str]
    ) -> None:
        """Make the account, or change its name and regions; its resources stay."""
        with self.lock:
            known = self.accounts.get(account)
            if known is None:
                self.accounts[account] = Account(account, name, partition, regions, opted_out)
            else:
                known.name, known.regions, known.opted_out = name, regions, opted_out

    def set_region(self, account: str, region: str, enabled: bool) -> None:  # noqa: FBT001  sent by name
        with self.lock:
            one = self.accounts[account]
            one.regions = [known for known in one.regions if known != region]
            one.opted_out = [known for known in one.opted_out if known != region]
            (one.regions if enabled else one.opted_out).append(region)

    def put(self, account: str, resources: list[Resource]) -> float:
        """Create or replace; returns the moment from which it is true."""
        with self.lock:
            one, moment = self.accounts[account], self.now()
            for resource in resources:
                arn = resource.arn(one.id, one.partition)
                self._remember(one, arn, resource, moment)
                for listing, region, key in one.places(arn, resource):
                    one.index(listing, region).put(key, resource)
            return moment

    def put_fleet(self, account: str, template: Resource, count: int, first: int = 0) -> float:
        """`count` copies; `{n}` in the template's id and tag values is the running number."""
        tags_vary = any("{n" in value for value in template.tags.values())
        with self.lock:
            one, moment = self.accounts[account], self.now()
            columns: dict[tuple[str, str], list[tuple[str, Resource]]] = {}
            for n in range(first, first + count):
                tags = template.tags
                if tags_vary:
                    tags = {key: value.format(n=n) for key, value in tags.items()}
                resource = replace(template, id=template.id.format(n=n), tags=tags)
                arn = resource.arn(one.id, one.partition)
                self._remember(one, arn, resource, moment)
                for listing, region, key in one.places(arn, resource):
                    columns.setdefault((listing, region), []).append((key, resource))
            for (listing, region), pairs in columns.items():
                one.index(listing, region).put_many(pairs)
            return moment

    def _remember(self, one: Account, arn: str, resource: Resource, moment: float) -> None:
        before = one.live.get(arn)
        if before is not None and before.region != resource.region:
            self._unlist(one, arn, before)
        if resource.tags:
            one.ever_tagged.add(arn)
        one.live[arn] = resource
        one.versions.setdefault(arn, []).append((moment, resource))

    @staticmethod
    def _unlist(one: Account, arn: str, resource: Resource) -> None:
        for listing, region, key in one.places(arn, resource):
            one.index(listing, region).remove(key)

    def delete(self, account: str, names: list[str]) -> float:
        """Delete by ARN or id.

        Raises:
            KeyError: There is no such resource.
        """
        with self.lock:
            one = self.accounts[account]
            return self._delete(one, [self._find(one, name) for name in names])

    def _delete(self, one: Account, arns: list[str]) -> float:
        moment = self.now()
        for arn in arns:
            self._unlist(one, arn, one.live.pop(arn))
            one.versions[arn].append((moment, None))
            one.ever_tagged.discard(arn)
            self.roles.pop(arn, None)
        return moment

    @staticmethod
    def _find(one: Account, name: str) -> str:
        if name in one.live:
            return name
        for arn, resource in one.live.items():
            if resource.id == name:
                return arn
        raise KeyError(name)

    def clear(self, account: str, kind: str = "*", region: str = "*") -> float:
        """Delete everything that matches both globs."""
        with self.lock:
            one = self.accounts[account]
            return self._delete(one, _matching(one.live.items(), kind, region))

    def truth(self, account: str, at: Moment = None, kind: str = "*") -> set[str]:
        """ARNs of what existed at a moment; now without one."""
        return set(self.resources(account, at, kind))

    def resources(self, account: str, at: Moment = None, kind: str = "*") -> dict[str, Resource]:
        """ARN → resource as it was at a moment."""
        with self.lock:
            one = self.accounts[account]
            if at is None:
                found = dict(one.live)
            else:
                moment = self.moment(at)
                versions = ((arn, _version(all_, moment)) for arn, all_ in one.versions.items())
                found = {arn: resource for arn, resource in versions if resource is not None}
            if kind == "*":
                return found
            return {arn: found[arn] for arn in _matching(found.items(), kind, "*")}

    def was_live(
        self,
        arn: str,
        since: Moment,
        until: Moment = None,
        account: str = "*",
        whole: bool = True,  # noqa: FBT001, FBT002  sent by name
    ) -> bool:
        """Whether it existed during the whole interval; `whole=False`: at any moment of it."""
        with self.lock:
            start, end = self.moment(since), self.moment(until)
            judge: Callable[[Iterable[bool]], bool] = all if whole else any
            return any(
                judge(_states(one.versions[arn], start, end))
                for one in self.accounts.values()
                if arn in one.versions and fnmatchcase(one.id, account)
            )


def _matching(items: Iterable[tuple[str, Resource]], kind: str, region: str) -> list[str]:
    return [
        arn
        for arn, resource in items
        if fnmatchcase(resource.kind, kind) and fnmatchcase(resource.region, region)
    ]


def _version(versions: list[tuple[float, Resource | None]], moment: float) -> Resource | None:
    position = bisect_right(versions, moment, key=lambda version: version[0])
    return versions[position - 1][1] if position else None


def _states(
    versions: list[tuple[float, Resource | None]], start: float, end: float
) -> Iterator[bool]:
    """Alive or not at `start` and after every change up to `end`."""
    yield _version(versions, start) is not None
    for moment, resource in versions:
        if start < moment <= end:
            yield resource is not None
