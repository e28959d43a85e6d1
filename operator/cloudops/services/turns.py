"""In which order a lease's listings are read, so that one that kills workers shows itself."""

from collections.abc import Sequence

from cloudops.collectors.vocabulary import Listing
from cloudops.domain.ledger import Lease, Scope
from cloudops.domain.resource import Facet
from cloudops.store.leases import CRASHES_BEFORE_BACKOFF

Work = tuple[Scope, Listing]


def in_turns(lease: Lease, work: Sequence[Work]) -> list[list[Work]]:
    """What is read together, turn by turn; details behind the lists that show whose they are.

    Where workers died before, one listing at a time shows which of them it is;
    once it is known, it comes last and alone.
    """
    innocent = [item for item in work if not item[0].crashed]
    suspects = [[item] for item in work if item[0].crashed]
    listings = [item for item in innocent if item[1].facet is not Facet.DETAIL]
    details = [item for item in innocent if item[1].facet is Facet.DETAIL]
    if lease.attempts > CRASHES_BEFORE_BACKOFF:
        return [[item] for item in (*listings, *details)] + suspects
    return [turn for turn in (listings, details, *suspects) if turn]


def swept_together(turns: Sequence[list[Work]]) -> list[list[list[Work]]]:
    """The turns in parts, each of which is swept before the next one begins.

    Whoever dies of a suspect sweeps nothing any more, and would do so in every run. The others
    stay together, since the brakes have to see them together.
    """
    suspects = [turn for turn in turns if turn[0][0].crashed]
    innocent = [turn for turn in turns if not turn[0][0].crashed]
    return [part for part in (innocent, suspects) if part]


def is_suspect(lease: Lease, turn: Sequence[Work]) -> bool:
    """Whether the turn may end this process."""
    return lease.attempts > CRASHES_BEFORE_BACKOFF or any(scope.crashed for scope, _ in turn)
