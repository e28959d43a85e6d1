"""Every recorded answer of an operation that a row uses is understood and nothing is lost."""

from dataclasses import replace

import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.resource import Facet
from tests.unit.collectors.pack import (
    NEEDS_PACK,
    STRANGE,
    account_of,
    answers,
    lost_values,
    own_items,
)
from tests.unit.collectors.rows import REDACTOR, recorded

pytestmark = NEEDS_PACK

RECORDED = [
    pytest.param(listing, id=listing.name)
    for listing in LISTINGS
    if recorded(listing)["source"].startswith("recorded:")
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
