"""Which accounts and regions there are, and the way into each."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from cloudops.collectors.aws.arns import account_of, partition_of
from cloudops.collectors.aws.client import SDK_ERRORS, Door, quota_of
from cloudops.collectors.aws.errors import access_error
from cloudops.collectors.aws.hooks import CallCounter
from cloudops.collectors.aws.keys import ACCESS_KEY_ID, credentials_in
from cloudops.collectors.aws.organization import read_organization
from cloudops.collectors.aws.partitions import home_region
from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.limits import Limits
from cloudops.collectors.turnstile import Turnstile
from cloudops.collectors.vocabulary import (
    Access,
    AccountError,
    DiscoveredAccount,
    Discovery,
    Progress,
    TokenSupplier,
    unobserved,
)
from cloudops.domain.errors import AccessError, CloudOpsError, internal_error
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import (
    AccountDiscovery,
    AwsConnection,
    CredentialSource,
    Identity,
    RoleHop,
)
from cloudops.domain.reasons import NOT_SUBSCRIBED

_ENABLED: Final = frozenset({"opt-in-not-required", "opted-in"})
ACCOUNTS_AT_ONCE: Final = 8  # AssumeRole and DescribeRegions take 0.4 s an account

_log = structlog.get_logger(__name__)


def connection_of(access: Access) -> AwsConnection:
    """The AWS part of a provider's spec.

    Raises:
        AccessError: The spec is not AWS's.
    """
    if access.spec.aws is None:
        raise AccessError("the provider is not of type aws", reason="NotSupported")
    return access.spec.aws


def enter(sdk: Sdk, limits: Limits, access: Access, progress: Progress = unobserved) -> Door:
    """Go through the provider's own credentials and role chain.

    Args:
        sdk: Shared by the process.
        limits: Likewise.
        access: The way in.
        progress: Told after each role, and while a call of the door waits for its limits.

    Raises:
        AccessError: A key is missing or malformed, or a role can't be assumed.
    """
    connection = connection_of(access)
    quota = quota_of(connection.endpoint_url, _caller(connection, access.secret))
    door = Door(
        sdk,
        _session(sdk, connection, access.secret),
        endpoint_url=connection.endpoint_url,
        home=home_region(connection),
        counter=CallCounter(),
        turnstile=Turnstile(limits, quota, access.spec.rate_limits, progress),
    )
    # A web identity opens the first role, and is of no use for those behind it.
    token = access.token if _by_token(connection) else None
    try:
        for hop in connection.credentials.roles:
            door, token = go_behind(door, hop, token), None
            progress()
    except AccessError:
        door.close()
        raise
    return door


def go_behind(door: Door, hop: RoleHop, token: TokenSupplier | None = None) -> Door:
    """Assume one role, by a token where one is given.

    Raises:
        AccessError: It can't be assumed; the way to it is closed.
    """
    try:
        return door.vouched(hop, token) if token else door.behind(hop)
    except SDK_ERRORS as error:
        raise access_error(error) from error


def identify(door: Door) -> Identity:
    """Ask AWS who we are.

    Raises:
        AccessError: The credentials are not accepted, or AWS can't be reached.
    """
    try:
        answer = door.call("sts", door.home, "GetCallerIdentity", {})
    except SDK_ERRORS as error:
        raise access_error(error) from error
    principal, account_id = str(answer.get("Arn", "")), str(answer.get("Account", ""))
    partition = partition_of(principal)
    if not partition or not account_id:
        raise _unreadable("GetCallerIdentity: the answer names no account")
    door.is_of(account_id)
    return Identity(principal=principal, account_id=account_id, partition=partition)


def member_hop(connection: AwsConnection, partition: str, account_id: str) -> RoleHop:
    """The role through which a member account is read."""
    name = connection.accounts.member_role_name
    arn = f"arn:{partition}:iam::{account_id}:role/{name}"
    return RoleHop(arn, connection.accounts.member_external_id)


def door_to(door: Door, connection: AwsConnection, own: Identity, account_id: str) -> Door:
    """The door to a planned account: `door` itself for the caller's own.

    An account that the spec does not name is not entered by the member role: then
    the credentials have changed, and whoever holds the scopes has to see that.

    Raises:
        AccessError: The member role can't be assumed.
    """
    listed = connection.accounts.discovery is AccountDiscovery.ORGANIZATION
    if account_id == own.account_id or not (listed or account_id in connection.accounts.ids):
        return door
    return go_behind(door, member_hop(connection, own.partition, account_id))


def discover(
    sdk: Sdk, limits: Limits, access: Access, progress: Progress = unobserved
) -> Discovery:
    """Ask for identity, accounts and regions; `progress` is told after each call.

    Raises:
        AccessError: The credentials themselves don't work, or the organization could not be
            listed to its end.
    """
    connection = connection_of(access)
    door = enter(sdk, limits, access, progress)
    try:
        own = identify(door)
        progress()
        tour = _Tour(door, connection, own, progress)
        if connection.accounts.discovery is AccountDiscovery.ORGANIZATION:
            return _of_organization(tour)
        ids = dict.fromkeys(connection.accounts.ids or (own.account_id,))
        selected = [id_ for id_ in ids if connection.accounts.selection.matches(id_)]
        return Discovery(own, tour.accounts(selected), implicit=not connection.accounts.ids)
    finally:
        door.close()


def _of_organization(tour: "_Tour") -> Discovery:
    """Active members are entered; of the others it is told what the organization says."""
    organization = read_organization(tour.door, tour.own, tour.progress)
    chosen, others = organization.selected(tour.connection.accounts.selection)
    active = [member for member in chosen if not member.is_closed]
    found = tour.accounts([member.account_id for member in active])
    entered = (
        replace(account, name=member.name) for account, member in zip(found, active, strict=True)
    )
    closed = (member.as_closed(tour.own.partition) for member in chosen if member.is_closed)
    own = replace(tour.own, organization_id=organization.id)
    return Discovery(own, (*entered, *closed), not_selected=others)


@dataclass(frozen=True, slots=True)
class _Tour:
    """Enters one account after the other, several at once."""

    door: Door
    connection: AwsConnection
    own: Identity
    progress: Progress

    def accounts(self, ids: Sequence[str]) -> tuple[DiscoveredAccount, ...]:
        """What is found in each, in the order of `ids`."""
        with ThreadPoolExecutor(ACCOUNTS_AT_ONCE, "discovery") as pool:
            futures = [pool.submit(self._account, id_) for id_ in ids]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                # Those under way end with their call; the door stays open so long.
                pool.shutdown(cancel_futures=True)
                raise
        return tuple(future.result() for future in futures)

    def _account(self, account_id: str) -> DiscoveredAccount:
        """What is found in it; a bug that one account hits leaves the others alone."""
        try:
            return self._entered(account_id)
        except CloudOpsError:
            raise
        except Exception as error:  # noqa: BLE001  the outermost boundary of one account
            _log.exception("account not discovered", account=account_id)
            bug = internal_error("the discovery of this account", error)
            problem = _account_error(bug, entered=False)
            return DiscoveredAccount(account_id, "", self.own.partition, None, problem)

    def _entered(self, account_id: str) -> DiscoveredAccount:
        regions: tuple[str, ...] | None = None
        problem: AccountError | None = None
        try:
            member = door_to(self.door, self.connection, self.own, account_id)
        except AccessError as error:
            problem = _account_error(error, entered=False)
        else:
            try:
                self.progress()
                regions, problem = self._regions(member)
            finally:
                if member is not self.door:
                    member.close_clients()
        self.progress()
        return DiscoveredAccount(account_id, "", self.own.partition, regions, problem)

    def _regions(self, door: Door) -> tuple[tuple[str, ...] | None, AccountError | None]:
        """The enabled and selected regions, sorted, or why they could not be read."""
        try:
            answer = door.call("ec2", door.home, "DescribeRegions", {"AllRegions": True})
        except SDK_ERRORS as error:
            return None, _regions_error(error)
        regions: Sequence[Mapping[str, Any]] = answer.get("Regions") or ()
        if not regions or not all(map(_is_region, regions)):  # there is no account without any
            what = (
                "a region of the answer has no name" if regions else "the answer holds no regions"
            )
            return None, _account_error(_unreadable(f"DescribeRegions: {what}"), entered=True)
        enabled = (
            region["RegionName"]
            for region in regions
            if region.get("OptInStatus", "opt-in-not-required") in _ENABLED
        )
        return tuple(sorted(n for n in enabled if self.connection.regions.matches(n))), None


def _is_region(found: Any) -> bool:
    """Whether it can be told which it is: rows of one that is left out would be retired."""
    name = found.get("RegionName") if isinstance(found, Mapping) else None
    return isinstance(name, str) and name != ""


def _unreadable(what: str) -> AccessError:
    return AccessError(what, reason="Unreachable", error_class=ErrorClass.TRANSIENT)


def _regions_error(error: Exception) -> AccountError:
    """Who is not signed up for EC2 in the home region has no account that could be read.

    Every listing would say so of itself, and hide its rows.
    """
    refused = access_error(error, denied="AccessDenied", permission="ec2:DescribeRegions")
    if refused.reason != NOT_SUBSCRIBED:
        return _account_error(refused, entered=True)
    message = (
        f"{refused}: AWS does not know the account as a customer (any more). Its rows are kept,"
        " and nothing else is tried there until DescribeRegions is answered."
    )
    return AccountError(refused.reason, message, closed=True)


def _account_error(error: AccessError, *, entered: bool) -> AccountError:
    return AccountError(error.reason, str(error), error.permission, error.error_class, entered)


def _caller(connection: AwsConnection, secret: Mapping[str, str]) -> str:
    """Stands for the account until AWS has said which it is."""
    if _by_token(connection):
        return account_of(connection.credentials.roles[0].role_arn)
    return secret.get(ACCESS_KEY_ID, connection.credentials.source.value)


def _by_token(connection: AwsConnection) -> bool:
    return connection.credentials.source is CredentialSource.WORKLOAD_IDENTITY


def _session(sdk: Sdk, connection: AwsConnection, secret: Mapping[str, str]) -> Any:
    source = connection.credentials.source
    if source is CredentialSource.OPERATOR:
        return sdk.session()
    if _by_token(connection):
        return sdk.session_of(None)
    return sdk.session_of(credentials_in(connection.credentials.secret_name, secret))
