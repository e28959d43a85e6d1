"""Tables about the database itself and those who work on it, as SQLAlchemy sees them."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Double, LargeBinary, Table, Text, text

from cloudops.store.columns import metadata, moment, words

# One row: which cluster this database belongs to, the key of redaction fingerprints, and the
# server on which marks were made.
installation: Final = Table(
    "installation",
    metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true")),
    Column("cluster_uid", Text),
    Column("fingerprint_key", LargeBinary, nullable=False),
    moment("server_started_at"),
    Column("server_timeline", Text),  # null = it does not tell
)

# The leader's epoch: every plan write locks this row FOR SHARE and compares.
leader: Final = Table(
    "leader",
    metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true")),
    Column("epoch", BigInteger, nullable=False, server_default=text("0")),
    words("holder"),
    moment("acquired_at"),
)

# What each machine last saw of the database's clock, and what its own clocks said.
clock_sighting: Final = Table(
    "clock_sighting",
    metadata,
    Column("machine", Text, primary_key=True),  # another one after each boot
    moment("shown_at", nullable=False),
    Column("ran_seconds", Double, nullable=False),  # since it was booted
    moment("machine_at", nullable=False),
)
