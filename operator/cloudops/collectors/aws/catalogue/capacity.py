"""Room for machines that is set aside or paid ahead."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ec2.hosts",
        service="ec2",
        operation="DescribeHosts",
        page_size_parameter="MaxResults",
        page_size=500,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeHosts",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::Host",
                kind="compute.host",
                items="Hosts",
                id=arns.EC2_HOST,
                owner="OwnerId",
                # Released ones are shown for a while, and say so here.
                state="State",
                created="AllocationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("AvailableCapacity",),
                unordered=("Instances", "Tags"),
                edges={"instances": To("Instances[].InstanceId", arns.EC2_INSTANCE)},
            ),
        ),
    ),
    Listing(
        name="aws.ec2.capacity-reservations",
        service="ec2",
        operation="DescribeCapacityReservations",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeCapacityReservations",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::CapacityReservation",
                kind="compute.capacity-reservation",
                items="CapacityReservations",
                id="CapacityReservationArn",
                arn=arns.EC2_CAPACITY_RESERVATION,
                # Those that other accounts share with this one are listed too.
                owner="OwnerId",
                state="State",
                created="CreateDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=(
                    "AvailableInstanceCount",
                    "CapacityAllocations",
                    "InterruptibleCapacityAllocation.InstanceCount",
                    "InterruptibleCapacityAllocation.Status",
                ),
                unordered=("Tags",),
                edges={
                    "fleet": "CapacityReservationFleetId",
                    "placement_group": "PlacementGroupArn",
                },
            ),
        ),
    ),
)
