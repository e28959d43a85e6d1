"""The database server that answers: whether marks that were made before can be relied on.

One that took another one's place may lack the last commits, such as the one that took a mark
back, because its row was seen again. A server that was only restarted has all of them.
"""

from enum import Enum

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError


class Past(Enum):
    """What a server has of the commits that were made before it started."""

    SAME_RUN = "same run"
    KEPT = "kept"
    UNCERTAIN = "uncertain"


_IS_KNOWN = text("""
SELECT server_started_at IS NOT DISTINCT FROM pg_postmaster_start_time() FROM installation
""")
_REMEMBERED = text("""
SELECT server_started_at IS NULL AS is_first,
       server_started_at IS NOT DISTINCT FROM pg_postmaster_start_time() AS is_known,
       server_timeline
FROM installation FOR UPDATE
""")
_REMEMBER = text("""
UPDATE installation
SET server_started_at = pg_postmaster_start_time(), server_timeline = :timeline
""")

# Each promotion begins another one, which names the files of the log.
_TIMELINE = text("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)")

# Not as old as it seems, but not there: nobody knows whether the row was seen since. What was
# deleted keeps its mark.
_FORGET_MARKS = text("""
UPDATE facet SET missing_since = NULL
WHERE (uid, facet) IN (
    SELECT f.uid, f.facet FROM facet f LEFT JOIN resource r ON r.uid = f.uid
    WHERE f.missing_since IS NOT NULL AND (r.deleted_at IS NULL OR f.facet <> 'listed')
    FOR NO KEY UPDATE OF f SKIP LOCKED)
""")
_FORGET_CLAIMS = text("""
UPDATE claim SET missing_since = NULL, held_count = 0
WHERE (provider_id, account_pk) IN (
    SELECT provider_id, account_pk FROM claim WHERE missing_since IS NOT NULL
    FOR NO KEY UPDATE SKIP LOCKED)
""")


def is_known(connection: Connection) -> bool:
    """Whether the server that answers is the one that was met last, and was not restarted."""
    return bool(connection.scalar(_IS_KNOWN))


def meet(connection: Connection) -> Past:
    """Remember the server; whoever else meets it waits until this transaction ends."""
    before = connection.execute(_REMEMBERED).one()
    if before.is_known:
        return Past.SAME_RUN
    timeline = _timeline(connection)
    connection.execute(_REMEMBER, {"timeline": timeline})
    if before.is_first:
        return Past.SAME_RUN
    return Past.KEPT if timeline and timeline == before.server_timeline else Past.UNCERTAIN


def forget_marks(connection: Connection) -> None:
    """Whatever was missed has to be missed twice from now on."""
    connection.execute(_FORGET_MARKS)
    connection.execute(_FORGET_CLAIMS)


def _timeline(connection: Connection) -> str | None:
    """None where the server does not tell, as some that a cloud manages."""
    try:
        with connection.begin_nested():
            found: str | None = connection.scalar(_TIMELINE)
            return found
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None
