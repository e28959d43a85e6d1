"""With what people, machines and other houses prove who they are."""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import (
    LISTED_TIER,
    DetailCall,
    Details,
    Emits,
    Listing,
    RegionRule,
    To,
)
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.iam.instance-profiles",
        service="iam",
        operation="ListInstanceProfiles",
        page_size_parameter="MaxItems",
        page_size=1000,
        region_rule=RegionRule.GLOBAL,
        permissions=("iam:ListInstanceProfiles",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::IAM::InstanceProfile",
                kind="identity.instance-profile",
                items="InstanceProfiles",
                id="Arn",
                arn=arns.INSTANCE_PROFILE,
                name="InstanceProfileName",
                created="CreateDate",
                tag_source=TagSource.TAGGING,
                volatile=("Roles[].RoleLastUsed",),
                json=("Roles[].AssumeRolePolicyDocument",),
                edges={"roles": To("Roles[].Arn", arns.IAM_ROLE)},
            ),
        ),
    ),
    Listing(
        name="aws.iam.oidc-providers",
        service="iam",
        operation="ListOpenIDConnectProviders",
        region_rule=RegionRule.GLOBAL,
        permissions=("iam:ListOpenIDConnectProviders",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetOpenIDConnectProvider",
                    permission="iam:GetOpenIDConnectProvider",
                    key="Arn",
                    parameter="OpenIDConnectProviderArn",
                ),
            ),
            gone={"NoSuchEntity": ""},
            created="CreateDate",
            tags="Tags",
            unordered=("ClientIDList", "Tags", "ThumbprintList"),
        ),
        emits=(
            Emits(
                type="AWS::IAM::OIDCProvider",
                kind="identity.provider",
                items="OpenIDConnectProviderList",
                id="Arn",
                name="Arn",
                tag_source=TagSource.DETAILS,
            ),
        ),
    ),
    Listing(
        name="aws.iam.saml-providers",
        service="iam",
        operation="ListSAMLProviders",
        region_rule=RegionRule.GLOBAL,
        permissions=("iam:ListSAMLProviders",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        tier=LISTED_TIER,
        details=Details(
            calls=(
                DetailCall(
                    operation="GetSAMLProvider",
                    permission="iam:GetSAMLProvider",
                    key="Arn",
                    parameter="SAMLProviderArn",
                ),
            ),
            gone={"NoSuchEntity": ""},
            tags="Tags",
            unordered=("PrivateKeyList", "Tags"),
        ),
        emits=(
            Emits(
                type="AWS::IAM::SAMLProvider",
                kind="identity.provider",
                items="SAMLProviderList",
                id="Arn",
                name="Arn",
                created="CreateDate",
                tag_source=TagSource.DETAILS,
            ),
        ),
    ),
    Listing(
        name="aws.iam.server-certificates",
        service="iam",
        operation="ListServerCertificates",
        page_size_parameter="MaxItems",
        page_size=1000,
        region_rule=RegionRule.GLOBAL,
        permissions=("iam:ListServerCertificates",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::IAM::ServerCertificate",
                kind="identity.certificate",
                items="ServerCertificateMetadataList",
                id="Arn",
                arn=arns.SERVER_CERTIFICATE,
                name="ServerCertificateName",
                created="UploadDate",
                tag_source=TagSource.TAGGING,
            ),
        ),
    ),
    Listing(
        name="aws.iam.virtual-mfa-devices",
        service="iam",
        operation="ListVirtualMFADevices",
        page_size_parameter="MaxItems",
        page_size=1000,
        region_rule=RegionRule.GLOBAL,
        permissions=("iam:ListVirtualMFADevices",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::IAM::VirtualMFADevice",
                kind="identity.mfa-device",
                items="VirtualMFADevices",
                id="SerialNumber",
                arn=arns.VIRTUAL_MFA_DEVICE,
                name="SerialNumber",
                tag_source=TagSource.TAGGING,
                volatile=("User.PasswordLastUsed",),
                redact=("Base32StringSeed", "QRCodePNG"),
                edges={"user": To("User.Arn", arns.IAM_USER)},
            ),
        ),
    ),
)
