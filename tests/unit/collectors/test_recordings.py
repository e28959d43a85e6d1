"""Every recorded answer of an operation that a row uses is understood and nothing is lost."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.canonical import Cleaner
from cloudops.collectors.identifiers import AnswerContext
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Listing
from cloudops.domain.resource import Facet, Page
from tests.unit.collectors.rows import REDACTOR


def find_pack() -> Path:
    """Where `CLOUDOPS_RECORDINGS` says, else a folder `recordings` that a neighbour has."""
    beside = Path(__file__).parents[4].glob("*/recordings")
    return Path(os.environ.get("CLOUDOPS_RECORDINGS") or next(beside, "recordings"))


PACK = find_pack()
# Recordings are filed under the host's first label.
HOSTS = {"resourcegroupstaggingapi": "tagging"}

pytestmark = [
    pytest.mark.recordings,
    pytest.mark.skipif(
        not (PACK / "aws").is_dir(), reason=f"no recordings in {PACK}; see CLOUDOPS_RECORDINGS"
    ),
]


def revive(value: dict[str, Any]) -> Any:
    if value.pop("__class__", None) == "datetime":
        return datetime(**value, tzinfo=UTC)
    return value


def answers(listing: Listing) -> Iterator[dict[str, Any]]:
    path = PACK / "aws" / f"{HOSTS.get(listing.service, listing.service)}.jsonl"
    for line in path.read_text().splitlines():
        record = json.loads(line, object_hook=revive)
        if record["operation"] == listing.operation and record["status_code"] == 200:
            yield record["data"]


def values(found: Any) -> Iterator[str]:
    """Every scalar inside, as text."""
    if isinstance(found, dict):
        for inner in found.values():
            yield from values(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from values(inner)
    else:
        yield json.dumps(found)


def account_of(answer: dict[str, Any]) -> str:
    owners = Counter(
        item["OwnerId"] for item in answer.get("SecurityGroups", ()) if "OwnerId" in item
    )
    return owners.most_common(1)[0][0] if owners else "111122223333"


RECORDED = [
    pytest.param(listing, id=listing.name)
    for listing in LISTINGS
    if listing.operation != "GetAccountAuthorizationDetails"  # nobody recorded it
]


@pytest.mark.parametrize("listing", RECORDED)
def test_recorded_answers_are_read_without_loss(listing: Listing):
    # Tags of any type will do here, not only of those that the catalogue tags.
    rows = tuple(replace(emits, id_shape="") for emits in listing.emits)
    transform = ListingTransform(replace(listing, emits=rows), REDACTOR)
    seen = 0
    for answer in answers(listing):
        context = AnswerContext("aws", "aws", account_of(answer), "us-east-1")
        page = transform.page(answer, context)

        assert not page.malformed
        if listing.facet is Facet.LISTED:
            assert not lost_values(listing, answer, context.account, page)
        seen += len(page.observations)
    assert seen > 0


def lost_values(listing: Listing, answer: dict[str, Any], account: str, page: Page) -> Counter[str]:
    [emits] = listing.emits
    [key] = re.findall(r"{([A-Z]\w+)}", emits.id)
    items = {
        item[key]: item
        for item in items_of(answer, emits.items)
        if not emits.owner or item.get(emits.owner, account) == account
    }
    kept = (o.document for o in page.observations), (o.volatile for o in page.observations)
    found = Counter(value for part in chain(*kept) for value in values(orjson.loads(part)))
    return Counter(values(Cleaner().clean(list(items.values())))) - found


def items_of(answer: dict[str, Any], path: str) -> list[dict[str, Any]]:
    if path == "Reservations[].Instances":
        return [item for outer in answer["Reservations"] for item in outer["Instances"]]
    found: list[dict[str, Any]] = answer[path]
    return found
