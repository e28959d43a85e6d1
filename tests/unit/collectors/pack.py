"""What the pack of recorded answers holds of each row, found more simply than the engine does."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import jmespath
import orjson
import pytest

from cloudops.collectors.aws import arns
from cloudops.collectors.aws.parentage import Parent
from cloudops.collectors.canonical import Cleaner
from cloudops.collectors.detailing import DetailTransform, words_of
from cloudops.collectors.identifiers import AnswerContext, compile_id
from cloudops.collectors.paths import find, parse_path
from cloudops.collectors.vocabulary import DESCRIBED, DetailCall, Emits, Listing
from cloudops.domain.resource import ListedItem, MalformedItem, Page, resource_uid
from tests.fakes.aws.recordings import find_pack, records, without_metadata
from tests.unit.collectors.rows import REDACTOR, with_table

PACK = find_pack()
NEEDS_PACK = [
    pytest.mark.recordings,
    pytest.mark.skipif(
        not (PACK / "aws").is_dir(), reason=f"no recordings in {PACK}; see CLOUDOPS_RECORDINGS"
    ),
]
SHARING = {"apigateway", "apigatewayv2", "elb", "elbv2"}
PARENT = "a-parent"
"""Whoever it was whose items were recorded: the answers themselves seldom tell."""
# Answers that no call of ours gets: recording → why.
STRANGE = {
    "test_asg_invalid_third_ami": "from before key pairs had ids",
    "test_fsx_volume_query": "made by hand, with a number for a time",
    "test_distribution_wafv2_filter_scope": "made by hand, with objects for times",
    "test_rds_snapshot_age_filter": "made by hand, without ARNs",
    "test_rdssubnetgroup_unused": "made by hand, with empty objects for times",
    "test_sqs_modify_policy_add_remove_statements": "asked for one attribute",
    "test_sqs_remove_matched": "asked for one attribute",
    "test_sqs_remove_matched_empty_sid": "asked for one attribute",
    "test_sqs_remove_named": "asked for one attribute",
}


def answers(listing: Listing) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the row reads, with the name of the recording."""
    describe = listing.describe
    operation = describe.operation if describe else listing.operation
    for record in records(PACK, listing.service):
        if record.operation != operation:
            continue
        answer = record.data
        if describe:
            answer = {DESCRIBED: jmespath.search(describe.result, answer)}
        if is_of(listing, answer):
            yield record.recording, whosoever(listing, with_table(listing, answer))


def whosoever(listing: Listing, answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` as what belongs to some parent, where its row has parents."""
    return {**Parent(PARENT, {}).claim(listing, answer)}


def is_of(listing: Listing, answer: dict[str, Any]) -> bool:
    """Two services share a host, and the names of their operations."""
    return listing.service not in SHARING or any(e.items in answer for e in listing.emits)


def told(row: Listing) -> Iterator[tuple[str, DetailCall, Any]]:
    """What was recorded of single items, with the call that asks for it."""
    for call in words_of(row).calls:
        for record in records(PACK, row.service):
            if record.operation == call.operation:
                yield record.recording, call, jmespath.search(call.result, record.data)


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
        owner
        for emits in listing.emits
        for item in items_of(answer, emits)
        if (owner := owner_of(emits, item))
    )
    return owners.most_common(1)[0][0] if owners else "111122223333"


def owner_of(emits: Emits, item: dict[str, Any]) -> str:
    """An account id, which may stand in an ARN; "" where the item does not tell."""
    told: str = (jmespath.search(emits.owner, item) or "") if emits.owner else ""
    return arns.account_of(told) or told


def own_items(
    listing: Listing, answer: dict[str, Any], context: AnswerContext
) -> dict[UUID, dict[str, Any]]:
    """The account's own items as they should be kept, by uid; the last of several wins."""
    own: dict[UUID, dict[str, Any]] = {}
    for emits in listing.emits:
        for item in items_of(answer, emits):
            owner = owner_of(emits, item)
            if owner and owner != context.account:
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
    if emits.word:
        return [one if isinstance(one, dict) else {emits.word: one} for one in found or ()]
    if emits.single:
        return [found if isinstance(found, dict) else without_metadata(answer)]
    return found or []


def without_loss(row: Listing, call: DetailCall, answer: Any) -> bool:
    """Whether all that was told of an item is stored, but for what is hidden."""
    emits = row.emits[0]
    document = Cleaner().clean({call.into: answer} if call.into else without_metadata(answer))
    item = ListedItem(UUID(int=0), "id", "us-east-1", {}, b"")
    context = AnswerContext("aws", "aws", "111122223333", "us-east-1")
    stored = DetailTransform.of(row, REDACTOR).observe(item, document, context)
    if isinstance(stored, MalformedItem):
        return False
    for place in (p for path in emits.json for p in find(document, parse_path(path))):
        if isinstance(place.value, str):
            place.put(decoded(place.value))
    REDACTOR.redact(document, map(parse_path, emits.redact))
    kept = Counter(
        value for part in (stored.document, stored.volatile) for value in values(orjson.loads(part))
    )
    return not Counter(values(document)) - kept
