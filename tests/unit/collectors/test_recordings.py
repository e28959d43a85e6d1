"""Every recorded answer of an operation that a row uses is understood and nothing is lost."""

from dataclasses import replace

import pytest

from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.resource import Facet
from tests.fakes.aws.rows import DETAILED, LISTED
from tests.unit.collectors.pack import (
    NEEDS_PACK,
    STRANGE,
    account_of,
    answers,
    lost_values,
    own_items,
    told,
    without_loss,
)
from tests.unit.collectors.rows import REDACTOR, recorded

pytestmark = NEEDS_PACK

RECORDED = [
    pytest.param(listing, id=listing.name)
    for listing in LISTED
    if recorded(listing)["source"].startswith("recorded:")
]
OF_ITEMS = [
    pytest.param(row, id=row.name)
    for row in DETAILED
    if recorded(row)["source"].startswith("recorded:")
]


@pytest.mark.parametrize("listing", RECORDED)
def test_recorded_answers_are_read_without_loss(listing: Listing):
    # Tags of any type will do here, not only of those that the catalogue tags.
    rows = tuple(replace(emits, id_shape="") for emits in listing.emits)
    transform = ListingTransform(replace(listing, emits=rows), REDACTOR)
    seen = 0
    for recording, answer in answers(listing):
        context = AnswerContext("aws", "aws", account_of(listing, answer), "us-east-1")
        page = transform.page(answer, context)

        assert not page.malformed or recording in STRANGE
        if listing.facet is Facet.LISTED and not page.malformed:
            own = own_items(listing, answer, context)
            assert {o.uid for o in page.observations} == set(own)
            assert not lost_values(own, page)
        seen += len(page.observations)
    assert seen > 0


@pytest.mark.parametrize("row", OF_ITEMS)
def test_what_was_recorded_of_single_items_is_stored_without_loss(row: Listing):
    """Each answer alone makes details; what calls of one item make together, others test."""
    seen = 0
    for recording, call, answer in told(row):
        if recording not in STRANGE:
            assert without_loss(row, call, answer), recording
            seen += 1
    assert seen > 0
