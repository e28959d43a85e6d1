"""Monthly partitions of the change history: made ahead, filled from the default, dropped by age."""

from datetime import date

from sqlalchemy import Connection, text

MONTHS_AHEAD = 2


def ensure_partitions(connection: Connection, today: date) -> list[str]:
    """Make the partitions of this month and the two after it.

    Rows that landed in the default partition while a month's own was missing
    are moved into it.

    Returns:
        The names of the partitions that were made.
    """
    made = []
    for ahead in range(MONTHS_AHEAD + 1):
        start, end = _month(today, ahead), _month(today, ahead + 1)
        name = f"change_{start:%Y%m}"
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is None:
            _make_partition(connection, name, start, end)
            made.append(name)
    return made


def drop_partitions_before(connection: Connection, oldest: date) -> list[str]:
    """Drop the partitions whose whole month lies before `oldest`; returns their names."""
    names = connection.scalars(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'change'::regclass AND c.relname ~ '^change_[0-9]{6}$'"
        )
    ).all()
    limit = f"change_{oldest:%Y%m}"
    dropped = sorted(name for name in names if name < limit)
    for name in dropped:
        connection.execute(text(f"DROP TABLE {name}"))
    connection.execute(text("DELETE FROM change_default WHERE at < :oldest"), {"oldest": oldest})
    return dropped


def _make_partition(connection: Connection, name: str, start: date, end: date) -> None:
    """Attach a month; the names and dates are our own, never input."""
    # A row that came into the default partition after the move would keep the
    # month from being attached; loads wait for the moment that this takes.
    connection.execute(text("LOCK TABLE change_default IN ACCESS EXCLUSIVE MODE"))
    connection.execute(text(f"CREATE TABLE {name} (LIKE change INCLUDING DEFAULTS)"))
    connection.execute(
        text(
            f"WITH moved AS (DELETE FROM change_default WHERE at >= :start AND at < :end "  # noqa: S608  our own name
            f"RETURNING *) INSERT INTO {name} SELECT * FROM moved"
        ),
        {"start": start, "end": end},
    )
    connection.execute(
        text(f"ALTER TABLE change ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')")
    )


def _month(today: date, ahead: int) -> date:
    months = today.year * 12 + today.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)
