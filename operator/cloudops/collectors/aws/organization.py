"""The accounts of an organization: all of them, or an error; never a part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cloudops.collectors.aws.client import SDK_ERRORS
from cloudops.collectors.aws.errors import access_error, classify
from cloudops.collectors.vocabulary import AccountError, DiscoveredAccount, Progress
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import Globs, Identity

LIST_ACCOUNTS: Final = "organizations:ListAccounts"
MAX_PAGES: Final = 5_000  # of up to 20 accounts; AWS allows 50,000 at most

# By AWS's word for it, what keeps everybody out of an account whatever role it has.
_CLOSED: Final = {
    "SUSPENDED": ("AccountSuspended", "is suspended: AWS answers nobody there"),
    "PENDING_CLOSURE": ("AccountPendingClosure", "is being closed"),
    "CLOSED": ("AccountClosed", "is closed"),
    "PENDING_ACTIVATION": ("AccountPendingActivation", "is not activated yet"),
}
_NO_ORGANIZATION: Final = "AWSOrganizationsNotInUseException"
_ACCOUNT_ID_LENGTH: Final = 12


class Caller(Protocol):
    """What is needed of a door."""

    home: str

    def call(
        self, service: str, region: str, operation: str, parameters: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """One API call."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """One account of an organization; `state` is AWS's word, e.g. `ACTIVE`."""

    account_id: str
    name: str
    state: str

    @property
    def is_closed(self) -> bool:
        """Whether nobody can be let in; a word that is not known yet closes nothing."""
        return self.state in _CLOSED

    def as_closed(self, partition: str) -> DiscoveredAccount:
        """What a discovery says of it without knocking."""
        reason, what = _CLOSED[self.state]
        message = (
            f"The organization says that the account {what}. Its rows are kept, and nothing"
            " is tried there until it is active; exclude it in spec.aws.accounts.exclude, or wait"
            " until it has left the organization."
        )
        error = AccountError(reason, message, closed=True)
        return DiscoveredAccount(self.account_id, self.name, partition, None, error)


@dataclass(frozen=True, slots=True)
class Organization:
    """All accounts of an organization, the management account and closed ones included."""

    id: str
    members: tuple[Member, ...]

    def selected(self, selection: Globs) -> tuple[tuple[Member, ...], tuple[str, ...]]:
        """Those whose id or name is asked for, and the ids of the others."""
        chosen = tuple(m for m in self.members if selection.matches(m.account_id, m.name))
        others = {member.account_id for member in self.members} - {m.account_id for m in chosen}
        return chosen, tuple(sorted(others))


def read_organization(door: Caller, own: Identity, progress: Progress) -> Organization:
    """List every account of the caller's organization, in the order of AWS.

    Args:
        door: Of the management account or of a delegated administrator.
        own: Whose door it is.
        progress: Told after each page.

    Raises:
        AccessError: It may not be listed, or the listing was not read to its end. Then
            nothing may be concluded from the accounts that were shown.
    """
    members: dict[str, Member] = {}
    organizations: set[str] = set()
    for page in _pages(door):
        for item in page:
            member, organization = _member(item)
            members[member.account_id] = member
            organizations.add(organization)
        progress()
    if own.account_id not in members or len(organizations) != 1:
        # Whoever may list an organization is one of its accounts.
        raise _unreadable(f"the answer lacks the caller's own account {own.account_id}")
    return Organization(organizations.pop(), tuple(members.values()))


def _pages(door: Caller) -> Iterator[list[Any]]:
    token, seen = "", set[str]()
    for _ in range(MAX_PAGES):
        answer = _call(door, token)
        accounts = answer.get("Accounts")
        if not isinstance(accounts, list):  # an empty page holds an empty list
            raise _unreadable("the answer holds no list of accounts")
        yield accounts
        token = str(answer.get("NextToken") or "")
        if not token:
            return
        if token in seen:
            raise _unreadable("the same page token came twice")
        seen.add(token)
    raise _unreadable(f"not at its end after {MAX_PAGES} pages")


def _call(door: Caller, token: str) -> Mapping[str, Any]:
    parameters = {"NextToken": token} if token else {}
    try:
        # Each partition has one endpoint; the SDK finds it from any of its regions.
        return door.call("organizations", door.home, "ListAccounts", parameters)
    except SDK_ERRORS as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> AccessError:
    if classify(error).code == _NO_ORGANIZATION:
        return AccessError(
            "ListAccounts: the account of the credentials is in no organization: use credentials"
            " of one, or name the accounts in spec.aws.accounts.ids",
            reason="NoOrganization",
        )
    refused = access_error(error, denied="AccessDenied", permission=LIST_ACCOUNTS)
    if refused.permission != LIST_ACCOUNTS or refused.error_class is ErrorClass.SCP_DENY:
        return refused
    return AccessError(
        f"{refused}; grant {LIST_ACCOUNTS} to credentials of the management account or of a"
        " delegated administrator: AWS answers nobody else",
        reason=refused.reason,
        permission=refused.permission,
        error_class=refused.error_class,
    )


def _member(item: Any) -> tuple[Member, str]:
    """An account and its organization's id, which stands in its ARN only."""
    if not isinstance(item, Mapping):  # JSON may hold a null in the place of any object
        raise _unreadable("an account of the answer is none")
    account_id, arn = str(item.get("Id", "")), str(item.get("Arn", ""))
    _, _, path = arn.partition(":account/")
    organization, _, last = path.partition("/")
    if not _is_account_id(account_id) or not organization or last != account_id:
        raise _unreadable(f"an account of the answer is not understood: id {account_id or 'none'}")
    state = str(item.get("State") or item.get("Status") or "")
    return Member(account_id, str(item.get("Name") or ""), state), organization


def _is_account_id(text: str) -> bool:
    return len(text) == _ACCOUNT_ID_LENGTH and text.isascii() and text.isdecimal()


def _unreadable(what: str) -> AccessError:
    return AccessError(
        f"ListAccounts: {what}; no account is given up for that",
        reason="Unreachable",
        error_class=ErrorClass.TRANSIENT,
    )
