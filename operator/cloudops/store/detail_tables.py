"""The tables about details of single resources."""

from typing import Final

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, Uuid

from cloudops.store.columns import metadata, moment, words

# When details of a resource were asked for, and of which document of its list they are.
detail: Final = Table(
    "detail",
    metadata,
    Column("uid", Uuid, primary_key=True),
    Column("scope_id", Integer, nullable=False),
    Column("of_digest", LargeBinary, nullable=False),
    moment("tried_at", nullable=False),
    moment("read_at"),
    words("error_code"),
    postgresql_with={"fillfactor": "80"},
)

# Calls for details that an account was granted, by when.
detail_calls: Final = Table(
    "detail_calls",
    metadata,
    Column("account_pk", Integer, primary_key=True, autoincrement=False),
    Column("slot", DateTime(timezone=True), primary_key=True),
    Column("calls", Integer, nullable=False),
)
