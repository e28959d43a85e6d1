"""Tries a provider's way in: identity, each account, and one cheap call a listing."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
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
REMIND_SECONDS: Final = 10.0

Told = Callable[[str], None]
"""Called with what is tried next, and again while it takes long, for people who wait."""


class DoctorService:
    """Reads a little of everything and stores nothing; needs no database."""

    def __init__(
        self, cloud: Cloud, keyring: Keyring, *, remind_seconds: float = REMIND_SECONDS
    ) -> None:
        self._cloud = cloud
        self._keyring = keyring
        self._remind_seconds = remind_seconds

    def examine(
        self, namespace: str, spec: ProviderSpec, *, everywhere: bool, told: Told
    ) -> Diagnosis:
        """Try what a provider asks for.

        Args:
            namespace: Where its Secret is looked for.
            spec: What it asks for.
            everywhere: In every region; else each regional listing is tried in the account's
                first region where it is there, since policies rarely differ between regions.
            told: Hears what is tried next, from other threads too.
        """
        try:
            with _told_of("who we are, which accounts there are", told, self._remind_seconds):
                access = access_of(namespace, spec, self._keyring)
                discovery = self._cloud.discover(access)
        except AccessError as error:
            return Diagnosis(None, trouble=_entry_trouble(error))
        listings = [row for row, _ in planned_listings(self._cloud.listings, spec)]
        accounts = []
        for account in discovery.accounts:
            with _told_of(f"account {account.account_id}", told, self._remind_seconds):
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
            places = [(row, self._regions(access, account, row)) for row in listings]
            checks = _checks(session, places, everywhere=everywhere)
        finally:
            session.close()
        return replace(outside, principal=session.identity.principal, checks=checks)

    def _regions(
        self, access: Access, account: DiscoveredAccount, listing: Listing
    ) -> Sequence[str]:
        """Where it may be there, as a plan has it."""
        is_global = listing.region_rule is RegionRule.GLOBAL
        without = self._cloud.regions_without(listing, account.partition, access.spec)
        places = (GLOBAL_REGION,) if is_global else account.regions or ()
        return [place for place in places if place not in without]


@contextmanager
def _told_of(step: str, told: Told, every_seconds: float) -> Iterator[None]:
    """Say what is tried, and again now and then for as long as it lasts.

    By a thread of its own: a call that hangs, or that the SDK repeats, says nothing itself.
    """
    began, over = time.monotonic(), threading.Event()

    def remind() -> None:
        while not over.wait(every_seconds):
            told(f"{step} ({time.monotonic() - began:.0f} s so far)")

    told(step)
    reminder = threading.Thread(target=remind, name="reminder", daemon=True)
    reminder.start()
    try:
        yield
    finally:
        over.set()
        reminder.join()


def _tried(
    session: AccountSession, listing: Listing, regions: Sequence[str], *, everywhere: bool
) -> Iterator[Check]:
    """Of each region; else of the first one where it is there, or of the first if it is nowhere."""
    if everywhere:
        yield from (_check(session, listing, region) for region in regions)
        return
    excused = None
    for region in regions:
        check = _check(session, listing, region)
        if check.trouble is None or not check.trouble.excused:
            yield check
            return
        excused = excused or check
    if excused is not None:
        yield excused


def _checks(
    session: AccountSession,
    places: Sequence[tuple[Listing, Sequence[str]]],
    *,
    everywhere: bool,
) -> tuple[Check, ...]:
    with ThreadPoolExecutor(CHECKS_AT_ONCE, "doctor") as pool:
        found = pool.map(lambda one: [*_tried(session, *one, everywhere=everywhere)], places)
        return tuple(chain.from_iterable(found))


def _check(session: AccountSession, listing: Listing, region: str) -> Check:
    try:
        untried = session.probe(listing, region)
    except ListingError as error:
        trouble = Trouble(error.error_class, error.code, str(error), error.permission)
        return Check(listing.name, region, trouble)
    return Check(listing.name, region, None, untried)


def _entry_trouble(error: AccessError) -> Trouble:
    return Trouble(error.error_class, error.reason, str(error), error.permission)
