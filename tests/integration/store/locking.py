"""Who waits for whom."""

from sqlalchemy import Engine

from tests.integration.store.seeding import one


def waits_for_a_lock(engine: Engine) -> bool:
    """Whether a session of this database waits for another one."""
    waiting: bool = one(
        engine,
        "SELECT count(*) > 0 FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()",
    )
    return waiting
