"""The rows that read tags: one pass for all types whose own listing does not tell them."""

from collections.abc import Sequence
from typing import Final

from cloudops.collectors.aws.arns import service_of
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import Facet, TagSource

TAGGING: Final = "aws.tagging.resources"


def tagging_listings(rows: Sequence[Listing]) -> tuple[Listing, ...]:
    """The tagging passes for every type in `rows` whose tags come from the tagging API.

    One runs in every region. What lies in none is shown only where its service is at home,
    whatever regions are selected: each such service has a pass of its own. They have one
    `Emits` a type, so that excluding a type excludes its tags too.

    Raises:
        ValueError: A type's id is no ARN template, so its tags could not be matched.
    """
    regional: list[Emits] = []
    by_home: dict[str, list[Emits]] = {}
    every = ((row, emits) for row in rows for emits in row.emits)
    for row, emits in every:
        if emits.tag_source is TagSource.TAGGING:
            service = service_of(_matched(emits))
            lies_nowhere = row.region_rule is RegionRule.GLOBAL and not emits.region
            wanted = by_home.setdefault(service, []) if lies_nowhere else regional
            wanted.append(_tags_of(emits, row.name))
    return (
        _tagging_pass(TAGGING, regional),
        *(_tagging_pass(f"aws.tagging.{home}", by_home[home], home) for home in sorted(by_home)),
    )


def _tagging_pass(name: str, wanted: Sequence[Emits], home_of: str = "") -> Listing:
    return Listing(
        name=name,
        service="resourcegroupstaggingapi",
        operation="GetResources",
        parameters={"ResourceTypeFilters": sorted({service_of(one.id_shape) for one in wanted})},
        dispensable={"ResourceTypeFilters": r"Unsupported service=([\w-]+) in ResourceTypeFilter"},
        page_size_parameter="ResourcesPerPage",
        page_size=100,
        region_rule=RegionRule.GLOBAL if home_of else RegionRule.REGIONAL,
        home_of=home_of,
        permissions=("tag:GetResources",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        facet=Facet.TAGS,
        emits=tuple(wanted),
    )


def _matched(emits: Emits) -> str:
    """The template by which tags find their resource."""
    if not emits.id_template.startswith("arn:{partition}:"):
        raise ValueError(f"{emits.type}: tags can be matched only to an ARN template")
    return emits.id_template


def _tags_of(emits: Emits, owner_listing: str) -> Emits:
    return Emits(
        type=emits.type,
        kind=emits.kind,
        items="ResourceTagMappingList",
        id="ResourceARN",
        id_shape=emits.id_template,
        tag_source=TagSource.TAGGING,
        tags="Tags",
        owner_listing=owner_listing,
    )
