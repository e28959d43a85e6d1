"""The types of resources that are read, for people: what each needs and what it brings."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloudops.domain.errors import InvalidInputError
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.provider import Globs
from cloudops.domain.resource import TagSource


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """One type of a cloud's catalogue.

    Attributes:
        type: Native type, e.g. `AWS::EC2::Instance`.
        kind: Normalised kind, e.g. `compute.instance`.
        service: The SDK's service name, e.g. `ec2`.
        listing: The listing that shows the type, e.g. `aws.ec2.instances`.
        tier: How much is read: 0 listed, 1 described, 2 with calls about single items.
        region_rule: `regional` or `global`.
        permissions: What the listing needs, in the order of its calls.
        detail_listing: The listing that asks about single items; "" where none does.
        detail_permissions: What that needs.
        tag_listing: The listing that brings the tags; "" where none does.
        tag_permissions: What the tags need on top of `permissions`.
        edges: Names of the relations to other resources.
    """

    cloud: str
    type: str
    kind: str
    service: str
    listing: str
    tier: int
    region_rule: str
    period: PeriodClass
    consistency: Consistency
    permissions: tuple[str, ...]
    detail_listing: str
    detail_permissions: tuple[str, ...]
    tag_source: TagSource
    tag_listing: str
    tag_permissions: tuple[str, ...]
    edges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeFilter:
    """Members AND; "" means any; `type` (or kind) and `service` may be globs."""

    cloud: str = ""
    type: str = ""
    service: str = ""


def chosen_types(rows: Sequence[TypeRow], wanted: TypeFilter) -> list[TypeRow]:
    """Those of `rows` that fit; none where the members have nothing in common.

    Raises:
        InvalidInputError: The type or the service alone fits no row: it is
            misspelt, or it is not read.
    """
    of_cloud = [row for row in rows if wanted.cloud in ("", row.cloud)]
    of_type = [row for row in of_cloud if _matches(wanted.type, row.type, row.kind)]
    if not of_type:
        raise InvalidInputError(
            f"{wanted.type}: no such type or kind is read; write it as AWS::EC2::Instance, "
            "or as a glob such as 'AWS::EC2::*' or 'compute.*'"
        )
    if not any(_matches(wanted.service, row.service) for row in of_cloud):
        raise InvalidInputError(
            f"{wanted.service}: no such service is read; write its name in the SDK, e.g. elbv2, "
            "or a glob such as 'elb*'"
        )
    return [row for row in of_type if _matches(wanted.service, row.service)]


def _matches(glob: str, *names: str) -> bool:
    return not glob or Globs((glob,)).matches(*names)
