"""What the SDK's models call sensitive, and what is a pair, is hidden in every row's documents."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from cloudops.collectors.aws.catalogue import LISTINGS
from cloudops.collectors.documents import CompiledEmits, compile_emits
from cloudops.collectors.paths import ANY, EACH
from cloudops.domain.resource import Facet
from tests.unit.collectors.detail_rows import told_shapes
from tests.unit.collectors.rows import REDACTOR, item_shapes

pytestmark = pytest.mark.unit

CANARY: Final = "canary-4f1c"
SECRET: Final = f"https://example.com/{CANARY}"  # of addresses only the host may stay
VALUE: Final = re.compile(r"(.*)[vV]alue")

_COMPANY: Final = "where a company is, and what somebody there does"
_DATABASE: Final = "who reads and writes where, which opens nothing without a password"
_FAILURE: Final = "what went wrong, not what was read"
_FREE: Final = "what people say about it"
_NAMES: Final = "what a hidden value is called"
_NAMED: Final = "hidden where the name beside it says so"

NO_SECRETS: Final = {
    "AttributeName": _NAMES,
    "City": _COMPANY,
    "Comment": _FREE,
    "CompanyName": _COMPANY,
    "CountryCode": _COMPANY,
    "DistrictOrCounty": _COMPANY,
    "Error.Message": _FAILURE,
    "IPAddress": "where a machine is",
    "KMSMasterKeyID": "which key, not the key",
    "OptionSettings[].Value": _NAMED,
    "PrivateLinkVpceId": _DATABASE,
    "RecoveryPointTags": _NAMED,
    "ShareNotes": _FREE,
    "SnowflakeDestinationDescription.ContentColumnName": _DATABASE,
    "SnowflakeDestinationDescription.Database": _DATABASE,
    "SnowflakeDestinationDescription.MetaDataColumnName": _DATABASE,
    "SnowflakeDestinationDescription.Schema": _DATABASE,
    "SnowflakeDestinationDescription.Table": _DATABASE,
    "SnowflakeDestinationDescription.User": _DATABASE,
    "SnowflakeRole": _DATABASE,
    "StateOrRegion": _COMPANY,
    "Title": _COMPANY,
    "Username": _DATABASE,
    "adminUsername": _DATABASE,
    "WebsiteUrl": _COMPANY,
    "description": _FREE,
    "metricValue": "a number, or where a line holds it",
    "variableReferences": _NAMES,
    "variableReferences.*[]": _NAMES,
}
"""Members that are stored as they are, by how their paths end, and why they may be."""

_COUNTED: Final = "how much of what"
_LABELS: Final = "what people put on it to find it"
_PLACES: Final = "where it is"
_SIGN_IN: Final = "how a page for signing in looks, told to every browser"
_STATEMENT: Final = "each by its own name, of which the SDK's models tell nothing"
_WENT: Final = "how it went, and when"

OPEN: Final = {
    "": _STATEMENT,
    "AdvancedBackupSettings[].BackupOptions": "whether Windows is asked to take part",
    "AdvancedOptions": "limits of a search engine",
    "AuthenticationRequestExtraParams": _SIGN_IN,
    "ColumnToJsonKeyMappings": _NAMES,
    "Endpoints": _PLACES,
    "LastIngestionTimes": _WENT,
    "StandardsInput": "which controls a standard has",
    "Status.ErrorDetails[].ErrorData[]": _WENT,
    "SubnetMapping": _PLACES,
    "annotations": _LABELS,
    "dimensions": _NAMES,
    "diskEncryptionConfiguration.encryptionContext": "what KMS writes into its log",
    "dns": _PLACES,
    "dockerLabels": _LABELS,
    "labels": _LABELS,
    "lastIngestionTimes": _WENT,
    "limits": _COUNTED,
    "requests": _COUNTED,
    "uris": _PLACES,
}
"""Open maps whose values are stored as they are, by how their paths end, and why they may be."""

Path = tuple[str, ...]


def members(shape: Shape, path: Path = (), within: Path = ()) -> Iterator[tuple[Path, Shape]]:
    """Every member below `shape`, with its path; those of recursive shapes once."""
    yield path, shape
    if shape.name in within:
        return
    inside = (*within, shape.name)
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from members(member, (*path, name), inside)
    elif isinstance(shape, ListShape):
        yield from members(shape.member, (*path, EACH), inside)
    elif isinstance(shape, MapShape):
        yield from members(shape.value, (*path, ANY), inside)


def sensitive(path: Path, shape: Shape) -> Iterator[tuple[str, Any]]:
    if path and shape.metadata.get("sensitive"):
        yield text_of(path), nested(path, filled(shape))


def opened(path: Path, shape: Shape) -> Iterator[tuple[str, Any]]:
    """A map of texts: whoever owns it puts in whatever he likes. Tags are seen to elsewhere."""
    if not isinstance(shape, MapShape):
        return
    free = shape.value.type_name == "string" and not getattr(shape.value, "enum", None)
    if free and "tag" not in text_of(path).lower():
        yield text_of(path), nested(path, {"MY_DSN": SECRET})


def filled(shape: Shape) -> Any:
    """A value with secrets in all places but names."""
    if isinstance(shape, ListShape):
        return [filled(shape.member)]
    if isinstance(shape, StructureShape):
        return {name: "Setting" if is_name(name, "") else SECRET for name in shape.members}
    return {ANY: SECRET} if isinstance(shape, MapShape) else SECRET


def pairs(path: Path, shape: Shape) -> Iterator[tuple[str, Any]]:
    """`XName` or `XKey` beside `XValue`: the name may say that the value is a secret."""
    known = shape.members if isinstance(shape, StructureShape) else {}
    for value, member in known.items():
        found = VALUE.fullmatch(value)
        names = [name for name in known if found and is_name(name, found[1])]
        if names and not is_container(member):
            pair = {value: SECRET} | dict.fromkeys(names, "AdminPassword")
            yield text_of((*path, value)), nested(path, pair)


def is_name(member: str, prefix: str) -> bool:
    return member.lower() in {f"{prefix}{word}".lower() for word in ("key", "name")}


def is_container(shape: Shape) -> bool:
    return isinstance(shape, StructureShape | ListShape | MapShape)


def nested(path: Path, value: Any) -> Any:
    for step in reversed(path):
        value = [value] if step == EACH else {step: value}
    return value


def text_of(path: Path) -> str:
    return ".".join(path).replace(f".{EACH}", EACH)


def shapes_of_rows() -> Iterator[tuple[str, CompiledEmits, Shape]]:
    for listing in LISTINGS:
        for emits in listing.emits if listing.facet is not Facet.TAGS else ():
            details = listing.details_of is not None
            told = told_shapes(listing) if details else item_shapes(listing, emits)
            for shape in told or ():
                yield listing.name, compile_emits(emits), shape


def told_secrets(path: Path, shape: Shape) -> Iterator[tuple[str, Any]]:
    yield from sensitive(path, shape)
    yield from pairs(path, shape)


Secrets = Callable[[Path, Shape], Iterator[tuple[str, Any]]]


@cache
def stored_in_clear(secrets: Secrets) -> tuple[tuple[str, str], ...]:
    """Row and path of each such member whose value outlives the redaction."""
    clear = set()
    for name, row, item in shapes_of_rows():
        for path, shape in members(item):
            for text, document in secrets(path, shape):
                REDACTOR.redact(document, row.redact, row.webhooks)
                if CANARY in json.dumps(document):
                    clear.add((name, text))
    return tuple(sorted(clear))


def exemption(path: str, ends: Mapping[str, str]) -> str | None:
    return next(
        (end for end in ends if path == end or (end and f".{path}".endswith(f".{end}"))), None
    )


def test_a_sensitive_member_is_hidden_or_known_to_be_no_secret():
    """Fails without the row's `redact`, or where a pair's words are unknown."""
    clear = stored_in_clear(told_secrets)

    assert [(name, path) for name, path in clear if exemption(path, NO_SECRETS) is None] == []


def test_an_open_map_is_hidden_or_known_to_hold_no_secrets():
    """Fails without the row's `redact`: arguments, options and settings hold whatever one likes."""
    clear = stored_in_clear(opened)

    assert [(name, path) for name, path in clear if exemption(path, OPEN) is None] == []


@pytest.mark.parametrize(("secrets", "ends"), [(told_secrets, NO_SECRETS), (opened, OPEN)])
def test_nothing_is_exempt_that_is_hidden_anyway(secrets, ends):
    assert {exemption(path, ends) for _, path in stored_in_clear(secrets)} >= set(ends)
