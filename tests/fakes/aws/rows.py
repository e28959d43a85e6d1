"""The rows of the catalogue by what they call."""

from collections.abc import Iterator
from typing import Final

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.detailing import words_of
from cloudops.collectors.details import DetailCall
from cloudops.collectors.vocabulary import Listing
from tests.fakes.aws.paging import DEFAULT_SIZES
from tests.fakes.aws.protocols import SERVICES

LISTED: Final = tuple(row for row in LISTINGS if row.details_of is None)
"""Those that list something."""

DETAILED: Final = tuple(row for row in LISTINGS if row.details_of is not None)
"""Those that read details of what others list."""


AT_HOME: Final = tuple(row for row in LISTED if row.home_of)
"""The tagging passes for what lies in no region; no listing of this fake shows any of that."""


SERVED: Final = tuple(
    row
    for row in LISTED
    if row.service in SERVICES.values() and row.operation in DEFAULT_SIZES and row not in AT_HOME
)
"""Those that list something which this fake has; of all others there is never anything."""


def detail_calls() -> Iterator[tuple[Listing, DetailCall]]:
    """Every call about a single item, with its row."""
    return ((row, call) for row in DETAILED for call in words_of(row).calls)


def operations_of(row: Listing) -> list[str]:
    """Every operation that a row calls, the first one first."""
    if row.details_of is not None:
        return [call.operation for call in words_of(row).calls]
    others = (row.describe, row.parents)
    return [row.operation, *(other.operation for other in others if other)]


CALLED: Final = frozenset(name for row in LISTINGS for name in operations_of(row))
"""Every operation that any row calls."""
