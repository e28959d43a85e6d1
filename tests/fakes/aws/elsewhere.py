"""Services that this fake knows only by name: whatever the catalogue lists there is empty.

Their models in botocore say which operation a request means and how an answer is written.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.paths import EACH, parse_path
from cloudops.collectors.vocabulary import DetailCall, Listing, RegionRule
from tests.fakes.aws.protocols import ApiError, WireRequest
from tests.fakes.aws.replay_items import describe_of
from tests.fakes.aws.rows import LISTED, operations_of
from tests.fakes.aws.writers import service_model

_API_VERSION = "Version"
_LABEL = re.compile(r"\\\{[^}]+\\\}")


@cache
def signing_names() -> Mapping[str, tuple[str, ...]]:
    """Signing name → the SDK's names of the services that share it."""
    names: dict[str, set[str]] = {}
    for listing in LISTINGS:
        names.setdefault(service_model(listing.service).signing_name, set()).add(listing.service)
    return {name: tuple(sorted(services)) for name, services in names.items()}


def read(signing_name: str, wire: WireRequest) -> tuple[str, str, dict[str, Any]]:
    """Service, operation and, for the query protocol, parameters of a request."""
    services = signing_names()[signing_name]
    form = dict(parse_qsl(wire.body.decode("latin-1"), keep_blank_values=True))
    if len(services) > 1:
        asked = form.get(_API_VERSION)
        services = tuple(s for s in services if _is_asked(s, asked, wire))
    service = services[0]
    match service_model(service).resolved_protocol:
        case "query":
            return service, form.pop("Action", ""), form
        case "json":
            return service, wire.headers.get("x-amz-target", "").rpartition(".")[2], {}
    return service, operation_at(service, wire), {}


def _is_asked(service: str, version: str | None, wire: WireRequest) -> bool:
    """Whether `service` is meant, of several that share a name: the form or the path tells."""
    model = service_model(service)
    if model.resolved_protocol == "query":
        return bool(model.api_version == version)
    return bool(operation_at(service, wire))


def operation_at(service: str, wire: WireRequest) -> str:
    """What a REST request asks of `service`; "" where that knows no such path.

    Some operations share a path; then the one that the catalogue calls is meant.
    """
    found = list(_operations_at(service, wire))
    return next((name for name in found if (service, name) in _called()), (*found, "")[0])


def _operations_at(service: str, wire: WireRequest) -> Iterator[str]:
    """Those that ask for something by name behind a question mark come first."""
    asked = {name for name, _ in wire.query}
    plain = []
    for name, (method, pattern, fixed) in _addresses(service).items():
        if method != wire.method or not pattern.fullmatch(wire.path):
            continue
        if not fixed:
            plain.append(name)
        elif fixed <= asked:
            yield name
    yield from plain


@cache
def _addresses(service: str) -> Mapping[str, tuple[str, re.Pattern[str], frozenset[str]]]:
    """Method, path and what stands behind its question mark, by operation."""
    model = service_model(service)
    found = {}
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        fixed = frozenset(key for key, _ in parse_qsl(query, keep_blank_values=True))
        found[name] = http["method"], re.compile(_LABEL.sub("[^/]+", re.escape(path))), fixed
    return found


@cache
def _called() -> Collection[tuple[str, str]]:
    return {(row.service, name) for row in LISTINGS for name in operations_of(row)}


@cache
def _global_operations() -> Collection[tuple[str, str]]:
    listed = {
        (row.service, name)
        for row in LISTINGS
        # At the home of another service a regional one is asked, as in any other region.
        if row.region_rule is RegionRule.GLOBAL and not row.home_of
        for name in operations_of(row)
    }
    return listed | {("ec2", "DescribeRegions")}


def is_global(service: str, operation: str) -> bool:
    """Whether a call is about the account as a whole."""
    return (service, operation) in _global_operations()


def load_models() -> None:
    """Read what the catalogue's services look like, which else the first requests wait for."""
    for service in {listing.service for listing in LISTINGS}:
        service_model(service)
    _nothing()
    _absences()


@cache
def _absences() -> Mapping[tuple[str, str], ApiError]:
    """How the services of the catalogue say that there is none of what is one at most."""
    return {
        (listing.service, listing.operation): ApiError(code, _in_words(words))
        for listing in LISTED
        for code, words in listing.absent.items()
    }


def _in_words(words: str) -> str:
    return words.partition("|")[0] or "There is none."


def _statement(listing: Listing, path: str) -> Any:
    """What an account says of itself that never was touched."""
    operation = service_model(listing.service).operation_model(listing.operation)
    assert operation.output_shape is not None
    kind = operation.output_shape.members[path].type_name
    return {"list": [], "boolean": False, "string": "unblocked"}.get(kind, {})


def _empty_at(path: str) -> tuple[str, Any]:
    """The member of an answer that leads to an empty list."""
    name, _, inner = path.partition(".")
    if not inner or name.endswith(EACH):
        return parse_path(name).steps[0], []
    return name, dict((_empty_at(inner),))


@cache
def _nothing() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """How each listing of the catalogue looks where there is nothing."""
    answers: dict[tuple[str, str], dict[str, Any]] = {}
    for listing in LISTED:
        answer = answers.setdefault((listing.service, listing.operation), {})
        paths = (
            [listing.describe.items] if listing.describe else [one.items for one in listing.emits]
        )
        if not listing.omits_empty:
            answer |= dict(map(_empty_at, paths))
        if listing.parents:
            asked = listing.service, listing.parents.operation
            answers.setdefault(asked, {}).update((_empty_at(listing.parents.items),))
        if listing.csv:
            answer[listing.csv] = b"user\n"
        if listing.prepare:
            asked = listing.service, listing.prepare.operation
            answers[asked] = {listing.prepare.member: listing.prepare.done}
        answer |= {one.items: _statement(listing, one.items) for one in listing.emits if one.single}
    return answers


def _nothing_set(call: DetailCall) -> dict[str, Any]:
    """Of a bucket for which nobody ever set anything."""
    for code, words in call.absent.items():
        raise ApiError(code, _in_words(words), 404)
    return {}


def nothing(service: str, operation: str) -> dict[str, Any]:
    """An empty list.

    Raises:
        ApiError: The service says so by an error, or no listing of the catalogue asks for this.
    """
    about_one = describe_of(service, operation)
    if isinstance(about_one, DetailCall) and service == "s3":
        return _nothing_set(about_one)
    absence = _absences().get((service, operation))
    if absence is not None:
        raise absence
    answer = _nothing().get((service, operation))
    if answer is None:
        message = f"The action {operation} is not valid for this web service."
        raise ApiError("InvalidAction", message)
    return dict(answer)
