"""Provider rows: written by the leader under its epoch (or by `cloudops collect`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import Connection, text

from cloudops.domain.provider import Origin, PlannedProvider, ProviderRecord
from cloudops.domain.snapshot import ProviderSnapshot
from cloudops.store.snapshot import BARE, OWN_COLUMNS, own_snapshot
from cloudops.store.words import storable, storable_json

_COMPARED = (
    "origin",
    "uid",
    "generation",
    "spec_digest",
    "suspended",
    "runnable",
    "requested_token",
)
_INSERT = """
INSERT INTO provider (origin, namespace, name, uid, generation, created_at, cloud, spec,
                      spec_digest, suspended, runnable, requested_token, requested_at)
SELECT :origin, :namespace, :name, :uid, :generation, :created_at, :cloud,
       CAST(:spec AS jsonb), :spec_digest, :suspended, :runnable, :requested_token,
       CASE WHEN :requested_token <> '' THEN clock_timestamp() END
"""
_INSERT_DISCOVERY = """
INSERT INTO lease (kind, domain, provider_id, next_due_at)
SELECT 'discovery', 'discovery/' || namespace || '/' || name, id, now()
"""

# Thousands of objects are looked at one by one when a controller starts, most of them new or
# as they were: one statement for those, and not even a lock where there is nothing to write.
_MEET = text(f"""
WITH known AS MATERIALIZED (
    SELECT {OWN_COLUMNS}, {BARE} AS bare,
           vanished_at IS NULL AND ({", ".join(_COMPARED)})
               IS NOT DISTINCT FROM ({", ".join(f":{name}" for name in _COMPARED)}) AS in_line
    FROM provider WHERE namespace = :namespace AND name = :name
), leads AS MATERIALIZED (
    SELECT epoch FROM leader WHERE NOT EXISTS (SELECT FROM known) FOR SHARE
), born AS (
    {_INSERT}
    FROM leads WHERE epoch = :epoch
    ON CONFLICT (namespace, name) DO NOTHING
    RETURNING *
), discovery AS (
    {_INSERT_DISCOVERY}
    FROM born WHERE runnable AND NOT suspended
)
SELECT leader.epoch, met.*
FROM leader LEFT JOIN (
    SELECT * FROM known UNION ALL SELECT {OWN_COLUMNS}, true, true FROM born
) AS met ON true
""")  # noqa: S608  constants only

# Locked against `planned_provider` before the time stamps are taken, which an update that
# leaves the key alone would not do by itself.
_WRITE = text(f"""
WITH locked AS MATERIALIZED (
    SELECT id FROM provider WHERE namespace = :namespace AND name = :name FOR UPDATE
)
{_INSERT}
FROM (SELECT count(*) FROM locked) AS locked
ON CONFLICT (namespace, name) DO UPDATE SET
    origin = excluded.origin, uid = excluded.uid, generation = excluded.generation,
    created_at = CASE WHEN provider.uid = excluded.uid
        THEN provider.created_at ELSE excluded.created_at END,
    cloud = excluded.cloud, spec = excluded.spec,
    spec_changed_at = CASE WHEN provider.spec_digest = excluded.spec_digest
        AND provider.uid = excluded.uid
        THEN provider.spec_changed_at ELSE clock_timestamp() END,
    spec_digest = excluded.spec_digest, suspended = excluded.suspended,
    runnable = excluded.runnable,
    requested_at = CASE WHEN provider.requested_token = excluded.requested_token
        THEN provider.requested_at ELSE clock_timestamp() END,
    requested_token = excluded.requested_token, vanished_at = NULL,
    -- Another object of the same name adopts the rows, not the progress.
    discovered_generation = CASE WHEN provider.uid = excluded.uid
        THEN provider.discovered_generation ELSE 0 END,
    handled_token = CASE WHEN provider.uid = excluded.uid THEN provider.handled_token ELSE '' END,
    entry_state = CASE WHEN provider.uid = excluded.uid
        THEN provider.entry_state ELSE 'untried' END,
    identity = CASE WHEN provider.uid = excluded.uid THEN provider.identity END
WHERE provider.vanished_at IS NOT NULL OR ({", ".join(f"provider.{name}" for name in _COMPARED)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _COMPARED)})
-- Nobody has deleted or locked a row that was inserted just now: its xmax is 0.
RETURNING id, xmax = 0 AS created
""")  # noqa: S608  constants only

_DISCOVERY_LEASE = text(f"""
{_INSERT_DISCOVERY}
FROM provider WHERE id = :id AND runnable AND NOT suspended
ON CONFLICT (domain) DO NOTHING
""")

# Only leases that nobody is writing to: whoever waits for a lease while it holds
# the provider could wait for ever. The others see the change when they finish,
# and the discovery that a change makes due looks at all of them.
_RESCHEDULE = text("""
WITH free AS (
    SELECT l.id FROM lease l LEFT JOIN account a ON a.id = l.account_pk
    WHERE coalesce(l.provider_id, a.provider_id) = :id
    ORDER BY l.id FOR NO KEY UPDATE OF l SKIP LOCKED
)
UPDATE lease SET next_due_at = CASE
    WHEN NOT p.runnable OR p.suspended OR p.vanished_at IS NOT NULL THEN 'infinity'
    WHEN lease.kind = 'discovery' THEN now()
    ELSE coalesce((
        SELECT min(CASE WHEN coalesce(s.last_attempt_at, '-infinity')
                             < greatest(p.requested_at, p.spec_changed_at)
                   THEN now() ELSE s.next_due_at END)
        FROM scope s WHERE s.lease_id = lease.id AND s.retired_at IS NULL), 'infinity') END
FROM free, provider p WHERE lease.id = free.id AND p.id = :id
""")

_VANISH = text("""
UPDATE provider SET vanished_at = now()
FROM unnest(CAST(:namespaces AS text[]), CAST(:names AS text[])) AS gone(namespace, name)
WHERE provider.namespace = gone.namespace AND provider.name = gone.name
  AND origin = 'cluster' AND vanished_at IS NULL
RETURNING provider.id
""")

# A discovery that is under way loses nothing but its plan: maintenance takes the rest along.
_UNPLAN = text("""
WITH claims AS (DELETE FROM claim WHERE provider_id = ANY(:ids)), discoveries AS (
    DELETE FROM lease WHERE id IN (SELECT id FROM lease
        WHERE provider_id = ANY(:ids) AND holder = '' FOR UPDATE SKIP LOCKED))
DELETE FROM not_offered WHERE provider_id = ANY(:ids)
""")


def write_provider(connection: Connection, record: ProviderRecord, *, origin: Origin) -> int:
    """Bring the row in line with the object; writes nothing where it is already.

    A changed spec and a new request make everything of the provider due;
    suspending puts it to rest.

    Returns:
        The row's id.
    """
    written = connection.execute(_WRITE, _values(record, origin)).one_or_none()
    if written is None:
        return _id(connection, record)
    if record.runnable and not record.suspended:
        connection.execute(_DISCOVERY_LEASE, {"id": written.id})
    if not written.created:  # a new one has no lease but that one, which is due
        connection.execute(_RESCHEDULE, {"id": written.id})
    return int(written.id)


@dataclass(frozen=True, slots=True)
class Met:
    """What one look at a provider's row found.

    Attributes:
        epoch: Of the controller that leads.
        in_line: Whether the row says what the object says.
        snapshot: What the ledger knows of the provider, if that is in the row alone.
    """

    epoch: int
    in_line: bool
    snapshot: ProviderSnapshot | None


def meet_provider(connection: Connection, record: ProviderRecord, *, epoch: int) -> Met:
    """Look at the row of an object of the cluster; made if there was none and `epoch` leads."""
    values = {**_values(record, Origin.CLUSTER), "epoch": epoch}
    row = connection.execute(_MEET, values).one()
    if not row.in_line:
        return Met(row.epoch, in_line=False, snapshot=None)
    return Met(row.epoch, in_line=True, snapshot=own_snapshot(row) if row.bare else None)


def _id(connection: Connection, record: ProviderRecord) -> int:
    statement = text("SELECT id FROM provider WHERE namespace = :namespace AND name = :name")
    names = {"namespace": record.namespace, "name": record.name}
    return int(connection.execute(statement, names).scalar_one())


def vanish_providers(connection: Connection, keys: Sequence[tuple[str, str]]) -> list[int]:
    """Mark providers whose objects are gone; returns the ids of those newly marked."""
    namespaces, names = [key[0] for key in keys], [key[1] for key in keys]
    gone = list(connection.scalars(_VANISH, {"namespaces": namespaces, "names": names}))
    for provider_id in gone:
        connection.execute(_RESCHEDULE, {"id": provider_id})
    connection.execute(_UNPLAN, {"ids": gone})
    return gone


def rest(connection: Connection, provider_id: int) -> None:
    """Nobody reads it any more until it is written again."""
    connection.execute(
        text("UPDATE provider SET runnable = false WHERE id = :id"), {"id": provider_id}
    )
    connection.execute(_RESCHEDULE, {"id": provider_id})


def rest_outside(connection: Connection, namespaces: Sequence[str]) -> list[tuple[str, str]]:
    """Lay to rest what an object elsewhere stands behind; (namespace, name) of each newly so."""
    statement = text(
        "SELECT id, namespace, name FROM provider WHERE origin = 'cluster' AND vanished_at IS NULL"
        " AND runnable AND namespace <> ALL(:namespaces) ORDER BY id"
    )
    rows = connection.execute(statement, {"namespaces": list(namespaces)}).all()
    for row in rows:
        rest(connection, row.id)
    return [(row.namespace, row.name) for row in rows]


def planned_providers(connection: Connection) -> list[tuple[str, str]]:
    """(namespace, name) of every row that an object of the cluster stands behind."""
    rows = connection.execute(
        text(
            "SELECT namespace, name FROM provider WHERE origin = 'cluster' AND vanished_at IS NULL"
        )
    )
    return [(row.namespace, row.name) for row in rows]


def planned_provider(connection: Connection, provider_id: int) -> PlannedProvider:
    """The provider that a lease works for.

    Waits for a change that is being written: a run that began before that
    commit, but after its time stamp, would be taken for one of the new spec.
    """
    statement = text(
        "SELECT id, namespace, name, generation, discovered_for, cloud, spec "
        "FROM provider WHERE id = :id FOR KEY SHARE"
    )
    return PlannedProvider(**connection.execute(statement, {"id": provider_id}).mappings().one())


def _values(record: ProviderRecord, origin: Origin) -> dict[str, Any]:
    # Of any spec, also of one that is refused: what it says is kept for who looks.
    spec = orjson.dumps(storable_json(record.spec), option=orjson.OPT_SORT_KEYS)
    return {
        "origin": origin.value,
        "namespace": record.namespace,
        "name": record.name,
        "uid": record.uid,
        "generation": record.generation,
        "created_at": record.created_at,
        "cloud": storable(record.cloud),
        "spec": spec.decode(),
        "spec_digest": _digest(record, spec),
        "suspended": record.suspended,
        "runnable": record.runnable,
        "requested_token": storable(record.requested_at),
    }


def _digest(record: ProviderRecord, spec: bytes) -> bytes:
    """Over what decides which calls are made; suspending changes none of them."""
    wishes = orjson.loads(spec)
    wishes.pop("suspend", None)
    text_ = orjson.dumps([record.cloud, wishes], option=orjson.OPT_SORT_KEYS)
    return blake2b(text_, digest_size=16).digest()
