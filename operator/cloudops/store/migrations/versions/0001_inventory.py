"""Inventory: providers, accounts, scopes, leases, resources, facets, changes."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INSTALLATION = """
CREATE TABLE installation (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    cluster_uid text,
    fingerprint_key bytea NOT NULL,
    server_started_at timestamptz,
    server_timeline text
);
INSERT INTO installation (fingerprint_key)
VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
CREATE TABLE leader (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch bigint NOT NULL DEFAULT 0,
    holder text NOT NULL DEFAULT '',
    acquired_at timestamptz
);
INSERT INTO leader DEFAULT VALUES;
CREATE TABLE clock_sighting (
    machine text PRIMARY KEY,
    shown_at timestamptz NOT NULL,
    ran_seconds double precision NOT NULL,
    machine_at timestamptz NOT NULL
);
"""

_PLAN = """
CREATE TABLE provider (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text NOT NULL CHECK (origin IN ('cluster', 'cli')),
    namespace text NOT NULL,
    name text NOT NULL,
    uid text NOT NULL DEFAULT '',
    generation bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    cloud text NOT NULL,
    spec jsonb NOT NULL,
    spec_digest bytea NOT NULL,
    spec_changed_at timestamptz NOT NULL DEFAULT now(),
    suspended boolean NOT NULL DEFAULT false,
    runnable boolean NOT NULL DEFAULT false,
    requested_token text NOT NULL DEFAULT '',
    requested_at timestamptz,
    handled_token text NOT NULL DEFAULT '',
    entry_state text NOT NULL DEFAULT 'untried',
    entry_reason text NOT NULL DEFAULT '',
    entry_message text NOT NULL DEFAULT '',
    entry_permission text NOT NULL DEFAULT '',
    entry_error_class text NOT NULL DEFAULT '',
    entry_since timestamptz,
    credentials_digest bytea,
    credentials_changed_at timestamptz,
    identity jsonb,
    discovered_generation bigint NOT NULL DEFAULT 0,
    discovered_at timestamptz,
    discovered_for bytea,
    vanished_at timestamptz,
    notified_at timestamptz NOT NULL DEFAULT '-infinity',
    UNIQUE (namespace, name)
);
CREATE TABLE account (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cloud text NOT NULL,
    account_id text NOT NULL,
    provider_id integer REFERENCES provider (id),
    name text NOT NULL DEFAULT '',
    partition text NOT NULL DEFAULT '',
    regions text[],
    reachable boolean,
    error_reason text NOT NULL DEFAULT '',
    error_message text NOT NULL DEFAULT '',
    error_permission text NOT NULL DEFAULT '',
    error_class text NOT NULL DEFAULT '',
    error_since timestamptz,
    fingerprint bytea,
    fingerprint_since timestamptz,
    last_provider_id integer REFERENCES provider (id),
    derived_from bytea,
    derived_at timestamptz,
    UNIQUE (cloud, account_id)
);
CREATE INDEX account_provider_id ON account (provider_id);
CREATE TABLE claim (
    provider_id integer NOT NULL REFERENCES provider (id) ON DELETE CASCADE,
    account_pk integer NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    organization text NOT NULL DEFAULT '',
    missing_since timestamptz,
    held_count integer NOT NULL DEFAULT 0,
    enters boolean NOT NULL DEFAULT false,
    PRIMARY KEY (provider_id, account_pk)
);
CREATE INDEX claim_account_pk ON claim (account_pk);
CREATE TABLE not_offered (
    provider_id integer NOT NULL REFERENCES provider (id) ON DELETE CASCADE,
    region text NOT NULL,
    listing text NOT NULL,
    PRIMARY KEY (provider_id, region, listing)
);
"""

_LEDGER = """
CREATE TABLE shown_by (
    cloud text NOT NULL,
    type text NOT NULL,
    listing text NOT NULL,
    PRIMARY KEY (cloud, type, listing)
);
CREATE TABLE lease (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('discovery', 'inventory')),
    domain text NOT NULL UNIQUE,
    provider_id integer REFERENCES provider (id) ON DELETE CASCADE,
    account_pk integer REFERENCES account (id) ON DELETE CASCADE,
    region text NOT NULL DEFAULT '',
    holder text NOT NULL DEFAULT '',
    fence bigint NOT NULL DEFAULT 0,
    expires_at timestamptz,
    attempts smallint NOT NULL DEFAULT 0,
    next_due_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    finished_start_at timestamptz
);
CREATE INDEX lease_next_due_at ON lease (next_due_at);
CREATE INDEX lease_account_pk ON lease (account_pk);
CREATE INDEX lease_provider_id ON lease (provider_id);
CREATE TABLE scope (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_pk integer NOT NULL,
    region text NOT NULL,
    listing text NOT NULL,
    lease_id integer NOT NULL,
    period_seconds integer NOT NULL,
    tier smallint NOT NULL DEFAULT 1,
    types text[] NOT NULL DEFAULT '{}',
    types_changed_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL DEFAULT 'planned',
    status_since timestamptz NOT NULL DEFAULT now(),
    error_class text NOT NULL DEFAULT '',
    error_code text NOT NULL DEFAULT '',
    error_message text NOT NULL DEFAULT '',
    error_permission text NOT NULL DEFAULT '',
    last_attempt_at timestamptz,
    last_complete_at timestamptz,
    last_complete_end_at timestamptz,
    item_count integer NOT NULL DEFAULT 0,
    malformed_count integer NOT NULL DEFAULT 0,
    consecutive_failures smallint NOT NULL DEFAULT 0,
    empty_streak smallint NOT NULL DEFAULT 0,
    probation smallint NOT NULL DEFAULT 0,
    crashed boolean NOT NULL DEFAULT false,
    held_count integer NOT NULL DEFAULT 0,
    next_due_at timestamptz NOT NULL DEFAULT now(),
    planned_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    retired_reason text NOT NULL DEFAULT '',
    UNIQUE (account_pk, region, listing)
) WITH (fillfactor = 70);
CREATE INDEX scope_lease_id ON scope (lease_id) WHERE retired_at IS NULL;
CREATE INDEX scope_telling ON scope (account_pk)
    WHERE retired_at IS NULL AND status NOT IN ('complete', 'unsupported');
CREATE INDEX scope_held ON scope (account_pk) WHERE held_count > 0;
"""

_RESOURCES = """
CREATE TABLE resource (
    uid uuid PRIMARY KEY,
    cloud text NOT NULL,
    canonical_id text COLLATE "C" NOT NULL,
    id_synthetic boolean NOT NULL DEFAULT false,
    account_pk integer NOT NULL,
    scope_id integer NOT NULL,
    region text NOT NULL,
    service text NOT NULL,
    type text NOT NULL,
    kind text NOT NULL,
    name text,
    state text,
    created_at timestamptz,
    tag_source text NOT NULL,
    tags jsonb,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    deleted_reason text NOT NULL DEFAULT ''
) WITH (fillfactor = 90);
CREATE INDEX resource_scope_id ON resource (scope_id);
CREATE INDEX resource_canonical_id ON resource (canonical_id);
CREATE INDEX resource_live_kind ON resource (kind, account_pk, region) WHERE deleted_at IS NULL;
CREATE INDEX resource_deleted_at ON resource (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX resource_live_tags ON resource USING gin (tags jsonb_path_ops)
    WHERE deleted_at IS NULL;
CREATE TABLE facet (
    uid uuid NOT NULL,
    facet text NOT NULL,
    scope_id integer NOT NULL,
    digest bytea NOT NULL,
    document jsonb NOT NULL,
    volatile jsonb,
    truncated boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT now(),
    missing_since timestamptz,
    PRIMARY KEY (uid, facet)
) WITH (fillfactor = 90);
CREATE INDEX facet_scope_id ON facet (scope_id);
CREATE INDEX facet_missing ON facet (scope_id) WHERE missing_since IS NOT NULL;
CREATE TABLE edge (
    uid uuid NOT NULL,
    facet text NOT NULL,
    relation text NOT NULL,
    target text NOT NULL,
    target_uid uuid
);
CREATE INDEX edge_uid ON edge (uid);
CREATE INDEX edge_target_uid ON edge (target_uid) WHERE target_uid IS NOT NULL;
CREATE TABLE detail (
    uid uuid PRIMARY KEY,
    scope_id integer NOT NULL,
    of_digest bytea NOT NULL,
    tried_at timestamptz NOT NULL,
    read_at timestamptz,
    error_code text NOT NULL DEFAULT ''
) WITH (fillfactor = 80);
CREATE TABLE detail_calls (
    account_pk integer NOT NULL,
    slot timestamptz NOT NULL,
    calls integer NOT NULL,
    PRIMARY KEY (account_pk, slot)
);
"""

# `changed_keys(a, b)`: the top-level keys of `a` whose value is another in `b`.
_CHANGES = """
CREATE TABLE change (
    at timestamptz NOT NULL,
    uid uuid NOT NULL,
    facet text NOT NULL,
    operation text NOT NULL,
    old jsonb,
    new jsonb,
    scope_id integer NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX change_uid_at ON change (uid, at);
CREATE TABLE change_default PARTITION OF change DEFAULT;
CREATE FUNCTION changed_keys(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_object_agg(key, value), '{}')
    FROM jsonb_each(a) WHERE b -> key IS DISTINCT FROM value
$$;
"""


def upgrade() -> None:
    for script in (_INSTALLATION, _PLAN, _LEDGER, _RESOURCES, _CHANGES):
        op.execute(script)


def downgrade() -> None:
    op.execute(
        "DROP TABLE change, detail_calls, detail, edge,"
        " facet, resource, scope, lease, shown_by, not_offered, claim, account, provider, leader,"
        " clock_sighting, installation CASCADE;"
        " DROP FUNCTION changed_keys;"
    )
