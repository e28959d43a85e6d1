"""What a lease learns of the way into its account or its provider, and tells the ledger."""

import orjson
from sqlalchemy import Connection, text

from cloudops.domain.ledger import PASSING, Lease
from cloudops.domain.provider import Identity
from cloudops.domain.reasons import DOOR_REASONS, INTERNAL_ERROR
from cloudops.domain.snapshot import Entry
from cloudops.store.words import storable

# Not only by what the account was last shut for: causes follow one another, and each lease
# tells its own scopes alone. What was unsupported says so meanwhile, and was not asked either.
_DOOR_REASONS = ", ".join(f"'{reason}'" for reason in sorted(DOOR_REASONS))
KEPT_OUT = f"""
(scope.error_code IN (a.error_reason, {_DOOR_REASONS}) OR scope.status = 'unsupported')
"""

# Once is enough: a discovery that began after the lease sees what the lease saw. One that is
# under way may have looked before, and is followed by another.
_REDISCOVER = text("""
UPDATE lease SET next_due_at = clock_timestamp() WHERE id IN (
    SELECT d.id FROM lease d JOIN lease own ON own.id = :lease_id AND own.fence = :fence
    WHERE d.provider_id = :provider_id AND d.kind = 'discovery'
      AND (d.next_due_at > now() OR d.holder <> '') AND d.next_due_at < 'infinity'
      AND (d.started_at IS NULL OR d.started_at < own.started_at)
    FOR NO KEY UPDATE OF d)
""")

# What passes by itself says nothing about a door, and is nobody's fault. Of one that is known to
# be open it is told once it has lasted: accounts and regions are missing then, or old.
LASTING_SECONDS = 600
PASSING_CLASSES = f"CAST('{{{','.join(sorted(PASSING))}}}' AS text[])"


def _is_told(reason: str, since: str) -> str:
    lasting = f"now() - make_interval(secs => {LASTING_SECONDS})"
    return f"({reason} = '{INTERNAL_ERROR}' OR {since} < {lasting})"


ENTRY_IS_TOLD = f"""
(p.entry_state NOT IN ('untried', 'accepted') OR p.entry_state = 'accepted'
 AND p.entry_reason <> '' AND {_is_told("p.entry_reason", "p.entry_since")})
"""
ACCOUNT_IS_TOLD = f"""
(error_reason <> '' AND (error_class <> ALL({PASSING_CLASSES}) OR regions IS NULL
                         OR {_is_told("error_reason", "error_since")}))
"""

# What is known of credentials stays where the cloud gave no answer, beside why it gave none.
_STATE = """
CASE WHEN :passing AND entry_state = 'accepted' AND discovered_generation = generation
    THEN entry_state ELSE :state END
"""
# What was said before the last change was said of another spec, or of other credentials.
_CHANGED = "greatest(spec_changed_at, credentials_changed_at)"
_RECORD_ENTRY = text(f"""
UPDATE provider SET
    entry_since = CASE WHEN entry_state = {_STATE} AND entry_reason = :reason
            AND entry_since >= {_CHANGED}
        THEN entry_since ELSE clock_timestamp() END,
    entry_state = {_STATE}, entry_reason = :reason, entry_message = :message,
    entry_permission = :permission, entry_error_class = :class,
    identity = coalesce(CAST(:identity AS jsonb), identity)
WHERE id = :id AND NOT (:passing AND entry_state = 'rejected' AND entry_since >= {_CHANGED})
  AND (entry_since < {_CHANGED}
    OR (entry_state, entry_reason, entry_message, entry_permission, entry_error_class, identity)
    IS DISTINCT FROM ({_STATE}, :reason, :message, :permission, :class,
                      coalesce(CAST(:identity AS jsonb), identity)))
""")  # noqa: S608  constants only


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


def record_credentials(connection: Connection, provider_id: int, digest: bytes) -> None:
    """With which Secret the way in is tried now; before anything is said of it.

    Args:
        connection: Of a transaction that holds the discovery's lease.
        provider_id: The row's id.
        digest: Keyed, over all that the Secret holds.
    """
    connection.execute(
        text("""
            UPDATE provider SET credentials_digest = :digest,
                credentials_changed_at = clock_timestamp()
            WHERE id = :id AND credentials_digest IS DISTINCT FROM :digest
        """),
        {"id": provider_id, "digest": digest},
    )


def record_entry(
    connection: Connection,
    provider_id: int,
    entry: Entry,
    identity: Identity | None,
    *,
    passing: bool = False,
) -> None:
    """How the provider's own credentials fared; `since` moves with reason, spec and Secret.

    Args:
        connection: Of the discovery's transaction.
        provider_id: The row's id.
        entry: The outcome.
        identity: Who they belong to; None keeps what is known.
        passing: It says nothing about the credentials: what is known of them under this
            spec stays, and of those that were accepted this is noted beside it. What was said of
            other credentials that were rejected does not stay.
    """
    connection.execute(
        _RECORD_ENTRY,
        {
            "id": provider_id,
            "passing": passing,
            "state": entry.state.value,
            "reason": entry.reason,
            "message": storable(entry.message),
            "permission": entry.permission,
            "class": entry.error_class,
            "identity": None if identity is None else orjson.dumps(identity).decode(),
        },
    )
