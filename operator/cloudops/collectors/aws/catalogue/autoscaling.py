"""Groups of machines that grow and shrink by themselves."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.autoscaling.groups",
        service="autoscaling",
        operation="DescribeAutoScalingGroups",
        page_size_parameter="MaxRecords",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("autoscaling:DescribeAutoScalingGroups",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.HOT,
        emits=(
            Emits(
                type="AWS::AutoScaling::AutoScalingGroup",
                kind="compute.instance-group",
                items="AutoScalingGroups",
                id="AutoScalingGroupARN",
                name="AutoScalingGroupName",
                # It is there only while the group is being deleted.
                state="Status",
                created="CreatedTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                # How many machines a group wants and which it has is what one looks for in
                # its history, whoever turned the knob; how they are just now is not.
                volatile=(
                    "Instances[].HealthStatus",
                    "Instances[].LifecycleState",
                    "PredictedCapacity",
                    "WarmPoolConfiguration.Status",
                    "WarmPoolSize",
                ),
                # The order of termination policies and of overrides is their priority.
                unordered=(
                    "AvailabilityZoneIds",
                    "AvailabilityZones",
                    "EnabledMetrics",
                    "Instances",
                    "LoadBalancerNames",
                    "SuspendedProcesses",
                    "Tags",
                    "TargetGroupARNs",
                    "TrafficSources",
                ),
                # The subnets stand in one text with commas, which JMESPath can't take apart.
                edges={
                    "instances": To("Instances[].InstanceId", arns.EC2_INSTANCE),
                    "launch_configuration": "LaunchConfigurationName",
                    "launch_template": To(
                        "LaunchTemplate.LaunchTemplateId || "
                        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification"
                        ".LaunchTemplateId",
                        arns.EC2_LAUNCH_TEMPLATE,
                    ),
                    "load_balancers": To("LoadBalancerNames", arns.CLASSIC_LOAD_BALANCER),
                    "override_templates": To(
                        "MixedInstancesPolicy.LaunchTemplate.Overrides[]"
                        ".LaunchTemplateSpecification.LaunchTemplateId",
                        arns.EC2_LAUNCH_TEMPLATE,
                    ),
                    "role": To("ServiceLinkedRoleARN", arns.IAM_ROLE),
                    "subnets": To("VPCZoneIdentifier", arns.EC2_SUBNET, pattern=r"[^,\s]+"),
                    "target_groups": To("TargetGroupARNs", arns.TARGET_GROUP),
                },
            ),
        ),
    ),
)
