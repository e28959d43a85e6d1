"""Where AWS offers a service, as far as the SDK's own data says.

The data is as old as the SDK. A region, a partition or a service that it lacks may be new, so
nothing follows from that. A service that it knows, but not in a region that it knows as well,
is not offered there.
"""

from collections.abc import Sequence
from typing import Final

from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.vocabulary import Listing, RegionRule
from cloudops.domain.resource import GLOBAL_REGION

# The SDK's lists of these are behind those of the services that they are a part of.
_PART_OF: Final = {"s3control": "s3"}
# Every partition has it: one that lacks it in the SDK's data is younger than the data.
_EVERYWHERE: Final = "iam"


def knows_endpoint(sdk: Sdk, service: str, region: str) -> bool:
    """Whether the data names an endpoint of `service` in `region`, or one for all regions.

    The one for all regions of a partition says nothing of another, where the service may be
    missing. Of a region whose partition is not told of, all partitions speak.
    """
    own = [name for name, regions in sdk.partitions().items() if region in regions]
    places = _anywhere(sdk, service, [name for name in own if _is_told_of(sdk, name)])
    return region in places or _spans_regions(places)


def regions_without(sdk: Sdk, listing: Listing, partition: str) -> frozenset[str]:
    """See `Cloud.regions_without`.

    Which of its endpoints answers for a whole partition a service's data does not always
    say: for a global listing any of them will do. One that asks another service of it
    needs both.
    """
    if listing.region_rule is RegionRule.GLOBAL:
        needed = filter(None, (listing.service, listing.home_of))
        lacks = any(_places(sdk, service, partition) == frozenset() for service in needed)
        return frozenset({GLOBAL_REGION} if lacks else ())
    places = _places(sdk, listing.service, partition)
    if places is None or _spans_regions(places):
        return frozenset()
    return sdk.partitions()[partition] - places


def _places(sdk: Sdk, service: str, partition: str) -> frozenset[str] | None:
    """Those of `service` in the partition; None where the data can't tell."""
    service = _PART_OF.get(service, service)
    if not _is_told_of(sdk, partition) or not _anywhere(sdk, service):
        return None
    return sdk.endpoint_regions(service, partition)


def _is_told_of(sdk: Sdk, partition: str) -> bool:
    return bool(sdk.endpoint_regions(_EVERYWHERE, partition))


def _anywhere(sdk: Sdk, service: str, partitions: Sequence[str] = ()) -> frozenset[str]:
    """The places of `service` in these partitions, or in all of them."""
    names = partitions or sdk.partitions()
    return frozenset().union(*(sdk.endpoint_regions(service, name) for name in names))


def _spans_regions(places: frozenset[str]) -> bool:
    return any(name.endswith("-global") for name in places)
