"""Rows for the types that only Cloud Control lists, one a type, made from a generated table.

`ListResources` promises no more than an item's identifier: whatever else it brings is
kept, and what it leaves out is unknown. So ids are made of the identifier alone, and
tags that are not there are not "none".
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cloudops.collectors.vocabulary import LISTED_TIER, Emits, Listing, Parents, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

SERVICE: Final = "cloudcontrol"
FAMILY: Final = "aws.cloudcontrol"
OPERATION: Final = "ListResources"
PERMISSION: Final = "cloudformation:ListResources"
IDENTIFIER: Final = "Identifier"
PROPERTIES: Final = "Properties"
ITEMS: Final = "ResourceDescriptions"

# The same resources as described rows show under another name.
SAME_AS_DESCRIBED: Final[Mapping[str, str]] = {
    # Sorts of one thing, all of which the described row's list shows.
    "AWS::ApiGateway::DomainNameV2": "AWS::ApiGateway::DomainName",
    "AWS::ApiGatewayV2::DomainName": "AWS::ApiGateway::DomainName",
    "AWS::Backup::LogicallyAirGappedBackupVault": "AWS::Backup::BackupVault",
    "AWS::DirectConnect::PrivateVirtualInterface": "AWS::DirectConnect::VirtualInterface",
    "AWS::DirectConnect::PublicVirtualInterface": "AWS::DirectConnect::VirtualInterface",
    "AWS::DirectConnect::TransitVirtualInterface": "AWS::DirectConnect::VirtualInterface",
    "AWS::DirectoryService::MicrosoftAD": "AWS::DirectoryService::Directory",
    "AWS::DirectoryService::SimpleAD": "AWS::DirectoryService::Directory",
    "AWS::DynamoDB::GlobalTable": "AWS::DynamoDB::Table",
    "AWS::EC2::TransitGatewayConnect": "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::TransitGatewayPeeringAttachment": "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::TransitGatewayVpcAttachment": "AWS::EC2::TransitGatewayAttachment",
    "AWS::KMS::ReplicaKey": "AWS::KMS::Key",
    "AWS::MSK::ServerlessCluster": "AWS::MSK::Cluster",
    "AWS::ServiceDiscovery::HttpNamespace": "AWS::ServiceDiscovery::Namespace",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "AWS::ServiceDiscovery::Namespace",
    "AWS::ServiceDiscovery::PublicDnsNamespace": "AWS::ServiceDiscovery::Namespace",
    "AWS::WorkspacesInstances::Volume": "AWS::EC2::Volume",
    # DocumentDB and Neptune keep theirs in RDS, whose lists show them as its own.
    "AWS::DocDB::DBClusterParameterGroup": "AWS::RDS::DBClusterParameterGroup",
    "AWS::DocDB::DBSubnetGroup": "AWS::RDS::DBSubnetGroup",
    "AWS::DocDB::EventSubscription": "AWS::RDS::EventSubscription",
    "AWS::Neptune::DBCluster": "AWS::RDS::DBCluster",
    "AWS::Neptune::DBClusterParameterGroup": "AWS::RDS::DBClusterParameterGroup",
    "AWS::Neptune::DBInstance": "AWS::RDS::DBInstance",
    "AWS::Neptune::DBParameterGroup": "AWS::RDS::DBParameterGroup",
    "AWS::Neptune::DBSubnetGroup": "AWS::RDS::DBSubnetGroup",
    "AWS::Neptune::EventSubscription": "AWS::RDS::EventSubscription",
    # Other words for one thing.
    "AWS::RDS::ClusterSnapshot": "AWS::RDS::DBClusterSnapshot",
    "AWS::Redshift::Snapshot": "AWS::Redshift::ClusterSnapshot",
}
_NOT_HERE: Final = ("PrivateTypeException", "TypeNotFoundException", "UnsupportedActionException")
_ARN: Final = f"starts_with({IDENTIFIER}, 'arn:') && {IDENTIFIER}"
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+")

TypeFacts = Mapping[str, Any]
"""A line of the table; `scripts/cloudcontrol_types.py` says what stands in it."""


@cache
def table() -> Mapping[str, TypeFacts]:
    """Every type that Cloud Control lists, whoever else lists it."""
    text = files("cloudops.collectors.aws").joinpath("cloudcontrol_types.json").read_text("utf-8")
    types: Mapping[str, TypeFacts] = json.loads(text)["types"]
    return types


def cloudcontrol_listings(described: Iterable[str]) -> tuple[Listing, ...]:
    """A row for each type that can be listed and is not among the types `described`."""
    known = frozenset(described)
    return tuple(
        _listing(name, facts)
        for name, facts in table().items()
        if name not in known
        and SAME_AS_DESCRIBED.get(name, "") not in known
        and "needs" not in facts
    )


def _listing(name: str, facts: TypeFacts) -> Listing:
    own = tuple(facts.get("permissions", ()))
    parents = _parents(facts)
    of_parents = tuple(table()[facts["parent"][1]].get("permissions", ())) if parents else ()
    model = {"ResourceModel": json.dumps(facts["constant"])} if "constant" in facts else {}
    return Listing(
        name=f"{FAMILY}.{slug(name)}",
        service=SERVICE,
        operation=OPERATION,
        # How many items make a page can't be asked for: the parameter is reserved.
        parameters={"TypeName": name, **model},
        parents=parents,
        region_rule=RegionRule.GLOBAL if facts.get("global") else RegionRule.REGIONAL,
        # AWS names the action where Cloud Control itself is denied, but not always where
        # a handler's call is: then the handler's own comes first.
        permissions=tuple(dict.fromkeys((*own, *of_parents, PERMISSION))),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.COLD,
        tier=LISTED_TIER,
        named_only=True,
        family=FAMILY,
        unsupported_codes=_NOT_HERE,
        emits=(_emits(name, facts),),
    )


def _parents(facts: TypeFacts) -> Parents | None:
    if "parent" not in facts:
        return None
    member, parent = facts["parent"]
    return Parents(
        operation=OPERATION,
        permission=next(iter(table()[parent].get("permissions", ())), PERMISSION),
        parameters={"TypeName": parent},
        items=ITEMS,
        key=IDENTIFIER,
        tail=facts.get("tail", False),
        parameter="ResourceModel",
        member=member,
        gone={"ResourceNotFoundException": ""},
    )


def _emits(name: str, facts: TypeFacts) -> Emits:
    tags = _inside(facts.get("tags", ""))
    return Emits(
        type=name,
        kind=f"other.{slug(name)}",
        items=ITEMS,
        id=_ARN if facts.get("arn") else synthetic_id(name, facts),
        owner=IDENTIFIER if facts.get("arn") else "",
        body=PROPERTIES,
        name=_inside(facts.get("name", "")),
        state=_inside(facts.get("state", "")),
        created=_inside(facts.get("created", "")),
        tag_source=TagSource.LISTED if tags else TagSource.UNREAD,
        tags=tags,
        tags_may_lack=bool(tags),
        redact=tuple(map(_inside, facts.get("redact", ()))),
        unordered=tuple(map(_inside, facts.get("unordered", ()))),
    )


def synthetic_id(name: str, facts: TypeFacts) -> str:
    """The id's template where Cloud Control's identifier is no ARN.

    No service of AWS writes ARNs of `cloudcontrol`, so that no other id is like it.
    """
    region = "" if facts.get("global") else "{region}"
    return f"arn:{{partition}}:{SERVICE}:{region}:{{account}}:{name}/{{{IDENTIFIER}*}}"


def slug(name: str) -> str:
    """`AWS::ApiGateway::ApiKey` → `apigateway-api-key`."""
    _, service, short = name.split("::")
    return "-".join((service.lower(), *(word.lower() for word in _WORD.findall(short))))


def _inside(path: str) -> str:
    return path and f"{PROPERTIES}.{path}"
