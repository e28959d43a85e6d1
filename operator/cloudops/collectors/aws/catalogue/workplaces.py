"""Where people and programs find each other: desktops, directories, names of services, packages."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.workspaces.workspaces",
        service="workspaces",
        operation="DescribeWorkspaces",
        page_size_parameter="Limit",
        page_size=25,
        region_rule=RegionRule.REGIONAL,
        permissions=("workspaces:DescribeWorkspaces",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::WorkSpaces::Workspace",
                kind="compute.desktop",
                items="Workspaces",
                id="arn:{partition}:workspaces:{region}:{account}:workspace/{WorkspaceId}",
                name="UserName",
                state="State",
                tag_source=TagSource.TAGGING,
                # Most desktops stop when nobody is there, and start for whoever signs in.
                passing={
                    "State": dict.fromkeys(
                        ("MAINTENANCE", "REBOOTING", "STARTING", "STOPPED", "STOPPING"),
                        "AVAILABLE",
                    ),
                },
                volatile=(
                    "DataReplicationSettings.RecoverySnapshotTime",
                    "ErrorCode",
                    "ErrorMessage",
                    "ModificationStates",
                    "StandbyWorkspacesProperties",
                ),
                edges={
                    "directory": To("DirectoryId", arns.WORKSPACES_DIRECTORY),
                    "key": To("VolumeEncryptionKey", arns.KMS),
                    "subnet": To("SubnetId", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.workspaces.directories",
        service="workspaces",
        operation="DescribeWorkspaceDirectories",
        page_size_parameter="Limit",
        page_size=25,
        region_rule=RegionRule.REGIONAL,
        permissions=("workspaces:DescribeWorkspaceDirectories",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::WorkSpaces::Directory",
                kind="identity.directory",
                items="Directories",
                id=arns.WORKSPACES_DIRECTORY,
                name="DirectoryName",
                state="State",
                tag_source=TagSource.TAGGING,
                redact=("RegistrationCode",),
                volatile=("ErrorMessage",),
                unordered=("DnsIpAddresses", "SubnetIds", "ipGroupIds"),
                edges={
                    "role": To("IamRoleId", arns.IAM_ROLE),
                    "security_group": To("WorkspaceSecurityGroupId", arns.EC2_SECURITY_GROUP),
                    "subnets": To("SubnetIds", arns.EC2_SUBNET),
                },
            ),
        ),
    ),
    Listing(
        name="aws.servicediscovery.namespaces",
        service="servicediscovery",
        operation="ListNamespaces",
        page_size_parameter="MaxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("servicediscovery:ListNamespaces",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::ServiceDiscovery::Namespace",
                kind="network.namespace",
                items="Namespaces",
                id="Arn",
                owner="Arn",
                name="Name",
                created="CreateDate",
                tag_source=TagSource.UNREAD,
                volatile=("ServiceCount",),
                edges={
                    "zone": To("Properties.DnsProperties.HostedZoneId", arns.HOSTED_ZONE),
                },
            ),
        ),
    ),
    Listing(
        name="aws.vpc-lattice.services",
        service="vpc-lattice",
        operation="ListServices",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("vpc-lattice:ListServices",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::VpcLattice::Service",
                kind="network.service",
                items="items",
                id="arn",
                owner="arn",
                name="name",
                state="status",
                created="createdAt",
                tag_source=TagSource.UNREAD,
            ),
        ),
    ),
    Listing(
        name="aws.vpc-lattice.networks",
        service="vpc-lattice",
        operation="ListServiceNetworks",
        page_size_parameter="maxResults",
        page_size=100,
        region_rule=RegionRule.REGIONAL,
        permissions=("vpc-lattice:ListServiceNetworks",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::VpcLattice::ServiceNetwork",
                kind="network.service-network",
                items="items",
                id="arn",
                owner="arn",
                name="name",
                created="createdAt",
                tag_source=TagSource.UNREAD,
                volatile=(
                    "numberOfAssociatedResourceConfigurations",
                    "numberOfAssociatedServices",
                    "numberOfAssociatedVPCs",
                ),
            ),
        ),
    ),
    Listing(
        name="aws.codeartifact.domains",
        service="codeartifact",
        operation="ListDomains",
        page_size_parameter="maxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("codeartifact:ListDomains",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CodeArtifact::Domain",
                kind="delivery.artifact-domain",
                items="domains",
                id=arns.ARTIFACT_DOMAIN,
                owner="owner",
                name="name",
                state="status",
                created="createdTime",
                tag_source=TagSource.UNREAD,
                edges={
                    "key": To("encryptionKey", arns.KMS),
                },
            ),
        ),
    ),
    Listing(
        name="aws.codeartifact.repositories",
        service="codeartifact",
        operation="ListRepositories",
        page_size_parameter="maxResults",
        page_size=1000,
        region_rule=RegionRule.REGIONAL,
        permissions=("codeartifact:ListRepositories",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::CodeArtifact::Repository",
                kind="delivery.artifact-repository",
                items="repositories",
                id="arn",
                owner="administratorAccount",
                name="name",
                created="createdTime",
                tag_source=TagSource.UNREAD,
                edges={
                    "domain": To("{id: domainName, account: domainOwner}", arns.ARTIFACT_DOMAIN),
                },
            ),
        ),
    ),
)
