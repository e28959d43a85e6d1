r"""Types of fields: bounds and patterns, alike for pydantic, RE2 and the API server.

A type whose name begins with `Optional` also takes `""`, which means unset.
Patterns use explicit classes: `\d`, `\w` and `\s` differ between engines.
"""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from cloudops.api.v1alpha1.base import RULES_BROKEN

NAME_LENGTH = 63
OBJECT_NAME_LENGTH = 253  # of objects that are not ours: a DNS subdomain
GLOB_LENGTH = 256
TEXT_LENGTH = 1024
TAG_LENGTH = 512
URL_LENGTH = 2048
DECIMAL_LENGTH = 24
LIST_ITEMS = 100
ACCOUNT_ITEMS = 1000

_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
NAME_PATTERN = rf"^{_LABEL}(\.{_LABEL})*$"
_URL = r"https?://[A-Za-z0-9\[\]:.-]+(/[!-\"$->@-~]*)?"  # neither user, query nor fragment
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ROLE_ARN = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]+"
_ROLE_NAME = r"([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]+"
_PROJECT = r"([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]*"
# Free texts hold neither what no database stores nor what commands a terminal.
_PRINTABLE = r"[^\x00-\x1f\x7f-\x9f]"
_POSITIVE = r"[0-9]*[1-9][0-9]*(\.[0-9]+)?|[0-9]+\.[0-9]*[1-9][0-9]*"


def _address(url: str) -> str:
    """What a pattern can't tell: brackets that close, a host, and a port that there may be."""
    try:
        parts = urlsplit(url)
        readable = parts.port != 0 and (not url or bool(parts.hostname))
    except ValueError:
        readable = False
    if not readable:
        raise PydanticCustomError("no_address", "is no address: see its host and port")
    return url


def _optional(pattern: str) -> str:
    return f"^({pattern})?$"


def _whole(value: Any) -> Any:
    """The API server takes 900.0 for 900."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Switch = Annotated[bool, Field(strict=True)]
WHOLE = BeforeValidator(_whole)  # stands behind the bounds of an integer
PeriodSeconds = Annotated[int, Field(strict=True, ge=60, le=86_400), WHOLE]

Text = Annotated[str, Field(strict=True, max_length=TEXT_LENGTH, pattern=f"^{_PRINTABLE}+$")]
OptionalText = Annotated[
    str, Field(strict=True, max_length=TEXT_LENGTH, pattern=f"^{_PRINTABLE}*$")
]
Name = Annotated[str, Field(strict=True, max_length=NAME_LENGTH, pattern=NAME_PATTERN)]
ObjectName = Annotated[str, Field(strict=True, max_length=OBJECT_NAME_LENGTH, pattern=NAME_PATTERN)]
OptionalObjectName = Annotated[
    str,
    Field(strict=True, max_length=OBJECT_NAME_LENGTH, pattern=_optional(rf"{_LABEL}(\.{_LABEL})*")),
]
Glob = Annotated[str, Field(strict=True, max_length=GLOB_LENGTH, pattern=f"^{_PRINTABLE}+$")]
RegionGlob = Annotated[
    str, Field(strict=True, max_length=GLOB_LENGTH, pattern=r"^[a-z0-9*?!\[\]-]+$")
]
Region = Annotated[str, Field(strict=True, max_length=NAME_LENGTH, pattern=r"^[a-z0-9-]+$")]
Url = Annotated[str, Field(strict=True, max_length=URL_LENGTH, pattern=f"^{_URL}$")]
OptionalUrl = Annotated[
    str,
    Field(strict=True, max_length=URL_LENGTH, pattern=_optional(_URL)),
    AfterValidator(_address),
]
OptionalPositiveDecimal = Annotated[
    str, Field(strict=True, max_length=DECIMAL_LENGTH, pattern=_optional(_POSITIVE))
]
TagKey = Annotated[str, Field(strict=True, max_length=TAG_LENGTH, pattern=f"^{_PRINTABLE}+$")]
OptionalTagKey = Annotated[
    str, Field(strict=True, max_length=TAG_LENGTH, pattern=f"^{_PRINTABLE}*$")
]

AwsAccountId = Annotated[str, Field(strict=True, max_length=12, pattern=r"^[0-9]{12}$")]
RoleArn = Annotated[str, Field(strict=True, max_length=URL_LENGTH, pattern=f"^{_ROLE_ARN}$")]
OptionalRoleArn = Annotated[
    str, Field(strict=True, max_length=URL_LENGTH, pattern=_optional(_ROLE_ARN))
]
OptionalRoleName = Annotated[str, Field(strict=True, max_length=576, pattern=_optional(_ROLE_NAME))]
OptionalExternalId = Annotated[
    str, Field(strict=True, max_length=TEXT_LENGTH, pattern=r"^([A-Za-z0-9_+=,.@:/-]{2,})?$")
]
Bucket = Annotated[
    str, Field(strict=True, max_length=222, pattern=r"^[a-z0-9][a-z0-9._-]*$")
]  # 63 on S3, 222 with dots on GCS

Uuid = Annotated[str, Field(strict=True, max_length=36, pattern=f"^{_UUID}$")]
OptionalUuid = Annotated[str, Field(strict=True, max_length=36, pattern=_optional(_UUID))]
ManagementGroupId = Annotated[
    str, Field(strict=True, max_length=90, pattern=r"^[A-Za-z0-9_().-]+$")
]
Container = Annotated[
    str, Field(strict=True, max_length=NAME_LENGTH, pattern=r"^[a-z0-9$][a-z0-9-]*$")
]

GcpParent = Annotated[
    str,
    Field(
        strict=True,
        max_length=128,
        pattern=rf"^((organizations|folders)/[0-9]+|projects/{_PROJECT})$",
    ),
]
ProjectId = Annotated[str, Field(strict=True, max_length=NAME_LENGTH, pattern=f"^{_PROJECT}$")]
OptionalProjectId = Annotated[
    str, Field(strict=True, max_length=NAME_LENGTH, pattern=_optional(_PROJECT))
]
ServiceAccountEmail = Annotated[
    str, Field(strict=True, max_length=254, pattern=r"^[a-z0-9.-]+@[a-z0-9.-]+$")
]
TableWord = Annotated[str, Field(strict=True, max_length=TEXT_LENGTH, pattern=r"^[A-Za-z0-9_-]+$")]


def list_map(*keys: str) -> Any:
    """Marks a list whose items are told apart by `keys` (JSON names)."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


def unique_by(*attributes: str) -> AfterValidator:
    """What the API server checks of such a list: no two items with the same keys."""

    def check(items: tuple[Any, ...]) -> tuple[Any, ...]:
        keys = [tuple(getattr(item, name) for name in attributes) for item in items]
        doubles = [
            (f"[{index}]", f"the same {' and '.join(attributes)} as another item")
            for index, key in enumerate(keys)
            if key in keys[:index]
        ]
        if doubles:
            raise PydanticCustomError(RULES_BROKEN, "doubles", {"violations": doubles})
        return items

    return AfterValidator(check)
