"""Resources, the order in which listings page through them, and the account that holds them."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.aws.web_identity import OidcProvider

ARNS = {
    "ec2:instance": "arn:{partition}:ec2:{region}:{account}:instance/{id}",
    "ec2:volume": "arn:{partition}:ec2:{region}:{account}:volume/{id}",
    "ec2:security-group": "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
    "dynamodb:table": "arn:{partition}:dynamodb:{region}:{account}:table/{id}",
    "s3:bucket": "arn:{partition}:s3:::{id}",
    "iam:user": "arn:{partition}:iam::{account}:user{path}{id}",
    "iam:role": "arn:{partition}:iam::{account}:role{path}{id}",
    "iam:group": "arn:{partition}:iam::{account}:group{path}{id}",
    "iam:policy": "arn:{partition}:iam::{account}:policy{path}{id}",
    # No listing of the fake shows zones; its tagging API does.
    "route53:hostedzone": "arn:{partition}:route53:::hostedzone/{id}",
}
_SYNTHETIC = "arn:{partition}:cloudcontrol:{region}:{account}:{type}/{id}"
# The order of the four lists inside one answer of GetAccountAuthorizationDetails.
_IAM_ORDER = {"iam:user": "1", "iam:role": "2", "iam:group": "3", "iam:policy": "4"}
CLOUD_CONTROL = "cloudcontrol"
"""Kinds of what only Cloud Control lists are `cloudcontrol:AWS::ApiGateway::ApiKey`."""
GLOBAL = "global"
ALWAYS_ON = "us-east-1"


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing in an account; its body is rendered when it is served (`builders.render`).

    Attributes:
        kind: A key of `ARNS`, or one of Cloud Control's.
        id: Instance id, bucket name, user name…
        region: Where it is; `global` for IAM and Route 53.
        tags: As a plain mapping.
        fields: Members of the API's output shape that replace the rendered defaults.
        owner: Account in the ARN where it is not the listing account (`aws` for managed policies).
        slim: Only the members that an inventory reads; `fields` still count (see `slim`).
    """

    kind: str
    id: str
    region: str
    tags: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    owner: str = ""
    slim: bool = False

    def arn(self, account: str, partition: str = "aws") -> str:
        if self.kind.startswith(CLOUD_CONTROL) and self.id.startswith("arn:"):
            return self.id
        template = ARNS.get(self.kind, _SYNTHETIC)
        return template.format(
            type=self.kind.partition(":")[2],
            partition=partition,
            region="" if self.region == GLOBAL else self.region,
            account=self.owner or account,
            path=self.fields.get("Path", "/"),
            id=self.id,
        )


class Index:
    """Resources in the order in which one listing pages through them."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.items: dict[str, Resource] = {}

    def put(self, key: str, resource: Resource) -> None:
        if key not in self.items:
            insort(self.keys, key)
        self.items[key] = resource

    def put_many(self, pairs: Iterable[tuple[str, Resource]]) -> None:
        self.items.update(pairs)
        self.keys = sorted(self.items)

    def remove(self, key: str) -> None:
        if self.items.pop(key, None) is not None:
            del self.keys[bisect_right(self.keys, key) - 1]

    def get(self, key: str | None) -> Resource | None:
        return None if key is None else self.items.get(key)

    def after(self, key: str | None) -> Iterator[tuple[str, Resource]]:
        """Everything behind `key`, which need not exist (any more); None = from the start."""
        start = 0 if key is None else bisect_right(self.keys, key)
        for position in range(start, len(self.keys)):
            name = self.keys[position]
            yield name, self.items[name]


@dataclass(slots=True)
class Account:
    """One AWS account; `indexes` is keyed by (listing, region), `oidc_providers` by issuer."""

    id: str
    name: str
    partition: str
    regions: list[str]
    opted_out: list[str]
    indexes: dict[tuple[str, str], Index] = field(default_factory=dict)
    live: dict[str, Resource] = field(default_factory=dict)
    versions: dict[str, list[tuple[float, Resource | None]]] = field(default_factory=dict)
    ever_tagged: set[str] = field(default_factory=set)
    oidc_providers: dict[str, OidcProvider] = field(default_factory=dict)

    def index(self, listing: str, region: str) -> Index:
        return self.indexes.setdefault((listing, region), Index())

    def places(self, arn: str, resource: Resource) -> list[tuple[str, str, str]]:
        """(listing, region, key) of every listing that shows this resource."""
        service = resource.kind.partition(":")[0]
        if service == "iam":
            places = [("iam", GLOBAL, _IAM_ORDER[resource.kind] + arn)]
        elif service == "s3":
            places = [(resource.kind, GLOBAL, resource.id)]
        else:
            places = [(resource.kind, resource.region, resource.id)]
        region = self._tagging_region(resource)
        if region and arn in self.ever_tagged:
            places.append(("tagging", region, arn))
        return places

    @staticmethod
    def _tagging_region(resource: Resource) -> str:
        """What is global the real tagging API shows in us-east-1; of IAM no users and roles."""
        if resource.kind.startswith("iam:") and (resource.kind != "iam:policy" or resource.owner):
            return ""
        return ALWAYS_ON if resource.region == GLOBAL else resource.region
