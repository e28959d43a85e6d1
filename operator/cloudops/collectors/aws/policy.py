"""IAM policies that follow from the catalogue: what reading needs, and what the way in needs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from cloudops.collectors.aws.discovery import member_hop
from cloudops.collectors.aws.organization import LIST_ACCOUNTS
from cloudops.collectors.aws.partitions import HOME_REGIONS, home_region
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.permissions import Grant, Policy
from cloudops.domain.provider import (
    AccountDiscovery,
    AwsConnection,
    AwsCredentials,
    CredentialSource,
)
from cloudops.domain.resource import Facet

# AWS's limit for a managed policy; it does not count white space.
POLICY_CHARACTERS: Final = 6_144

DESCRIBE_REGIONS: Final = "ec2:DescribeRegions"
ASSUME_ROLE: Final = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class _Statement:
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)

    def parts(self) -> Iterator["_Statement"]:
        """The same, one action on one resource at a time."""
        for action in sorted(set(self.actions)):
            for resource in sorted(set(self.resources)):
                yield replace(self, actions=(action,), resources=(resource,))

    def document(self) -> dict[str, Any]:
        everything = self.resources == ("*",)
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": "*" if everything else list(self.resources),
        }


def reader_policies(
    listings: Iterable[Listing], *, limit: int = POLICY_CHARACTERS
) -> tuple[Policy, ...]:
    """What `listings` and the look at an account's regions need; nothing is ever changed.

    GetCallerIdentity needs no permission. An action stands once, even if
    several listings need it.

    Args:
        listings: Rows of the catalogue.
        limit: Characters a policy, without white space.
    """
    purposes = {DESCRIBE_REGIONS: "FindRegions"}
    for listing in sorted(listings, key=lambda row: (row.facet is Facet.TAGS, row.name)):
        for action in listing.permissions:
            purposes.setdefault(action, _purpose(listing, action))
    sids = sorted(set(purposes.values()))
    statements = [
        _Statement(sid, tuple(action for action, purpose in purposes.items() if purpose == sid))
        for sid in sids
    ]
    return _documents(statements, limit)


def granting(actions: Iterable[str], *, limit: int = POLICY_CHARACTERS) -> tuple[Policy, ...]:
    """What adds `actions`, which read, to a reader that lacks them.

    Args:
        actions: Such as `ec2:DescribeInstances`.
        limit: Characters a policy, without white space.
    """
    return _documents([_Statement("GrantMissing", tuple(actions))], limit)


def entry_policies(
    connection: AwsConnection, *, limit: int = POLICY_CHARACTERS
) -> tuple[Grant, ...]:
    """What each principal on the way in needs, in the order in which they are met.

    A web identity needs no permission to assume the first role: that role's
    trust policy lets it in. Without a role chain it is not known which account
    is the credentials' own; its member role is then named, and not used. Of an
    organization whoever enters its accounts lists them, too.

    Args:
        connection: Its accounts are named, or those of an organization.
        limit: Characters a policy, without white space.
    """
    credentials = connection.credentials
    chain = [hop.role_arn for hop in credentials.roles]
    steps = [(arn, [_assuming(to)]) for arn, to in pairwise(chain)]
    first = _principal(credentials)
    if chain and credentials.source is not CredentialSource.WORKLOAD_IDENTITY:
        steps.insert(0, (first, [_assuming(chain[0])]))
    steps.append((chain[-1] if chain else first, _entering(connection, chain)))
    return tuple(
        Grant(principal, _documents(statements, limit))
        for principal, statements in steps
        if statements
    )


def _assuming(*roles: str) -> _Statement:
    return _Statement("AssumeRoles", (ASSUME_ROLE,), roles)


def _entering(connection: AwsConnection, chain: Sequence[str]) -> list[_Statement]:
    """What the last principal needs to find and to enter the accounts."""
    if connection.accounts.discovery is AccountDiscovery.ORGANIZATION:
        members = member_hop(connection, _partition(connection), "*").role_arn
        return [_Statement("ListAccounts", (LIST_ACCOUNTS,)), _assuming(members)]
    roles = _member_roles(connection, chain)
    return [_assuming(*roles)] if roles else []


def _partition(connection: AwsConnection) -> str:
    home = home_region(connection)
    return next(name for name, region in HOME_REGIONS.items() if region == home)


def _purpose(listing: Listing, action: str) -> str:
    if listing.facet is Facet.TAGS:
        return "ReadTags"
    second_call = listing.describe is not None and action == listing.describe.permission
    described = second_call or listing.facet is Facet.DETAIL
    return "DescribeResources" if described else "ListResources"


def _principal(credentials: AwsCredentials) -> str:
    if credentials.source is CredentialSource.SECRET:
        return f"the credentials in Secret {credentials.secret_name}"
    return "the worker's own identity"


def _member_roles(connection: AwsConnection, chain: Sequence[str]) -> tuple[str, ...]:
    """The roles to assume in accounts other than the last role's own."""
    own = chain[-1].split(":")[4] if chain else ""
    partition = _partition(connection)
    return tuple(
        member_hop(connection, partition, account_id).role_arn
        for account_id in connection.accounts.ids
        if account_id != own and connection.accounts.selection.matches(account_id)
    )


def _documents(statements: Sequence[_Statement], limit: int) -> tuple[Policy, ...]:
    """As few policies as can hold all, filled in order."""
    documents: list[Policy] = []
    held: list[_Statement] = []
    for part in (part for statement in statements for part in statement.parts()):
        more = _with(held, part)
        if held and _size(_policy(more)) > limit:
            documents.append(_policy(held))
            more = [part]
        held = more
    return (*documents, _policy(held))


def _with(held: Sequence[_Statement], part: _Statement) -> list[_Statement]:
    """`part` in the last statement where that is of the same purpose, else behind it."""
    if not held or held[-1].sid != part.sid:
        return [*held, part]
    last = held[-1]
    return [
        *held[:-1],
        replace(
            last,
            actions=tuple(dict.fromkeys((*last.actions, *part.actions))),
            resources=tuple(dict.fromkeys((*last.resources, *part.resources))),
        ),
    ]


def _policy(statements: Iterable[_Statement]) -> Policy:
    return {"Version": "2012-10-17", "Statement": [one.document() for one in statements]}


def _size(policy: Policy) -> int:
    """Names of actions and roles hold no white space, so none is left to leave out."""
    return len(json.dumps(policy, separators=(",", ":")))
