"""A call of one row, whose errors say what they mean for the row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloudops.collectors.aws.client import SDK_ERRORS, Door
from cloudops.collectors.aws.errors import listing_error
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.resource import GLOBAL_REGION


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls a row's service."""

    door: Door
    listing: Listing

    def call(
        self, region: str, operation: str, parameters: Mapping[str, Any], permission: str
    ) -> dict[str, Any]:
        """Ask in `region`; `global` means where the partition is at home, or `home_of`.

        Raises:
            ListingError: The call failed; `permission` is what it needs.
        """
        listing = self.listing
        if region == GLOBAL_REGION:
            region = self.door.home_of(listing.home_of) if listing.home_of else self.door.home
        try:
            return self.door.call(listing.service, region, operation, parameters)
        except SDK_ERRORS as error:
            known = self.door.knows_endpoint(listing.service, region)
            raise listing_error(
                error, listing, permission=permission, endpoint_known=known
            ) from error
