"""What the fake AWS writes, botocore's own parsers read: every output of the catalogue."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudops.collectors.aws.catalogue import LISTINGS
from tests.fakes.aws.protocols import ApiError, WireResponse, failure, success
from tests.fakes.aws.recordings import find_pack, fitted, records, without_metadata
from tests.fakes.aws.rows import operations_of
from tests.fakes.aws.writers import service_model
from tests.unit.collectors.pack import STRANGE

PACK = find_pack()
CALLED = sorted({(row.service, name) for row in LISTINGS for name in operations_of(row)})
PROTOCOLS = {"ec2", "query", "json", "rest-json", "rest-xml"}
DEEPEST = 4
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12
)
MOMENTS = st.integers(86_400, 4_000_000_000_000).map(
    lambda milliseconds: datetime.fromtimestamp(milliseconds / 1000, UTC)
)
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "character": TEXT,
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "timestamp": MOMENTS,
    "blob": st.binary(max_size=12),
}


def operation_of(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


def _inner(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: values_of(shape, depth))


def parsed(service: str, operation: str, response: WireResponse) -> dict[str, Any]:
    model = operation_of(service, operation)
    assert model.output_shape is not None
    parser = create_parser(model.service_model.resolved_protocol)
    wire = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": response.body,
    }
    return without_metadata(parser.parse(wire, model.output_shape))


def values_of(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Any value of a shape; what holds itself ends somewhere."""
    if isinstance(shape, StructureShape):
        return _structures(shape, depth)
    if isinstance(shape, ListShape):
        least = 1 if shape.serialization.get("flattened") else 0  # none of them is no list
        return st.lists(values_of(shape.member, depth + 1), min_size=least, max_size=2)
    if isinstance(shape, MapShape):
        least = 1 if shape.serialization.get("flattened") else 0
        inner = values_of(shape.value, depth + 1)
        return st.dictionaries(TEXT, inner, min_size=least, max_size=2)
    return SCALARS[shape.type_name]


def _structures(shape: StructureShape, depth: int) -> st.SearchStrategy[Any]:
    if shape.is_document_type:
        return st.dictionaries(TEXT, TEXT, max_size=2)
    if depth > DEEPEST:
        return st.just({})
    members = {
        name: _inner(member, depth + 1)
        for name, member in shape.members.items()
        if not member.serialization.get("xmlAttribute")  # the fake writes none
    }
    if shape.is_tagged_union:
        return st.sampled_from(sorted(members)).flatmap(
            lambda name: st.fixed_dictionaries({name: members[name]})
        )
    if not members:
        return st.just({})
    # What is the whole body is always there.
    whole = {name for name in members if name == shape.serialization.get("payload")}
    few = st.sets(st.sampled_from(sorted(members)), max_size=4)
    return few.flatmap(
        lambda names: st.fixed_dictionaries({name: members[name] for name in names | whole})
    )


@pytest.mark.parametrize(("service", "operation"), CALLED)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(data=st.data())
def test_botocore_reads_what_was_written(service: str, operation: str, data: st.DataObject):
    shape = operation_of(service, operation).output_shape
    assert shape is not None
    answer = data.draw(values_of(shape))

    assert parsed(service, operation, success(service, operation, answer)) == answer


def test_every_protocol_is_among_them():
    assert {service_model(service).resolved_protocol for service, _ in CALLED} == PROTOCOLS


@pytest.mark.parametrize("service", sorted({service for service, _ in CALLED}))
def test_errors_keep_their_code_and_words(service: str):
    operation = next(name for of, name in CALLED if of == service)
    response = failure(service, ApiError("Strange<&>Fault", "Why & <how>", 400))

    error = parsed(service, operation, response)["Error"]

    assert (error["Code"], error["Message"]) == ("Strange<&>Fault", "Why & <how>")


def without_holes(shape: Shape, value: Any) -> Any:
    """Less what the wire can't tell from nothing: members that are null."""
    if isinstance(shape, StructureShape) and shape.members:
        return {
            name: without_holes(shape.members[name], one)
            for name, one in value.items()
            if one is not None
        }
    if isinstance(shape, ListShape):
        return [without_holes(shape.member, one) for one in value]
    if isinstance(shape, MapShape):
        return {name: without_holes(shape.value, one) for name, one in value.items()}
    return value


@pytest.mark.recordings
@pytest.mark.skipif(not (PACK / "aws").is_dir(), reason=f"no recordings in {PACK}")
@pytest.mark.parametrize(("service", "operation"), CALLED)
def test_recorded_answers_survive_the_way_over_the_wire(service: str, operation: str):
    shape = operation_of(service, operation).output_shape
    assert shape is not None
    for record in records(PACK, service):
        if record.operation == operation and record.recording not in STRANGE:
            answer = without_holes(shape, fitted(shape, record.data))
            again = parsed(service, operation, success(service, operation, answer))
            assert again == answer, record.recording
