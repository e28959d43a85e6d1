"""Putting right what a jump of the database's clock has made of times that are stored.

Every statement may run at any time, and again: it looks for times that lie in
the future, where nothing that has happened can lie. What waits for a moment
waits as long as it would have, counted from now.
"""

from sqlalchemy import Connection, text

from cloudops.store.call_budget import SLOT_SECONDS

# Locked rows are being written at this moment, with the new time.
_FREE = "FOR NO KEY UPDATE SKIP LOCKED"


def _past(*columns: str) -> str:
    """What never happened stays NULL, which `least` would not leave alone."""
    return ", ".join(f"{c} = CASE WHEN {c} > now() THEN now() ELSE {c} END" for c in columns)


_ACCOUNTS = text(f"""
UPDATE account SET {_past("error_since", "fingerprint_since")}
WHERE id IN (SELECT id FROM account WHERE greatest(error_since, fingerprint_since) > now() {_FREE})
""")  # noqa: S608  constants only

_ATTEMPTS = ("last_attempt_at", "last_complete_at", "last_complete_end_at")
_SCOPES = text(f"""
WITH changed AS (
    UPDATE scope SET
        next_due_at = CASE WHEN last_attempt_at > now()
            THEN now() + (next_due_at - last_attempt_at)
            WHEN last_attempt_at IS NULL THEN least(next_due_at, now()) ELSE next_due_at END,
        {_past(*_ATTEMPTS, "status_since", "planned_at")}
    WHERE id IN (SELECT id FROM scope
                 WHERE greatest({", ".join(_ATTEMPTS)}, status_since, planned_at) > now() {_FREE})
    RETURNING lease_id, next_due_at, retired_at
), due AS (
    SELECT lease_id, min(next_due_at) AS at FROM changed WHERE retired_at IS NULL GROUP BY lease_id
), free AS (
    SELECT lease.id, due.at FROM lease JOIN due ON due.lease_id = lease.id
    WHERE lease.next_due_at > due.at AND lease.next_due_at < 'infinity'
    FOR NO KEY UPDATE OF lease SKIP LOCKED
)
UPDATE lease SET next_due_at = free.at FROM free WHERE free.id = lease.id
""")  # noqa: S608  constants only

# The second case: a run that broke off and was put off for a lease's time.
_RUNS = ("started_at", "finished_at", "finished_start_at")
_NEVER_RUN = "started_at IS NULL AND next_due_at > now() AND next_due_at < 'infinity'"
_LEASES = text(f"""
UPDATE lease SET
    next_due_at = CASE WHEN next_due_at = 'infinity' THEN next_due_at
        WHEN started_at > now() AND finished_start_at IS DISTINCT FROM started_at
        THEN least(next_due_at, now() + make_interval(secs => :seconds))
        WHEN lease.kind = 'discovery' AND finished_at > now()
        THEN now() + (next_due_at - finished_at)
        WHEN {_NEVER_RUN} THEN now() ELSE next_due_at END,
    expires_at = CASE WHEN expires_at IS NOT NULL
        THEN least(expires_at, now() + make_interval(secs => :seconds)) END,
    {_past(*_RUNS)}
WHERE id IN (SELECT id FROM lease
             WHERE greatest({", ".join(_RUNS)}) > now() OR {_NEVER_RUN}
                OR expires_at > now() + make_interval(secs => :seconds) {_FREE})
""")  # noqa: S608  constants only

# What was asked for "later" is due now, once.
_PROVIDER_TIMES = (
    "requested_at",
    "spec_changed_at",
    "credentials_changed_at",
    "entry_since",
    "discovered_at",
)
_PROVIDERS = text(f"""
WITH free AS (
    SELECT id FROM provider
    WHERE greatest({", ".join(_PROVIDER_TIMES)}) > now() {_FREE}
), asked AS (
    UPDATE provider SET {_past(*_PROVIDER_TIMES)}
    FROM free WHERE provider.id = free.id RETURNING provider.id
)
UPDATE lease SET next_due_at = now() WHERE next_due_at > now() AND next_due_at < 'infinity'
  AND id IN (SELECT l.id FROM lease l LEFT JOIN account a ON a.id = l.account_pk
             JOIN asked ON asked.id = coalesce(l.provider_id, a.provider_id)
             FOR NO KEY UPDATE OF l SKIP LOCKED)
""")  # noqa: S608  constants only

_ASKED = ("tried_at", "read_at")
_DETAILS = text(f"""
UPDATE detail SET {_past(*_ASKED)}
WHERE uid IN (SELECT uid FROM detail WHERE greatest({", ".join(_ASKED)}) > now() {_FREE})
""")  # noqa: S608  constants only

# The last call that an account was granted is taken for one of this moment; those before it
# stay as far from it as they were, and so count for as long as they would have.
_CALLS = text(f"""
WITH moved AS (
    DELETE FROM detail_calls WHERE (account_pk, slot) IN (
        SELECT account_pk, slot FROM detail_calls WHERE slot > now() FOR UPDATE SKIP LOCKED)
    RETURNING account_pk, slot, calls
)
INSERT INTO detail_calls (account_pk, slot, calls)
SELECT account_pk, date_bin('{SLOT_SECONDS} s', now(), 'epoch')
    - (max(slot) OVER (PARTITION BY account_pk) - slot), calls
FROM moved ORDER BY account_pk, slot
ON CONFLICT (account_pk, slot) DO UPDATE SET calls = detail_calls.calls + excluded.calls
""")  # noqa: S608  constants only

# Two complete listings must agree some time apart; how long the first one lies
# back, nobody knows any more. After all others: later than any `last_complete_at`.
_MARKS = text("""
UPDATE facet SET missing_since = clock_timestamp()
WHERE (uid, facet) IN (
    SELECT f.uid, f.facet FROM facet f JOIN resource r ON r.uid = f.uid
    WHERE f.missing_since IS NOT NULL AND (r.deleted_at IS NULL OR f.facet <> 'listed')
    FOR NO KEY UPDATE OF f SKIP LOCKED)
""")
_CLAIMS = text("""
UPDATE claim SET missing_since = clock_timestamp()
WHERE (provider_id, account_pk) IN (
    SELECT provider_id, account_pk FROM claim WHERE missing_since IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED)
""")


def settle_times(connection: Connection, *, lease_seconds: float) -> None:
    """Leave nothing in the future that has happened, nor waiting for longer than it should.

    Args:
        connection: Of a transaction that does nothing else.
        lease_seconds: No lease lasts longer without a heartbeat.
    """
    connection.execute(_ACCOUNTS)
    connection.execute(_SCOPES)
    connection.execute(_LEASES, {"seconds": lease_seconds})
    connection.execute(_PROVIDERS)
    connection.execute(_DETAILS)
    connection.execute(_CALLS)


def restart_confirmations(connection: Connection) -> None:
    """What is marked as missing was missed just now: no jump makes a mark old."""
    connection.execute(_MARKS)
    connection.execute(_CLAIMS)
