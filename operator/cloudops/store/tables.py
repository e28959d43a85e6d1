"""The tables as SQLAlchemy sees them; the migrations create them, a test compares both."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from cloudops.store.columns import count, flag, metadata, moment, number, words
from cloudops.store.detail_tables import detail, detail_calls
from cloudops.store.installation_tables import clock_sighting, installation, leader

__all__ = ["clock_sighting", "detail", "detail_calls", "installation", "leader", "metadata"]

_LIVE: Final = text("deleted_at IS NULL")

provider: Final = Table(
    "provider",
    metadata,
    number(),
    Column("origin", Text, nullable=False),  # cluster | cli
    Column("namespace", Text, nullable=False),
    Column("name", Text, nullable=False),
    words("uid"),
    Column("generation", BigInteger, nullable=False, server_default=text("0")),
    moment("created_at", nullable=False),
    Column("cloud", Text, nullable=False),
    Column("spec", JSONB, nullable=False),
    Column("spec_digest", LargeBinary, nullable=False),
    moment("spec_changed_at", default="now()", nullable=False),
    flag("suspended"),
    flag("runnable"),
    words("requested_token"),
    moment("requested_at"),
    words("handled_token"),
    words("entry_state", "untried"),
    words("entry_reason"),
    words("entry_message"),
    words("entry_permission"),
    words("entry_error_class"),
    moment("entry_since"),
    Column("credentials_digest", LargeBinary),  # keyed, over the Secret that was used last
    moment("credentials_changed_at"),
    Column("identity", JSONB),
    Column("discovered_generation", BigInteger, nullable=False, server_default=text("0")),
    moment("discovered_at"),
    Column("discovered_for", LargeBinary),  # digest: which identity the spec asked for then
    moment("vanished_at"),
    moment("notified_at", default="'-infinity'", nullable=False),  # the controller was woken
    UniqueConstraint("namespace", "name"),
)

account: Final = Table(
    "account",
    metadata,
    number(),
    Column("cloud", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("provider_id", ForeignKey("provider.id")),  # who reads it; the oldest claim
    words("name"),
    words("partition"),
    Column("regions", ARRAY(Text)),
    Column("reachable", Boolean),  # null = not tried yet
    words("error_reason"),
    words("error_message"),
    words("error_permission"),
    words("error_class"),  # who has to cure it, and whether it passes by itself
    moment("error_since"),
    Column("fingerprint", LargeBinary),  # credential, endpoint and partition last used
    moment("fingerprint_since"),
    Column("last_provider_id", ForeignKey("provider.id")),  # whose retention still counts
    Column("derived_from", LargeBinary),  # what its scopes follow from; null = derive them again
    moment("derived_at"),
    UniqueConstraint("cloud", "account_id"),
    Index("account_provider_id", "provider_id"),
)

# Which providers name which account; the oldest one owns it.
claim: Final = Table(
    "claim",
    metadata,
    Column("provider_id", ForeignKey("provider.id", ondelete="CASCADE"), primary_key=True),
    Column("account_pk", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    moment("claimed_at", default="now()", nullable=False),
    words("organization"),  # in whose listing it was found; "" = the spec names it
    moment("missing_since"),  # end of the first complete listing of it that lacked the account
    count("held_count"),  # rows whose deletion with the account waits for a person
    flag("enters"),  # the provider's last discovery got in
    Index("claim_account_pk", "account_pk"),
)

# Listings of a provider's plan that have no scopes in a region of its accounts, or globally,
# since the cloud does not offer their service there.
not_offered: Final = Table(
    "not_offered",
    metadata,
    Column("provider_id", ForeignKey("provider.id", ondelete="CASCADE"), primary_key=True),
    Column("region", Text, primary_key=True),
    Column("listing", Text, primary_key=True),
)

# Which listings have ever shown a type: where that changes, rows go over.
shown_by: Final = Table(
    "shown_by",
    metadata,
    Column("cloud", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("listing", Text, primary_key=True),
)

lease: Final = Table(
    "lease",
    metadata,
    number(),
    Column("kind", Text, nullable=False),
    Column("domain", Text, nullable=False, unique=True),
    Column("provider_id", ForeignKey("provider.id", ondelete="CASCADE")),  # discovery
    Column("account_pk", ForeignKey("account.id", ondelete="CASCADE")),  # inventory
    words("region"),
    words("holder"),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    moment("expires_at"),
    count("attempts", SmallInteger),
    moment("next_due_at", default="now()", nullable=False),
    moment("started_at"),
    moment("finished_at"),
    moment("finished_start_at"),  # when the last finished run had begun
    Index("lease_next_due_at", "next_due_at"),
    Index("lease_account_pk", "account_pk"),
    Index("lease_provider_id", "provider_id"),
)

# No foreign keys: to look up account and lease for each row would take two thirds of the
# time in which millions are planned. Neither of them is ever deleted.
scope: Final = Table(
    "scope",
    metadata,
    number(),
    Column("account_pk", Integer, nullable=False),
    Column("region", Text, nullable=False),
    Column("listing", Text, nullable=False),
    Column("lease_id", Integer, nullable=False),
    Column("period_seconds", Integer, nullable=False),
    Column("tier", SmallInteger, nullable=False, server_default=text("1")),
    # Of a listing with several types, those that are asked for; empty = all.
    Column("types", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    moment("types_changed_at", default="now()", nullable=False),
    words("status", "planned"),
    moment("status_since", default="now()", nullable=False),
    words("error_class"),
    words("error_code"),
    words("error_message"),
    words("error_permission"),
    moment("last_attempt_at"),
    moment("last_complete_at"),  # start of the last complete listing: the age of its rows
    moment("last_complete_end_at"),
    count("item_count"),
    count("malformed_count"),
    count("consecutive_failures", SmallInteger),
    count("empty_streak", SmallInteger),
    count("probation", SmallInteger),  # complete listings that must still agree
    flag("crashed"),  # a worker died of it, and it was not read since
    count("held_count"),
    moment("next_due_at", default="now()", nullable=False),
    moment("planned_at", default="now()", nullable=False),  # the age of what was never complete
    moment("retired_at"),
    words("retired_reason"),
    UniqueConstraint("account_pk", "region", "listing"),
    Index("scope_lease_id", "lease_id", postgresql_where=text("retired_at IS NULL")),
    # What a status has to name: of millions of scopes, a few.
    Index(
        "scope_telling",
        "account_pk",
        postgresql_where=text("retired_at IS NULL AND status NOT IN ('complete', 'unsupported')"),
    ),
    Index("scope_held", "account_pk", postgresql_where=text("held_count > 0")),
    postgresql_with={"fillfactor": "70"},
)

# Neither this nor a facet has foreign keys: a tagging pass may see an item before its
# listing does, and a check for each row would cost a large load a tenth of its time.
resource: Final = Table(
    "resource",
    metadata,
    Column("uid", Uuid, primary_key=True),
    Column("cloud", Text, nullable=False),
    Column("canonical_id", Text(collation="C"), nullable=False),
    flag("id_synthetic"),
    Column("account_pk", Integer, nullable=False),
    Column("scope_id", Integer, nullable=False),  # its owner listing; scopes are never deleted
    Column("region", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("state", Text),
    moment("created_at"),
    Column("tag_source", Text, nullable=False),
    Column("tags", JSONB),  # null = not known, {} = known to have none
    moment("first_seen_at", default="now()", nullable=False),
    moment("changed_at", default="now()", nullable=False),
    moment("deleted_at"),
    words("deleted_reason"),
    Index("resource_scope_id", "scope_id"),
    Index("resource_canonical_id", "canonical_id"),
    Index("resource_live_kind", "kind", "account_pk", "region", postgresql_where=_LIVE),
    Index("resource_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    Index(
        "resource_live_tags",
        "tags",
        postgresql_using="gin",
        postgresql_ops={"tags": "jsonb_path_ops"},
        postgresql_where=_LIVE,
    ),
    postgresql_with={"fillfactor": "90"},
)

facet: Final = Table(
    "facet",
    metadata,
    Column("uid", Uuid, primary_key=True),
    Column("facet", Text, primary_key=True),
    Column("scope_id", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("volatile", JSONB),
    flag("truncated"),
    moment("changed_at", default="now()", nullable=False),
    moment("missing_since"),  # end of the first complete listing that did not show it
    Index("facet_scope_id", "scope_id"),
    Index("facet_missing", "scope_id", postgresql_where=text("missing_since IS NOT NULL")),
    postgresql_with={"fillfactor": "90"},
)

# Who names whom. Rows come and go with the document that they were read from; neither end
# has to exist. No key: a load writes each edge once, behind the lock of its facet.
edge: Final = Table(
    "edge",
    metadata,
    Column("uid", Uuid, nullable=False),
    Column("facet", Text, nullable=False),
    Column("relation", Text, nullable=False),
    Column("target", Text, nullable=False),  # as the document gives it
    Column("target_uid", Uuid),  # null = the catalogue can't tell its id
    Index("edge_uid", "uid"),
    Index("edge_target_uid", "target_uid", postgresql_where=text("target_uid IS NOT NULL")),
)

# Partitioned by month; no partition is ever missing, since a default one catches the rest.
change: Final = Table(
    "change",
    metadata,
    moment("at", nullable=False),
    Column("uid", Uuid, nullable=False),
    Column("facet", Text, nullable=False),
    Column("operation", Text, nullable=False),  # created updated replaced deleted revived dropped
    Column("old", JSONB),
    Column("new", JSONB),
    Column("scope_id", Integer, nullable=False),
    Index("change_uid_at", "uid", "at"),
    postgresql_partition_by="RANGE (at)",
)
