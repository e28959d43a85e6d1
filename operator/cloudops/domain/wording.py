"""The longer sentences of a CloudProvider's conditions: what is missing, and what to do."""

from collections.abc import Iterable
from typing import Final

from cloudops.domain.snapshot import ProviderSnapshot

MOST_NAMED: Final = 5  # scopes or permissions that one message names

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
    known = [reason for reason in UNSYNCED_ORDER if reason in snapshot.unsynced]
    return known[0] if known else min(snapshot.unsynced)


def unsynced_counts(snapshot: ProviderSnapshot) -> str:
    """Reads as `12 AccessDenied and 3 Throttled of 45 scopes. Grant ec2:DescribeVolumes.`."""
    order = {reason: place for place, reason in enumerate(UNSYNCED_ORDER)}
    reasons = sorted(snapshot.unsynced, key=lambda reason: (order.get(reason, len(order)), reason))
    counts = " and ".join(f"{snapshot.unsynced[reason]} {reason}" for reason in reasons)
    granted = _named(dict.fromkeys(p.permission for p in snapshot.problems if p.permission))
    advice = f" Grant {granted}." if granted else ""
    return f"{counts} of {snapshot.scopes.total} scopes.{advice}"


def held_deletions(snapshot: ProviderSnapshot) -> str:
    """Reads as `42 deletions are held: aws.s3.buckets in 111122223333/global (42). If …`."""
    names = _named(
        (
            f"{scope.listing} in {scope.account_id}/{scope.region} ({scope.count})"
            for scope in snapshot.held
        ),
        total=snapshot.held_scopes,
    )
    return (
        f"{snapshot.held_total} deletions are held: {names}."
        " If they are really gone, set spec.inventory.deletionBrake.percent to 100 for one run."
    )


def _named(names: Iterable[str], total: int = 0) -> str:
    """The first few, and how many there are beside them; `total` where `names` are not all."""
    listed = list(names)
    named = listed[:MOST_NAMED]
    left = max(total, len(listed)) - len(named)
    return ", ".join(named) + (f" and {left} more" if left else "")
