"""Where the database is: a URL of one server, or of several of which one takes writes."""

import re

from psycopg.pq import Conninfo
from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cloudops.domain.errors import InvalidInputError

_FORM = "postgresql://user:password@host/name"
_DEFAULT_PORT = "5432"

# libpq's list of servers, which SQLAlchemy only knows as `?host=…&port=…`.
_SEVERAL = re.compile(
    r"(?P<scheme>[^:/]+://)(?P<user>[^/?#]*@)?(?P<hosts>[^/?#@]*,[^/?#@]*)(?P<rest>[/?#].*)?$"
)
_HOST = re.compile(r"(?P<host>\[[^\]]+\]|[^:]*)(?::(?P<port>\d*))?$")


def driver_url(database_url: str, *, writes: bool = True) -> URL:
    """`postgresql://…` as SQLAlchemy wants it, with the driver in it.

    Args:
        database_url: Several servers as in libpq: `postgresql://user@one:5432,two:5432/name`.
        writes: Refuse servers that only let us read, unless the URL has a wish of its own.

    Raises:
        InvalidInputError: It is no URL of PostgreSQL; the message does not repeat it.
    """
    try:
        url = _make_url(database_url)
    except (ArgumentError, ValueError) as error:
        raise InvalidInputError(f"CLOUDOPS_DATABASE_URL is no URL; write {_FORM}") from error
    if url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise InvalidInputError(
            f"CLOUDOPS_DATABASE_URL must start with postgresql://, not {url.drivername}://"
        )
    _refuse_unknown_options(url)
    if writes and "target_session_attrs" not in url.query:
        url = url.update_query_dict({"target_session_attrs": "read-write"})
    return url.set(drivername="postgresql+psycopg")


def _refuse_unknown_options(url: URL) -> None:
    """PostgreSQL's library would, too, but only when it connects."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    unknown = sorted(set(url.query) - known)
    if unknown:
        raise InvalidInputError(
            f"CLOUDOPS_DATABASE_URL: PostgreSQL has no connection option {unknown[0]!a}"
        )


def _make_url(database_url: str) -> URL:
    several = _SEVERAL.match(database_url)
    if several is None:
        return make_url(database_url)
    url = make_url(f"{several['scheme']}{several['user'] or ''}{several['rest'] or ''}")
    servers = [_server(text) for text in several["hosts"].split(",")]
    return url.update_query_dict(
        {
            "host": ",".join(host for host, _ in servers),
            "port": ",".join(port for _, port in servers),
        }
    )


def _server(text: str) -> tuple[str, str]:
    found = _HOST.match(text)
    if found is None:
        raise ValueError("no host and port")
    return found["host"].strip("[]"), found["port"] or _DEFAULT_PORT
