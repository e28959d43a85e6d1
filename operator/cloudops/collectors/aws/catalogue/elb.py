"""Load balancers of both generations, and what stands behind the newer ones."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import (
    DetailCall,
    Details,
    Emits,
    Listing,
    Parents,
    RegionRule,
    To,
)
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
                arn=arns.LOAD_BALANCER,
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
                    "addresses": To(
                        "AvailabilityZones[].LoadBalancerAddresses[].AllocationId", arns.EC2_ADDRESS
                    ),
                    "network": To("VpcId", arns.EC2_VPC),
                    "security_groups": To("SecurityGroups", arns.EC2_SECURITY_GROUP),
                    "subnets": To("AvailabilityZones[].SubnetId", arns.EC2_SUBNET),
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
                id=arns.CLASSIC_LOAD_BALANCER,
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
                    "certificates": To(
                        "ListenerDescriptions[].Listener.SSLCertificateId",
                        (arns.CERTIFICATE, arns.SERVER_CERTIFICATE),
                    ),
                    "instances": To("Instances[].InstanceId", arns.EC2_INSTANCE),
                    "network": To("VPCId", arns.EC2_VPC),
                    "security_groups": To("SecurityGroups", arns.EC2_SECURITY_GROUP),
                    "subnets": To("Subnets", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.elbv2.listeners",
        service="elbv2",
        operation="DescribeListeners",
        parents=Parents(
            operation="DescribeLoadBalancers",
            permission="elasticloadbalancing:DescribeLoadBalancers",
            items="LoadBalancers",
            key="LoadBalancerArn",
            parameter="LoadBalancerArn",
            parameters={"PageSize": 400},
            gone={"LoadBalancerNotFound": ""},
        ),
        page_size_parameter="PageSize",
        page_size=400,
        region_rule=RegionRule.REGIONAL,
        permissions=(
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancers",
        ),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ElasticLoadBalancingV2::Listener",
                kind="network.listener",
                items="Listeners",
                id="ListenerArn",
                arn=arns.LOAD_BALANCER_LISTENER,
                tag_source=TagSource.TAGGING,
                volatile=("MutualAuthentication.TrustStoreAssociationStatus",),
                unordered=("Certificates", "DefaultActions[].ForwardConfig.TargetGroups"),
                edges={
                    "certificates": To(
                        "Certificates[].CertificateArn", (arns.CERTIFICATE, arns.SERVER_CERTIFICATE)
                    ),
                    "load_balancer": To("LoadBalancerArn", arns.LOAD_BALANCER),
                    "target_groups": To(
                        "DefaultActions[]"
                        ".[TargetGroupArn, ForwardConfig.TargetGroups[].TargetGroupArn]",
                        arns.TARGET_GROUP,
                    ),
                    "user_pools": To(
                        "DefaultActions[].AuthenticateCognitoConfig.UserPoolArn", arns.USER_POOL
                    ),
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
        details=Details(
            calls=(
                DetailCall(
                    operation="DescribeTargetHealth",
                    permission="elasticloadbalancing:DescribeTargetHealth",
                    key="TargetGroupArn",
                    parameter="TargetGroupArn",
                    result="TargetHealthDescriptions",
                    into="Targets",
                ),
            ),
            gone={"TargetGroupNotFound": ""},
            # What is registered lasts, how it is doing comes and goes.
            volatile=(
                "Targets[].AdministrativeOverride",
                "Targets[].AnomalyDetection",
                "Targets[].TargetHealth",
            ),
            unordered=("Targets",),
            edges={
                # An address names nobody.
                "targets": To(
                    "Targets[].Target.Id",
                    (arns.EC2_INSTANCE, arns.LAMBDA_FUNCTION, arns.LOAD_BALANCER),
                    pattern=r"\A(?:i-|arn:).+",
                ),
            },
        ),
        emits=(
            Emits(
                type="AWS::ElasticLoadBalancingV2::TargetGroup",
                kind="network.target-group",
                items="TargetGroups",
                id="TargetGroupArn",
                arn=arns.TARGET_GROUP,
                name="TargetGroupName",
                tag_source=TagSource.TAGGING,
                unordered=("LoadBalancerArns",),
                edges={
                    "load_balancers": To("LoadBalancerArns", arns.LOAD_BALANCER),
                    "network": To("VpcId", arns.EC2_VPC),
                },
            ),
        ),
    ),
)
