"""What moto can't do, type by type. Every entry is checked to be still true."""

from typing import Final

NO_SUCH_CALL: Final = "moto does not have the call"

NOT_IN_MOTO: Final = {
    "aws.accessanalyzer.analyzers": "moto does not have the service",
    "aws.account.primary-contacts": NO_SUCH_CALL,
    "aws.codeartifact.domains": "moto does not have the service",
    "aws.codeartifact.repositories": "moto does not have the service",
    "aws.config.conformance-packs": NO_SUCH_CALL,
    "aws.config.service-recorders": NO_SUCH_CALL,
    "aws.directconnect.gateways": NO_SUCH_CALL,
    "aws.directconnect.virtual-interfaces": NO_SUCH_CALL,
    "aws.dlm.policies": "moto does not have the service",
    "aws.ec2.capacity-reservations": NO_SUCH_CALL,
    "aws.ec2.client-vpn-endpoints": NO_SUCH_CALL,
    "aws.ec2.image-public-access-blocks": NO_SUCH_CALL,
    "aws.ec2.instance-connect-endpoints": NO_SUCH_CALL,
    "aws.ec2.instance-metadata-defaults": NO_SUCH_CALL,
    "aws.ec2.reserved-instances": NO_SUCH_CALL,
    "aws.ec2.serial-console-access": NO_SUCH_CALL,
    "aws.ec2.snapshot-public-access-blocks": NO_SUCH_CALL,
    "aws.eks.add-ons": NO_SUCH_CALL,
    "aws.eks.add-ons.details": NO_SUCH_CALL,
    "aws.elasticache.reserved-nodes": NO_SUCH_CALL,
    "aws.elasticache.serverless-caches": NO_SUCH_CALL,
    "aws.elasticache.user-groups": NO_SUCH_CALL,
    "aws.fsx.virtual-machines": NO_SUCH_CALL,
    "aws.fsx.volumes": NO_SUCH_CALL,
    "aws.memorydb.acls": NO_SUCH_CALL,
    "aws.opensearch.reserved-instances": NO_SUCH_CALL,
    "aws.rds.option-groups": "moto fails where no group is named",
    "aws.rds.reserved-instances": NO_SUCH_CALL,
    "aws.redshift.reserved-nodes": NO_SUCH_CALL,
    "aws.redshift-serverless.namespaces": "moto does not have the service",
    "aws.redshift-serverless.workgroups": "moto does not have the service",
    "aws.savingsplans.plans": "moto does not have the service",
    "aws.securityhub.enabled-standards": NO_SUCH_CALL,
    "aws.ssm.managed-instances": NO_SUCH_CALL,
    "aws.xray.encryption-configs": NO_SUCH_CALL,
}
"""Listing → why moto can't answer it."""

ABSENT: Final = {
    "AWS::CloudWatch::CompositeAlarm": "moto can't make composite alarms",
    "AWS::CloudWatch::Dashboard": "moto shows dashboards only in the region where they were made",
    "AWS::InspectorV2::AccountStatus": "moto tells of accounts only that are named",
    "AWS::WAFv2::CloudFrontLoggingConfiguration": "moto looks for a region called `global`",
    "AWS::Route53::QueryLoggingConfig": "their log groups lie in another region than the estate",
}
"""Type → why moto shows none."""

NAMELESS: Final = {
    "AWS::CloudFront::Distribution": "CloudFront makes their names up",
    "AWS::Config::RetentionConfiguration": "AWS calls it `default`",
    "AWS::EFS::MountTarget": "their ids are their names",
    "AWS::ElasticLoadBalancingV2::Listener": "listeners have none",
    "AWS::GuardDuty::Detector": "its list tells no tags, which would name it",
    "AWS::IAM::ManagedPolicy": "moto leaves out the names of policies",
    "AWS::KMS::Key": "keys have none, their ids stand in for them",
    "AWS::Lambda::EventSourceMapping": "their ids are their names",
    "AWS::Route53::HealthCheck": "their name is a tag, which the list does not bring",
    "AWS::SNS::Subscription": "subscriptions have none",
    "AWS::WAFv2::LoggingConfiguration": "what is logged of a web ACL has none",
    "AWS::SecurityHub::Hub": "AWS calls each of them `default`",
}
"""Type → why none has the estate's name; statements about an account never have one."""

UNDATED: Final = {
    "AWS::ApiGateway::Stage",
    "AWS::ECS::Service",
    "AWS::ElastiCache::Snapshot",
    "AWS::ElasticBeanstalk::Application",
    "AWS::Events::EventBus",
    "AWS::FSx::FileSystem",
    "AWS::Glue::SecurityConfiguration",
    "AWS::KMS::Alias",
    "AWS::Logs::MetricFilter",
    "AWS::RDS::EventSubscription",
    "AWS::SSM::Document",
    "AWS::VpcLattice::Service",
    "AWS::VpcLattice::ServiceNetwork",
}
"""Types whose creation time moto leaves out."""

UNTAGGED: Final = {
    "AWS::CloudTrail::Trail": "moto's tagging API does not know trails",
    "AWS::CloudWatch::CompositeAlarm": "moto can't make composite alarms",
    "AWS::ECR::Repository": "moto's tagging API does not know repositories",
    "AWS::ElasticLoadBalancing::LoadBalancer": "moto files them under `elb`, which is no service",
    "AWS::IAM::SAMLProvider": "moto leaves out their tags",
    "AWS::RAM::ResourceShare": "moto leaves out their tags",
    "AWS::SageMaker::EndpointConfig": "moto writes their ARN with brackets around it",
    **dict.fromkeys(
        (
            "AWS::ACMPCA::CertificateAuthority",
            "AWS::Backup::BackupPlan",
            "AWS::CodePipeline::Pipeline",
            "AWS::Config::ConfigRule",
            "AWS::Config::ConfigurationAggregator",
            "AWS::DAX::Cluster",
            "AWS::ElasticBeanstalk::Application",
            "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::Events::Rule",
            "AWS::IAM::InstanceProfile",
            "AWS::IAM::ServerCertificate",
            "AWS::IAM::VirtualMFADevice",
            "AWS::Kinesis::Stream",
            "AWS::MemoryDB::Cluster",
            "AWS::MemoryDB::Snapshot",
            "AWS::MemoryDB::SubnetGroup",
            "AWS::MemoryDB::User",
            "AWS::OpenSearchServerless::Collection",
            "AWS::OpenSearchService::Domain",
            "AWS::RDS::DBClusterParameterGroup",
            "AWS::RDS::DBParameterGroup",
            "AWS::RDS::DBSubnetGroup",
            "AWS::RDS::EventSubscription",
            "AWS::Route53::HealthCheck",
            "AWS::Route53::HostedZone",
            "AWS::Route53Resolver::ResolverEndpoint",
            "AWS::Route53Resolver::ResolverQueryLoggingConfig",
            "AWS::Route53Resolver::ResolverRule",
            "AWS::StepFunctions::Activity",
            "AWS::WAFv2::IPSet",
            "AWS::WAFv2::RegexPatternSet",
            "AWS::WAFv2::RuleGroup",
            "AWS::WAFv2::WebACL",
            "AWS::WorkSpaces::Directory",
        ),
        "moto's tagging API does not know them",
    ),
}
"""Type → why moto's listing, or its tagging pass, leaves out the tags."""

RESTLESS: Final = dict.fromkeys(
    ("aws.athena.work-groups", "aws.athena.work-groups.details"),
    "moto makes the primary work group anew each time",
)
"""Listing → why a second reading differs, though nothing happened."""
