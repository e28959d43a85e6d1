"""Every recorded answer of an operation that a row uses is understood and nothing is lost."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import jmespath
import orjson
import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.canonical import Cleaner
from cloudops.collectors.identifiers import AnswerContext, compile_id
from cloudops.collectors.paths import find, parse_path
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import DESCRIBED, Emits, Listing
from cloudops.domain.resource import Facet, Page, resource_uid
from tests.unit.collectors.rows import REDACTOR, operation_of, recorded


def find_pack() -> Path:
    """Where `CLOUDOPS_RECORDINGS` says, else a folder `recordings` that a neighbour has."""
    beside = Path(__file__).parents[4].glob("*/recordings")
    return Path(os.environ.get("CLOUDOPS_RECORDINGS") or next(beside, "recordings"))


PACK = find_pack()
SHARING = {"elb", "elbv2"}
CONTEXT = {"partition", "account", "region"}
# Answers that no call of ours gets: recording → why.
STRANGE = {
    "test_rds_snapshot_age_filter": "made by hand, without ARNs",
    "test_rdssubnetgroup_unused": "made by hand, with empty objects for times",
    "test_sqs_modify_policy_add_remove_statements": "asked for one attribute",
    "test_sqs_remove_matched": "asked for one attribute",
    "test_sqs_remove_matched_empty_sid": "asked for one attribute",
    "test_sqs_remove_named": "asked for one attribute",
}

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


def answers(listing: Listing) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the row reads, with the name of the recording."""
    describe = listing.describe
    operation = describe.operation if describe else listing.operation
    # Recordings are filed under the host's name, and some services nobody recorded.
    host = operation_of(listing).service_model.endpoint_prefix
    path = PACK / "aws" / f"{host}.jsonl"
    for line in path.read_text().splitlines() if path.exists() else ():
        record = json.loads(line, object_hook=revive)
        if record["operation"] != operation or record["status_code"] != 200:
            continue
        answer = record["data"]
        if describe:
            told = jmespath.search(describe.result, without_metadata(answer))
            several = told if isinstance(told, list) else [told]
            answer = {DESCRIBED: [listed_members(listing) | one for one in several]}
        # Two services share a host, and the names of their operations.
        if listing.service not in SHARING or any(emits.items in answer for emits in listing.emits):
            yield record["recording"], answer


def listed_members(listing: Listing) -> dict[str, Any]:
    """What ids and names need of the list, which was recorded apart from the second call."""
    [emits] = listing.emits
    placeholders = re.findall(r"{(\w+)[*/]?}", emits.id) if "{" in emits.id else [emits.id]
    return {name: f"of-the-list-{name}" for name in {*placeholders} - CONTEXT}


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


def account_of(listing: Listing, answer: dict[str, Any]) -> str:
    """Most of what a listing shows is the account's own."""
    owners = Counter(
        item[emits.owner]
        for emits in listing.emits
        for item in items_of(answer, emits)
        if emits.owner and emits.owner in item
    )
    return owners.most_common(1)[0][0] if owners else "111122223333"


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


def own_items(
    listing: Listing, answer: dict[str, Any], context: AnswerContext
) -> dict[UUID, dict[str, Any]]:
    """The account's own items as they should be kept, by uid; the last of several wins."""
    own: dict[UUID, dict[str, Any]] = {}
    for emits in listing.emits:
        for item in items_of(answer, emits):
            if emits.owner and item.get(emits.owner, context.account) != context.account:
                continue
            document = Cleaner().clean(item)
            uid = resource_uid("aws", compile_id(emits.id).fill(document, context))
            for place in (p for path in emits.json for p in find(document, parse_path(path))):
                if isinstance(place.value, str):  # the SDK decodes some by itself
                    place.put(decoded(place.value))
            # What is redacted is no loss; that it is redacted, other tests see to.
            REDACTOR.redact(document, map(parse_path, emits.redact))
            own[uid] = document
    return own


def lost_values(own: dict[UUID, dict[str, Any]], page: Page) -> Counter[str]:
    kept = (o.document for o in page.observations), (o.volatile for o in page.observations)
    found = Counter(value for part in chain(*kept) for value in values(orjson.loads(part)))
    return Counter(values(list(own.values()))) - found


def decoded(text: str) -> Any:
    """What the text means; API Gateway writes it as it would stand inside quotes."""
    for candidate in (text, unquote(text)):
        with suppress(json.JSONDecodeError):
            return json.loads(candidate)
    with suppress(json.JSONDecodeError):
        return json.loads(json.loads(f'"{text}"'))
    return text


def items_of(answer: dict[str, Any], emits: Emits) -> list[dict[str, Any]]:
    """Every item of the row's type, found in a simpler way than the engine's."""
    if emits.items == "Reservations[].Instances":
        return [item for outer in answer["Reservations"] for item in outer["Instances"]]
    found: Any = jmespath.search(emits.items, answer)
    if emits.single:
        return [found if isinstance(found, dict) else without_metadata(answer)]
    return found or []


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
