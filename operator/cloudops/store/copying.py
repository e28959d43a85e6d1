"""Rows as a binary COPY takes them.

Framed here, not by the driver: it asks each value for its type, which costs a
large load more than all else on this side.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from struct import Struct
from typing import Any, Final
from uuid import UUID

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection

_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Enough to keep the server busy while the next ones are framed.
_ROWS_AT_ONCE: Final = 50
_length = Struct(">i").pack
NULL: Final = _length(-1)
"""A column without a value."""
_UUID_LENGTH: Final = _length(16)
_TRUE: Final = _length(1) + b"\x01"
_FALSE: Final = _length(1) + b"\x00"


def row_head(columns: int) -> bytes:
    """What every row begins with."""
    return columns.to_bytes(2)


def integer(value: int) -> bytes:
    """Column of type `integer`."""
    return _length(4) + _length(value)


def boolean(value: bool) -> bytes:  # noqa: FBT001  the value itself
    """Column of type `boolean`."""
    return _TRUE if value else _FALSE


def identity(value: UUID) -> bytes:
    """Column of type `uuid`."""
    return _UUID_LENGTH + value.int.to_bytes(16)


def raw(value: bytes) -> bytes:
    """Column of type `bytea`."""
    return _length(len(value)) + value


def words(value: str | None) -> bytes:
    """Column of type `text`."""
    return NULL if value is None else raw(value.encode())


recurring = lru_cache(maxsize=4096)(words)
"""`words`, for columns with few values."""


def document(value: bytes | None) -> bytes:
    """Column of type `jsonb`, from JSON."""
    if value is None:
        return NULL
    return b"%b\x01%b" % (_length(len(value) + 1), value)  # 1: the version of the format


def moment(value: datetime | None) -> bytes:
    """Column of type `timestamptz`."""
    if value is None:
        return NULL
    return _length(8) + ((value - _EPOCH) // _MICROSECOND).to_bytes(8, signed=True)


def copy(connection: Connection, table: str, columns: str, rows: Iterable[bytes]) -> None:
    """Send rows, each its head and one field for each of `columns`, into a table."""
    with (
        driver(connection).cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)".encode()) as sending,
    ):
        sending.write(_HEADER)
        remaining = iter(rows)
        while part := list(islice(remaining, _ROWS_AT_ONCE)):
            sending.write(b"".join(part))
        sending.write(_TRAILER)


def uuid_array(values: Iterable[UUID]) -> str:
    """A parameter to be cast to `uuid[]`: the driver would ask each for its type."""
    return f"{{{','.join([f'{value.int:032x}' for value in values])}}}"


def bytea_array(values: Iterable[bytes]) -> str:
    """A parameter to be cast to `bytea[]`."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def driver(connection: Connection) -> PsycopgConnection[Any]:
    """Which SQLAlchemy hides, since it knows no COPY."""
    found = connection.connection.driver_connection
    if not isinstance(found, PsycopgConnection):
        raise TypeError(f"COPY needs psycopg, not {type(found).__name__}")
    return found
