"""How people get into a network, and on to its machines."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.ec2.key-pairs",
        service="ec2",
        operation="DescribeKeyPairs",
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeKeyPairs",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::KeyPair",
                kind="identity.key-pair",
                items="KeyPairs",
                id="arn:{partition}:ec2:{region}:{account}:key-pair/{KeyPairId}",
                name="KeyName",
                created="CreateTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("Tags",),
            ),
        ),
    ),
    Listing(
        name="aws.ec2.client-vpn-endpoints",
        service="ec2",
        operation="DescribeClientVpnEndpoints",
        page_size_parameter="MaxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeClientVpnEndpoints",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::ClientVpnEndpoint",
                kind="network.client-vpn",
                items="ClientVpnEndpoints",
                id="arn:{partition}:ec2:{region}:{account}:client-vpn-endpoint/{ClientVpnEndpointId}",
                state="Status.Code",
                created="CreationTime",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("ClientConnectOptions.Status", "Status.Message"),
                unordered=(
                    "AssociatedTargetNetworks",
                    "AuthenticationOptions",
                    "SecurityGroupIds",
                    "Tags",
                ),
                edges={
                    "certificate": To("ServerCertificateArn", arns.CERTIFICATE),
                    "function": To("ClientConnectOptions.LambdaFunctionArn", arns.LAMBDA_FUNCTION),
                    "identity_provider": (
                        "AuthenticationOptions[].FederatedAuthentication.SamlProviderArn"
                    ),
                    "log_group": To("ConnectionLogOptions.CloudwatchLogGroup", arns.LOG_GROUP),
                    "network": To("VpcId", arns.EC2_VPC),
                    "security_groups": To("SecurityGroupIds", arns.EC2_SECURITY_GROUP),
                    "transit_gateway": To(
                        "TransitGatewayConfiguration.TransitGatewayId", arns.EC2_TRANSIT_GATEWAY
                    ),
                },
            ),
        ),
    ),
    Listing(
        name="aws.ec2.instance-connect-endpoints",
        service="ec2",
        operation="DescribeInstanceConnectEndpoints",
        page_size_parameter="MaxResults",
        page_size=50,
        region_rule=RegionRule.REGIONAL,
        permissions=("ec2:DescribeInstanceConnectEndpoints",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::EC2::InstanceConnectEndpoint",
                kind="network.connect-endpoint",
                items="InstanceConnectEndpoints",
                id="InstanceConnectEndpointArn",
                owner="OwnerId",
                state="State",
                created="CreatedAt",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("StateMessage",),
                unordered=("NetworkInterfaceIds", "SecurityGroupIds", "Tags"),
                edges={
                    "interfaces": To("NetworkInterfaceIds", arns.EC2_NETWORK_INTERFACE),
                    "network": To("VpcId", arns.EC2_VPC),
                    "security_groups": To("SecurityGroupIds", arns.EC2_SECURITY_GROUP),
                    "subnet": To("SubnetId", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
)
