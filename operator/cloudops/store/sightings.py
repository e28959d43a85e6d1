"""What machines saw of the database's clock, for processes that start later."""

from sqlalchemy import Connection, text

from cloudops.store.clock import Sighting

# What lies in the future was seen before the clock was put back.
_LATEST = text("""
SELECT machine, shown_at, ran_seconds, machine_at FROM clock_sighting
ORDER BY machine = :machine AND machine <> '' DESC, shown_at <= clock_timestamp() DESC,
         shown_at DESC
LIMIT 1
""")

# Machines come and go: those that nobody has heard of for a month are forgotten.
_KEEP = text("""
WITH old AS (
    DELETE FROM clock_sighting WHERE machine IN (
        SELECT machine FROM clock_sighting
        WHERE shown_at < CAST(:shown_at AS timestamptz) - interval '30 days'
          AND machine <> :machine FOR UPDATE SKIP LOCKED)
)
INSERT INTO clock_sighting (machine, shown_at, ran_seconds, machine_at)
VALUES (:machine, :shown_at, :ran_seconds, :machine_at)
ON CONFLICT (machine) DO UPDATE SET shown_at = excluded.shown_at,
    ran_seconds = excluded.ran_seconds, machine_at = excluded.machine_at
""")


def latest(connection: Connection, machine: str) -> Sighting | None:
    """This machine's own, or else the last of any; None if there is none."""
    row = connection.execute(_LATEST, {"machine": machine}).one_or_none()
    return None if row is None else Sighting(*row)


def keep(connection: Connection, sighting: Sighting) -> None:
    """Replace what the machine saw before."""
    connection.execute(_KEEP, sighting._asdict())
