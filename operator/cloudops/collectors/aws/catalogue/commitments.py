"""What was bought in advance: it is paid for, whether it is used or not."""

from typing import Final

from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.redshift.reserved-nodes",
        service="redshift",
        operation="DescribeReservedNodes",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("redshift:DescribeReservedNodes",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::Redshift::ReservedNode",
                kind="commitment.reservation",
                items="ReservedNodes",
                id="arn:{partition}:redshift:{region}:{account}:reserved-node:{ReservedNodeId}",
                name="ReservedNodeId",
                state="State",
                created="StartTime",
                tag_source=TagSource.NONE,
                unordered=("RecurringCharges",),
            ),
        ),
    ),
    Listing(
        name="aws.rds.reserved-instances",
        service="rds",
        operation="DescribeReservedDBInstances",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("rds:DescribeReservedDBInstances",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::RDS::ReservedDBInstance",
                kind="commitment.reservation",
                items="ReservedDBInstances",
                id="ReservedDBInstanceArn",
                name="ReservedDBInstanceId",
                state="State",
                created="StartTime",
                tag_source=TagSource.UNREAD,
                unordered=("RecurringCharges",),
            ),
        ),
    ),
    Listing(
        name="aws.elasticache.reserved-nodes",
        service="elasticache",
        operation="DescribeReservedCacheNodes",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticache:DescribeReservedCacheNodes",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElastiCache::ReservedCacheNode",
                kind="commitment.reservation",
                items="ReservedCacheNodes",
                id="ReservationARN",
                name="ReservedCacheNodeId",
                state="State",
                created="StartTime",
                tag_source=TagSource.UNREAD,
                unordered=("RecurringCharges",),
            ),
        ),
    ),
    Listing(
        name="aws.savingsplans.plans",
        service="savingsplans",
        operation="DescribeSavingsPlans",
        paging={"input_token": "nextToken", "output_token": "nextToken"},
        page_size_parameter="maxResults",
        page_size=1000,
        region_rule=RegionRule.GLOBAL,
        permissions=("savingsplans:DescribeSavingsPlans",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::SavingsPlans::SavingsPlan",
                kind="commitment.savings-plan",
                items="savingsPlans",
                id="savingsPlanArn",
                name="savingsPlanId",
                state="state",
                created="start",
                tag_source=TagSource.LISTED,
                tags="tags",
                unordered=("productTypes",),
            ),
        ),
    ),
)
