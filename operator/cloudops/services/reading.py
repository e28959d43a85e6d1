"""Reading back what is known; returns domain objects to whoever asks."""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine

from cloudops.domain.errors import InvalidInputError
from cloudops.domain.reading import (
    ChangeRow,
    Coverage,
    ResourceDetail,
    ResourceFilter,
    ResourceMatch,
    ResourceRow,
    ScopeRow,
    Since,
)
from cloudops.store import reading, single
from cloudops.store.migrate import require_current
from cloudops.store.session import transaction

# So many resources are named where an id fits several.
NAMED: Final = 5

# No name to be looked for: `i-0abc1234`, an ARN.
_ID: Final = re.compile(r"arn:.*|[a-z]+-([0-9a-f]{8}|[0-9a-f]{17})", re.DOTALL)

_Row = TypeVar("_Row")


class ReadingService:
    """All methods raise `StoreUnavailableError` while the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def resources(self, wanted: ResourceFilter) -> Iterator[ResourceRow]:
        """Resources by canonical id, read page by page."""
        with transaction(self._engine) as connection:
            require_current(connection)
            since = reading.moment(connection, wanted.changed_since)
        wanted = replace(wanted, changed_since=since)

        def read(connection: Connection, last: ResourceRow | None) -> list[ResourceRow]:
            after = last.canonical_id if last else ""
            return reading.resource_page(connection, wanted, after=after)

        return self._pages(read, reading.PAGE)

    def resource(self, id_: str) -> ResourceDetail:
        """All that is stored of one resource, live or not.

        Args:
            id_: Its canonical id, or an ending of it that no other has: `i-0abc`.

        Raises:
            InvalidInputError: It means no resource, or several.
        """
        with transaction(self._engine) as connection:
            require_current(connection)
            match = _the_one(connection, id_)
            found = single.detail(connection, match.uid)
        if found is None:
            raise InvalidInputError(
                f"resource {id_}: deleted so long ago that its row was dropped; what is left: "
                f"`cloudops resources history {shlex.quote(match.canonical_id)}`"
            )
        return found

    def history(self, id_: str, *, since: Since | None = None) -> Iterator[ChangeRow]:
        """What changed of one resource, newest first, read page by page.

        Args:
            id_: As for `resource`; its full id works even when its row was dropped.
            since: Leaves out what is older.

        Raises:
            InvalidInputError: It means no resource, or several.
        """
        with transaction(self._engine) as connection:
            require_current(connection)
            uid = _the_one(connection, id_).uid
            moment = reading.moment(connection, since)

        def read(connection: Connection, last: ChangeRow | None) -> list[ChangeRow]:
            before = last.at if last else None
            return single.history_page(connection, uid, since=moment, before=before)

        return self._pages(read, single.HISTORY_PAGE)

    def ledger(self, *, status: str = "", account: str = "") -> Iterator[ScopeRow]:
        """Planned scopes, by account, region and listing, read account by account."""
        with transaction(self._engine) as connection:
            require_current(connection)
            account_pks = reading.account_pks(connection, account=account)
        for account_pk in account_pks:
            with transaction(self._engine) as connection:
                rows = reading.ledger(connection, [account_pk], status=status)
            yield from rows

    def coverage(
        self, pairs: Sequence[tuple[str, str]], *, account: str = "", region: str = ""
    ) -> Coverage:
        """How far the listings of these pairs of listing and type were read."""
        with transaction(self._engine) as connection:
            require_current(connection)
            return reading.coverage(connection, pairs, account=account, region=region)

    def _pages(
        self, read: Callable[[Connection, _Row | None], list[_Row]], size: int
    ) -> Iterator[_Row]:
        """A transaction a page: a reader who pauses in between keeps none open."""
        last: _Row | None = None
        while True:
            with transaction(self._engine) as connection:
                rows = read(connection, last)
            yield from rows
            if len(rows) < size:
                return
            last = rows[-1]


def _the_one(connection: Connection, id_: str) -> ResourceMatch:
    if not id_:
        raise InvalidInputError("the id is empty: give one that `cloudops resources list` shows")
    found = single.with_id(connection, id_)
    found = found or single.with_ending(connection, id_, limit=NAMED + 1)
    if not found:
        told = f"resource {id_}: there is none with this id, nor was there one lately"
        if not _ID.fullmatch(id_):
            named = shlex.quote(f"*{id_}*")
            told += f"; look for it with `cloudops resources list --deleted --name {named}`"
        raise InvalidInputError(told)
    if len(found) > 1:
        raise InvalidInputError(_ambiguity(id_, found))
    return found[0]


def _ambiguity(id_: str, found: Sequence[ResourceMatch]) -> str:
    names = [
        f"{match.canonical_id} (deleted)" if match.deleted else match.canonical_id
        for match in found[:NAMED]
    ]
    more = " and others" if len(found) > NAMED else ""
    return (
        f"resource {id_}: the ids of several end so: {', '.join(names)}{more}; "
        "give more of the one that you mean"
    )
