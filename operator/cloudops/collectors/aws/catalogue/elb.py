"""Load balancers of both generations, and what stands behind the newer ones."""

from typing import Final

from cloudops.collectors.aws.arns import CLASSIC_LOAD_BALANCER, LOAD_BALANCER, TARGET_GROUP
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.elbv2.load-balancers",
        service="elbv2",
        operation="DescribeLoadBalancers",
        page_size_parameter="PageSize",
        page_size=400,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticloadbalancing:DescribeLoadBalancers",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::ElasticLoadBalancingV2::LoadBalancer",
                kind="network.load-balancer",
                items="LoadBalancers",
                id="LoadBalancerArn",
                arn=LOAD_BALANCER,
                name="LoadBalancerName",
                state="State.Code",
                created="CreatedTime",
                tag_source=TagSource.TAGGING,
                volatile=("State.Reason",),
                unordered=(
                    "AvailabilityZones",
                    "AvailabilityZones[].LoadBalancerAddresses",
                    "AvailabilityZones[].SourceNatIpv6Prefixes",
                    "SecurityGroups",
                ),
                edges={
                    "addresses": "AvailabilityZones[].LoadBalancerAddresses[].AllocationId",
                    "network": "VpcId",
                    "security_groups": "SecurityGroups",
                    "subnets": "AvailabilityZones[].SubnetId",
                },
            ),
        ),
    ),
    Listing(
        name="aws.elb.load-balancers",
        service="elb",
        operation="DescribeLoadBalancers",
        page_size_parameter="PageSize",
        page_size=400,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticloadbalancing:DescribeLoadBalancers",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::ElasticLoadBalancing::LoadBalancer",
                kind="network.load-balancer",
                items="LoadBalancerDescriptions",
                id=CLASSIC_LOAD_BALANCER,
                name="LoadBalancerName",
                created="CreatedTime",
                tag_source=TagSource.TAGGING,
                unordered=(
                    "AvailabilityZones",
                    "BackendServerDescriptions",
                    "BackendServerDescriptions[].PolicyNames",
                    "Instances",
                    "ListenerDescriptions",
                    "ListenerDescriptions[].PolicyNames",
                    "Policies.AppCookieStickinessPolicies",
                    "Policies.LBCookieStickinessPolicies",
                    "Policies.OtherPolicies",
                    "SecurityGroups",
                    "Subnets",
                ),
                edges={
                    "certificates": "ListenerDescriptions[].Listener.SSLCertificateId",
                    "instances": "Instances[].InstanceId",
                    "network": "VPCId",
                    "security_groups": "SecurityGroups",
                    "subnets": "Subnets",
                },
            ),
        ),
    ),
    Listing(
        name="aws.elbv2.target-groups",
        service="elbv2",
        operation="DescribeTargetGroups",
        page_size_parameter="PageSize",
        page_size=400,
        region_rule=RegionRule.REGIONAL,
        permissions=("elasticloadbalancing:DescribeTargetGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElasticLoadBalancingV2::TargetGroup",
                kind="network.target-group",
                items="TargetGroups",
                id="TargetGroupArn",
                arn=TARGET_GROUP,
                name="TargetGroupName",
                tag_source=TagSource.TAGGING,
                unordered=("LoadBalancerArns",),
                edges={
                    "load_balancers": "LoadBalancerArns",
                    "network": "VpcId",
                },
            ),
        ),
    ),
)
