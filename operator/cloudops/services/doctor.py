"""Tries a provider's way in: identity, each account, and one cheap call a listing."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from cloudops.collectors.vocabulary import (
    Access,
    AccountSession,
    Cloud,
    DiscoveredAccount,
    Listing,
    RegionRule,
)
from cloudops.domain.diagnosis import AccountDiagnosis, Check, Diagnosis, Trouble
from cloudops.domain.errors import AccessError, ListingError
from cloudops.domain.provider import ProviderSpec
from cloudops.domain.resource import GLOBAL_REGION
from cloudops.services.access import Keyring, access_of
from cloudops.services.selection import planned_listings

CHECKS_AT_ONCE: Final = 8

Told = Callable[[str], None]
"""Called with what is tried next, for people who wait."""


class DoctorService:
    """Reads a little of everything and stores nothing; needs no database."""

    def __init__(self, cloud: Cloud, keyring: Keyring) -> None:
        self._cloud = cloud
        self._keyring = keyring

    def examine(
        self, namespace: str, spec: ProviderSpec, *, everywhere: bool, told: Told
    ) -> Diagnosis:
        """Try what a provider asks for.

        Args:
            namespace: Where its Secret is looked for.
            spec: What it asks for.
            everywhere: In every region; else regional listings are tried in the first
                region of each account, since policies rarely differ between regions.
            told: Hears what is tried next.
        """
        told("who we are, which accounts there are")
        try:
            access = access_of(namespace, spec, self._keyring)
            discovery = self._cloud.discover(access)
        except AccessError as error:
            return Diagnosis(None, trouble=_entry_trouble(error))
        listings = [row for row, _ in planned_listings(self._cloud.listings, spec)]
        accounts = []
        for account in discovery.accounts:
            told(f"account {account.account_id}")
            accounts.append(self._account(access, account, listings, everywhere=everywhere))
        return Diagnosis(discovery.identity, tuple(accounts))

    def _account(
        self,
        access: Access,
        account: DiscoveredAccount,
        listings: Sequence[Listing],
        *,
        everywhere: bool,
    ) -> AccountDiagnosis:
        found = account.error
        outside = AccountDiagnosis(
            account.account_id,
            account.name,
            principal="",
            regions=account.regions,
            trouble=Trouble(found.error_class, found.reason, found.message, found.permission)
            if found
            else None,
        )
        if found and not found.entered:
            return outside
        try:
            session = self._cloud.open(access, account.account_id)
        except AccessError as error:  # though a moment ago it could be entered
            return replace(outside, trouble=_entry_trouble(error))
        try:
            checks = _checks(
                session, _tries(listings, account.regions or (), everywhere=everywhere)
            )
        finally:
            session.close()
        return replace(outside, principal=session.identity.principal, checks=checks)


def _tries(
    listings: Sequence[Listing], regions: Sequence[str], *, everywhere: bool
) -> Iterator[tuple[Listing, str]]:
    for listing in listings:
        if listing.region_rule is RegionRule.GLOBAL:
            yield listing, GLOBAL_REGION
        else:
            yield from ((listing, region) for region in (regions if everywhere else regions[:1]))


def _checks(session: AccountSession, tries: Iterator[tuple[Listing, str]]) -> tuple[Check, ...]:
    with ThreadPoolExecutor(CHECKS_AT_ONCE, "doctor") as pool:
        return tuple(pool.map(lambda one: _check(session, *one), tries))


def _check(session: AccountSession, listing: Listing, region: str) -> Check:
    try:
        session.probe(listing, region)
    except ListingError as error:
        trouble = Trouble(error.error_class, error.code, str(error), error.permission)
        return Check(listing.name, region, trouble)
    return Check(listing.name, region, None)


def _entry_trouble(error: AccessError) -> Trouble:
    return Trouble(error.error_class, error.reason, str(error), error.permission)
