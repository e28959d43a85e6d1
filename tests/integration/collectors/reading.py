"""What a session shows of a row, whether it lists something or reads details."""

from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.detailing import listed_item
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.resource import ListedItem, Observation


def items_of(session: AwsAccountSession, row: Listing, region: str) -> list[ListedItem]:
    """Whose details a row of details may ask for, as the list shows them just now.

    Raises:
        ListingError: The list can't be read.
    """
    assert row.details_of is not None
    return [
        listed_item(o)
        for page in session.pages(row.details_of, region)
        for o in page.observations
        if o.head
    ]


def shown_by(
    session: AwsAccountSession,
    row: Listing,
    region: str,
    items: list[ListedItem] | None = None,
) -> list[Observation]:
    """All that a row brings; of details those of `items`, else of what its list shows.

    Raises:
        ListingError: It can't be read.
    """
    if row.details_of is None:
        pages = list(session.pages(row, region))
        assert not [item for page in pages for item in page.malformed], row.name
        return [o for page in pages for o in page.observations]
    wanted = items_of(session, row, region) if items is None else items
    told = [session.detail(row, region, item) for item in wanted]
    found = [one for one in told if isinstance(one, Observation)]
    assert len(found) == len([one for one in told if one is not None]), row.name
    return found
