"""Services that this fake knows only by name: whatever the catalogue lists there is empty.

Their models in botocore say which operation a request means and how an answer is written.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.paths import parse_path
from tests.fakes.aws.protocols import ApiError, WireRequest, service_model

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
        services = tuple(s for s in services if service_model(s).api_version == asked)
    service = services[0]
    match service_model(service).resolved_protocol:
        case "query":
            return service, form.pop("Action", ""), form
        case "json":
            return service, wire.headers.get("x-amz-target", "").rpartition(".")[2], {}
    return service, next(_operations_at(service, wire.method, wire.path), ""), {}


def _operations_at(service: str, method: str, path: str) -> Iterator[str]:
    model = service_model(service)
    for name in model.operation_names:
        http = model.operation_model(name).http
        pattern = _LABEL.sub("[^/]+", re.escape(http["requestUri"].partition("?")[0]))
        if http["method"] == method and re.fullmatch(pattern, path):
            yield name


@cache
def _nothing() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """How each listing of the catalogue looks where there is nothing."""
    answers: dict[tuple[str, str], dict[str, Any]] = {}
    for listing in LISTINGS:
        answer = answers.setdefault((listing.service, listing.operation), {})
        paths = (
            [listing.describe.items] if listing.describe else [one.items for one in listing.emits]
        )
        if not listing.omits_empty:
            answer |= {parse_path(path).steps[0]: [] for path in paths}
    return answers


def nothing(service: str, operation: str) -> dict[str, Any]:
    """An empty list.

    Raises:
        ApiError: No listing of the catalogue asks for this.
    """
    answer = _nothing().get((service, operation))
    if answer is None:
        message = f"The action {operation} is not valid for this web service."
        raise ApiError("InvalidAction", message)
    return dict(answer)
