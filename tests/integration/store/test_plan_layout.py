"""Where the plan's rows lie: what is written together for ever after lies together."""

import pytest

from tests.integration.store.seeding import account, listing, rows, write_plan, write_provider

pytestmark = [pytest.mark.integration, pytest.mark.database]

REGIONS = [f"region-{number}" for number in range(20)]
LISTINGS = [listing(f"fake.listing-{number}") for number in range(125)]
# 125 rows of some 200 bytes, on pages that are filled to 70 %.
MOST_PAGES = 8


def test_the_scopes_of_a_lease_lie_on_neighbouring_pages(engine):
    """Fails without ORDER BY in `plan._SCOPES`: each lease would have rows on 76 pages.

    A re-sync writes all rows of a lease at once, and after a checkpoint each of their pages
    goes into the WAL as a whole.
    """
    write_plan(engine, write_provider(engine), [account(regions=REGIONS)], LISTINGS)

    pages = rows(
        engine,
        "SELECT count(DISTINCT split_part(trim('()' FROM ctid::text), ',', 1)) AS pages"
        " FROM scope GROUP BY lease_id",
    )
    assert len(pages) == len(REGIONS)
    assert max(row.pages for row in pages) <= MOST_PAGES
