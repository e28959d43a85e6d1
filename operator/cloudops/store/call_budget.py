"""How many calls about single resources an account has left: so many in any hour."""

from typing import Final, NamedTuple

from sqlalchemy import Connection, text

# Calls are remembered by the five minutes in which they were granted, and a little longer than
# an hour: whichever hour is looked at, no more were made in it.
SLOT_SECONDS: Final = 300
_REMEMBERED: Final = 3600 + SLOT_SECONDS
# Leases of one account take calls one after the other; any constant will do.
_LOCK: Final = 7_203_520

_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:lock, :account_pk)")
_FORGET = text(f"""
DELETE FROM detail_calls
WHERE account_pk = :account_pk AND slot <= now() - make_interval(secs => {_REMEMBERED})
""")  # noqa: S608  constants only
_SPENT = text(f"""
SELECT coalesce(sum(calls), 0) AS calls,
       coalesce(extract(epoch FROM min(slot) - now()) + {_REMEMBERED}, 0) AS seconds
FROM detail_calls WHERE account_pk = :account_pk AND slot <= now()
""")  # noqa: S608  constants only
_GRANT = text(f"""
INSERT INTO detail_calls (account_pk, slot, calls)
VALUES (:account_pk, date_bin('{SLOT_SECONDS} s', now(), 'epoch'), :calls)
ON CONFLICT (account_pk, slot) DO UPDATE SET calls = detail_calls.calls + excluded.calls
""")  # noqa: S608  constants only


class Granted(NamedTuple):
    """Calls that may be made, and seconds until there are more, if there are too few."""

    calls: int
    more_in_seconds: float


def take(
    connection: Connection, account_pk: int, *, calls: int, unit: int, per_hour: int
) -> Granted:
    """Take as many of `calls` as there are left, in multiples of `unit`.

    Args:
        connection: Of a transaction that is committed before the calls are made.
        account_pk: Whose.
        calls: So many are wanted.
        unit: So many belong together.
        per_hour: So many there are in any hour.
    """
    key = {"account_pk": account_pk}
    connection.execute(_TAKE_TURNS, {**key, "lock": _LOCK})
    connection.execute(_FORGET, key)
    spent = connection.execute(_SPENT, key).one()
    granted = max(0, min(calls, per_hour - int(spent.calls))) // unit * unit
    if granted:
        connection.execute(_GRANT, {**key, "calls": granted})
    return Granted(granted, float(spent.seconds))
