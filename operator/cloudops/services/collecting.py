"""A CloudProvider from a file: put into the plan, and what a sync of it found."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from cloudops.domain.errors import InvalidInputError
from cloudops.domain.provider import Origin, ProviderRecord
from cloudops.domain.snapshot import EntryState
from cloudops.domain.summary import SyncSummary, unselected
from cloudops.store import leases, providers, reading
from cloudops.store.session import transaction
from cloudops.store.snapshot import read_snapshot


def _generation(spec: Mapping[str, Any]) -> int:
    """A file has no `metadata.generation`; this number, too, is another for another spec."""
    text = json.dumps(spec, sort_keys=True)
    return 1 + int.from_bytes(blake2b(text.encode(), digest_size=6).digest())


class CollectingService:
    """All methods raise `StoreUnavailableError` while the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def plan(self, namespace: str, name: str, spec: Mapping[str, Any]) -> int:
        """Plan the provider and make everything of it due; returns its row's id.

        Raises:
            InvalidInputError: A controller keeps a provider of that name here.
        """
        record = ProviderRecord(
            namespace=namespace,
            name=name,
            uid="",
            generation=_generation(spec),
            created_at=datetime.now(UTC),
            spec=spec,
            cloud=str(spec["type"]),
            suspended=False,
            requested_at=uuid4().hex,
            runnable=True,
        )
        with transaction(self._engine) as connection:
            if (namespace, name) in providers.planned_providers(connection):
                raise InvalidInputError(
                    f"CloudProvider {namespace}/{name} of this database is kept by a controller: "
                    "choose another metadata.name, or another database"
                )
            return providers.write_provider(connection, record, origin=Origin.CLI)

    def unfinished(self, provider_id: int) -> int:
        """How many leases of the provider have not finished a run since it was planned."""
        with transaction(self._engine) as connection:
            return leases.unfinished(connection, provider_id)

    def rest(self, provider_id: int) -> None:
        """One sync was asked for: workers leave the provider alone from now on."""
        with transaction(self._engine) as connection:
            providers.rest(connection, provider_id)

    def summary(self, namespace: str, name: str, provider_id: int, api_calls: int) -> SyncSummary:
        """The ledger of the provider as it stands."""
        with transaction(self._engine) as connection:
            snapshot = read_snapshot(connection, namespace, name)
            if snapshot is None:
                raise InvalidInputError(f"CloudProvider {namespace}/{name} was removed meanwhile")
            accounts = tuple(reading.accounts(connection, provider_id))
            pks = reading.account_pks(connection, provider_id=provider_id)
            scopes = tuple(reading.ledger(connection, pks))
            problems = snapshot.problems
            if not problems and snapshot.entry.state is EntryState.ACCEPTED:
                problems = unselected(len(accounts), len(scopes), snapshot.spec_changed_at)
            return SyncSummary(
                entry=snapshot.entry,
                accounts=accounts,
                scopes=scopes,
                resources=reading.resources_by_type(connection, provider_id),
                problems=problems,
                problems_total=max(snapshot.problems_total, len(problems)),
                api_calls=api_calls,
            )
