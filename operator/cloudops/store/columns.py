"""The kinds of columns that the tables are made of, and where all tables are noted."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Identity,
    Integer,
    MetaData,
    Text,
    text,
)

metadata: Final = MetaData()


def number() -> Column[int]:
    """A key that the database draws."""
    return Column("id", Integer, Identity(always=True), primary_key=True)


def moment(name: str, *, default: str | None = None, nullable: bool = True) -> Column[object]:
    """A moment of the database's clock."""
    server_default = text(default) if default else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=server_default)


def words(name: str, default: str = "") -> Column[str]:
    """Text that is empty where there is nothing to say."""
    return Column(name, Text, nullable=False, server_default=text(f"'{default}'"))


def count(name: str, kind: type[Integer] = Integer) -> Column[int]:
    """A number that begins at 0."""
    return Column(name, kind, nullable=False, server_default=text("0"))


def flag(name: str) -> Column[bool]:
    """False at first."""
    return Column(name, Boolean, nullable=False, server_default=text("false"))
