"""What one lease learns of the way into its account, and tells the ledger."""

from sqlalchemy import Connection, text

from cloudops.domain.ledger import Lease
from cloudops.domain.reasons import DOOR_REASONS

# Not only by what the account was last shut for: causes follow one another, and each lease
# tells its own scopes alone. What was unsupported says so meanwhile, and was not asked either.
_DOOR_REASONS = ", ".join(f"'{reason}'" for reason in sorted(DOOR_REASONS))
KEPT_OUT = f"""
(scope.error_code IN (a.error_reason, {_DOOR_REASONS}) OR scope.status = 'unsupported')
"""

# Once is enough: a discovery that began after the lease sees what the lease saw.
# One that is just being written has begun, too, so its lock is not waited for.
_REDISCOVER = text("""
UPDATE lease SET next_due_at = now() WHERE id IN (
    SELECT d.id FROM lease d JOIN lease own ON own.id = :lease_id AND own.fence = :fence
    WHERE d.provider_id = :provider_id AND d.kind = 'discovery'
      AND d.next_due_at > now() AND d.next_due_at < 'infinity'
      AND (d.started_at IS NULL OR d.started_at < own.started_at)
    FOR UPDATE OF d SKIP LOCKED)
""")


def rediscover(connection: Connection, lease: Lease) -> None:
    """Look at the provider's own door again, now, since `lease` could not use it.

    In a transaction of its own: a discovery locks accounts after its lease.
    """
    connection.execute(
        _REDISCOVER,
        {"lease_id": lease.id, "fence": lease.fence, "provider_id": lease.provider_id},
    )


def is_open(connection: Connection, account_pk: int) -> bool:
    """Whether the ledger says that the account can be entered; its regions may be unknown."""
    return bool(
        connection.scalar(
            text("SELECT reachable IS true FROM account WHERE id = :id"), {"id": account_pk}
        )
    )
