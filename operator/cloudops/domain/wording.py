"""The longer sentences of a CloudProvider's conditions: what is missing, and what to do."""

from collections.abc import Iterable, Iterator
from typing import Final

from cloudops.domain.reasons import REGION_DENIED
from cloudops.domain.snapshot import HeldScope, Problem, ProviderSnapshot

MOST_NAMED: Final = 5  # scopes or permissions that one message names

# Whether it is allowed says the role's trust policy, not what is granted to the caller.
TRUSTED: Final = "sts:AssumeRoleWithWebIdentity"

# The first of these that has a count gives InventorySynced its reason.
UNSYNCED_ORDER: Final = (
    "DependencyNotReady",
    "CredentialsRejected",
    "AccessDenied",
    "PartialListing",
    "Throttled",
    "Failed",
    "Overdue",
)


def first_reason(snapshot: ProviderSnapshot) -> str:
    """The gravest of the reasons that have a count."""
    return next(reason for reason in UNSYNCED_ORDER if reason in snapshot.unsynced)


def unsynced_counts(snapshot: ProviderSnapshot) -> str:
    """Reads as `12 AccessDenied and 3 Throttled of 45 scopes. Grant ec2:DescribeVolumes.`."""
    reasons = sorted(snapshot.unsynced, key=UNSYNCED_ORDER.index)
    counts = " and ".join(f"{snapshot.unsynced[reason]} {reason}" for reason in reasons)
    return f"{counts} of {snapshot.scopes.total} scopes.{''.join(_advice(snapshot))}"


def _advice(snapshot: ProviderSnapshot) -> Iterator[str]:
    """A sentence for each kind of cure, with a space before it."""
    curable = [problem for problem in snapshot.problems if problem.permission]
    missing = [problem for problem in curable if problem.reason != REGION_DENIED]
    grants = [p.permission for p in missing if not p.by_policy and p.permission != TRUSTED]
    if grants:
        yield f" Grant {_named(dict.fromkeys(grants))}."
    policies = [p.permission for p in missing if p.by_policy]
    if policies:
        yield f" Allow {_named(dict.fromkeys(policies))} in the service control policies."
    yield from _advice_for_regions([p for p in curable if p.reason == REGION_DENIED])
    if any(p.permission == TRUSTED and not p.by_policy for p in missing):
        yield " Let the role's trust policy accept the ServiceAccount."


def _advice_for_regions(denied: Iterable[Problem]) -> Iterator[str]:
    """Where nothing may be read at all, one permission is an example, and all of them the cure."""
    for one in denied:
        if one.by_policy:
            yield (
                " The organization's policies have to allow all that `cloudops permissions`"
                f" prints, such as {one.permission} in {one.example_region}."
            )
        else:
            yield f" Grant all that `cloudops permissions` prints, such as {one.permission}."


def held_deletions(snapshot: ProviderSnapshot) -> str:
    """Reads as `42 deletions are held: aws.s3.buckets in 111122223333/global (42). If …`."""
    names = _named(map(_held, snapshot.held), total=snapshot.held_scopes)
    return (
        f"{snapshot.held_total} deletions are held: {names}."
        " If they are really gone, set spec.inventory.deletionBrake.percent to 100 for one run."
    )


def _held(scope: HeldScope) -> str:
    if scope.listing:
        return f"{scope.listing} in {scope.account_id}/{scope.region} ({scope.count})"
    return (
        f"account {scope.account_id}, which its organization does not list any more ({scope.count})"
    )


def _named(names: Iterable[str], total: int = 0) -> str:
    """The first few, and how many there are beside them; `total` where `names` are not all."""
    listed = list(names)
    named = listed[:MOST_NAMED]
    left = max(total, len(listed)) - len(named)
    return ", ".join(named) + (f" and {left} more" if left else "")
