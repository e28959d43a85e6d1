"""No resource is shown twice: by the row that describes it, and by one of Cloud Control."""

from collections.abc import Mapping
from typing import Final

import pytest

from cloudops.collectors.aws.catalogue import CLOUD_CONTROL, LISTINGS
from cloudops.collectors.aws.cloudcontrol import cloudcontrol_listings, table
from cloudops.domain.resource import Facet
from tests.unit.collectors.cloudcontrol_items import answer, read

pytestmark = pytest.mark.unit

LISTABLE = {row.types[0]: row for row in cloudcontrol_listings(())}
# Actions that lists of described rows need.
DESCRIBING = {action for row in LISTINGS if row.facet is Facet.LISTED for action in row.permissions}
# By what they show: other resources, though their lists need an action of a described row's.
SHOWS_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "All reading of API Gateway is one action, GET; none of these is described": (
        *("AWS::ApiGateway::ApiKey", "AWS::ApiGateway::Authorizer"),
        *("AWS::ApiGateway::BasePathMapping", "AWS::ApiGateway::BasePathMappingV2"),
        *("AWS::ApiGateway::ClientCertificate",),
        *("AWS::ApiGateway::Deployment", "AWS::ApiGateway::DocumentationPart"),
        *("AWS::ApiGateway::DocumentationVersion", "AWS::ApiGateway::DomainNameAccessAssociation"),
        *("AWS::ApiGateway::GatewayResponse", "AWS::ApiGateway::Model"),
        *("AWS::ApiGateway::RequestValidator", "AWS::ApiGateway::Resource"),
        *("AWS::ApiGateway::UsagePlanKey", "AWS::ApiGatewayV2::ApiMapping"),
        *("AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Deployment"),
        *("AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::IntegrationResponse"),
        *("AWS::ApiGatewayV2::Model", "AWS::ApiGatewayV2::PortalProduct"),
        *("AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::RouteResponse"),
    ),
    "Links of a described resource with another": (
        *("AWS::EC2::EIPAssociation", "AWS::EC2::IpPoolRouteTableAssociation"),
        *("AWS::EC2::NetworkInterfaceAttachment", "AWS::EC2::SubnetNetworkAclAssociation"),
        *("AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::VPCDHCPOptionsAssociation"),
        *("AWS::EC2::VPCGatewayAttachment", "AWS::EC2::VolumeAttachment"),
        *(
            "AWS::ECS::ClusterCapacityProviderAssociations",
            "AWS::MediaConvert::CertificateAssociation",
        ),
        *("AWS::Route53Resolver::ResolverRuleAssociation",),
        *(
            "AWS::SecretsManager::SecretTargetAttachment",
            "AWS::WorkspacesInstances::VolumeAssociation",
        ),
    ),
    "Parts and settings of a described resource": (
        *("AWS::Backup::BackupSelection", "AWS::Config::RemediationConfiguration"),
        *("AWS::EC2::Route", "AWS::EC2::SubnetCidrBlock", "AWS::EC2::VPCCidrBlock"),
        *("AWS::EC2::VPNConnectionRoute", "AWS::ElasticBeanstalk::ConfigurationTemplate"),
        *("AWS::Logs::Transformer", "AWS::Route53::DNSSEC", "AWS::Route53::KeySigningKey"),
        *("AWS::Route53::RecordSet", "AWS::Route53Resolver::ResolverConfig"),
        *("AWS::S3::BucketPolicy", "AWS::SecretsManager::ResourcePolicy"),
        *("AWS::SecretsManager::RotationSchedule", "AWS::Shield::ProactiveEngagement"),
    ),
    "Their lists look at what they use": (
        *("AWS::AIOps::InvestigationGroup", "AWS::Cassandra::Table", "AWS::Connect::Instance"),
        *("AWS::Connect::InstanceStorageConfig", "AWS::EC2::CapacityReservationFleet"),
        *("AWS::ODB::OdbNetwork", "AWS::OpenSearchServerless::VpcEndpoint"),
        *("AWS::RUM::AppMonitor", "AWS::Redshift::EndpointAccess"),
    ),
    "The described row asks for alarms of the other sorts only": ("AWS::CloudWatch::LogAlarm",),
    "Another API's buses, under an action of the same name": (
        *("AWS::EventsV2::EventBus", "AWS::EventsV2::ResourcePolicy"),
    ),
}


def test_no_row_lists_what_a_described_row_lists():
    """A new type that shares an action is a double, or shows something else for a reason."""
    sharing = {
        row.types[0]
        for row in CLOUD_CONTROL
        if DESCRIBING.intersection(table()[row.types[0]].get("permissions", ()))
    }
    reviewed = [type_ for types in SHOWS_OTHERS.values() for type_ in types]

    assert sharing - set(reviewed) == set()
    # Nor is any of them stale, or named twice.
    assert sorted(reviewed) == sorted(sharing)


@pytest.mark.parametrize("sort", ["Connect", "PeeringAttachment", "VpcAttachment"])
def test_attachments_of_each_sort_are_left_to_the_row_of_all_of_them(sort: str):
    """Each sort has an action of its own, so that the rule above can't see them."""
    shown = {row.types[0] for row in CLOUD_CONTROL}

    assert f"AWS::EC2::TransitGateway{sort}" not in shown


@pytest.mark.parametrize(
    "type_",
    [
        "AWS::EventsV2::ResourcePolicy",
        "AWS::FMS::NotificationChannel",
        "AWS::MSK::ClusterPolicy",
        "AWS::MediaConvert::CertificateAssociation",
    ],
)
def test_what_is_named_by_the_arn_of_another_has_an_id_of_its_own(type_: str):
    """Fails where any identifier that is an ARN is the id: the policy and its cluster are one."""
    [found, _] = read(LISTABLE[type_], answer(type_)).observations

    assert found.head is not None
    assert found.head.canonical_id.startswith("arn:aws:cloudcontrol:")
