"""Identities: one call brings users, groups, roles and the account's own policies.

Policies that AWS owns have the same ARN in every account, so they are nobody's
resource; where they are attached stands in the users, groups and roles.
"""

from typing import Final

from cloudops.collectors.aws import arns
from cloudops.collectors.vocabulary import Emits, Listing, RegionRule, To
from cloudops.domain.ledger import Consistency, PeriodClass
from cloudops.domain.resource import TagSource

LISTINGS: Final = (
    Listing(
        name="aws.iam.authorization-details",
        service="iam",
        operation="GetAccountAuthorizationDetails",
        parameters={"Filter": ["User", "Role", "Group", "LocalManagedPolicy"]},
        page_size_parameter="MaxItems",
        page_size=1000,
        region_rule=RegionRule.GLOBAL,
        permissions=("iam:GetAccountAuthorizationDetails",),
        consistency=Consistency.EVENTUAL,
        period=PeriodClass.STANDARD,
        emits=(
            Emits(
                type="AWS::IAM::User",
                kind="identity.user",
                items="UserDetailList",
                id="Arn",
                arn=arns.IAM_USER,
                name="UserName",
                created="CreateDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                unordered=("AttachedManagedPolicies", "GroupList", "Tags", "UserPolicyList"),
                json=("UserPolicyList[].PolicyDocument",),
                edges={
                    "boundary": "PermissionsBoundary.PermissionsBoundaryArn",
                    "groups": To("GroupList", arns.IAM_GROUP),
                    "policies": "AttachedManagedPolicies[].PolicyArn",
                },
            ),
            Emits(
                type="AWS::IAM::Role",
                kind="identity.role",
                items="RoleDetailList",
                id="Arn",
                arn=arns.IAM_ROLE,
                name="RoleName",
                created="CreateDate",
                tag_source=TagSource.LISTED,
                tags="Tags",
                volatile=("RoleLastUsed", "InstanceProfileList[].Roles[].RoleLastUsed"),
                unordered=(
                    "AttachedManagedPolicies",
                    "InstanceProfileList",
                    "RolePolicyList",
                    "Tags",
                ),
                json=(
                    "AssumeRolePolicyDocument",
                    "InstanceProfileList[].Roles[].AssumeRolePolicyDocument",
                    "RolePolicyList[].PolicyDocument",
                ),
                edges={
                    "boundary": "PermissionsBoundary.PermissionsBoundaryArn",
                    "policies": "AttachedManagedPolicies[].PolicyArn",
                    "profiles": To("InstanceProfileList[].Arn", arns.INSTANCE_PROFILE),
                    "trusted": To(
                        # Where there is one statement, it may stand without a list.
                        "[AssumeRolePolicyDocument.Statement][].Principal.[AWS, Federated][]",
                        pattern=r"^arn:.+",
                    ),
                },
            ),
            Emits(
                type="AWS::IAM::Group",
                kind="identity.group",
                items="GroupDetailList",
                id="Arn",
                arn=arns.IAM_GROUP,
                name="GroupName",
                created="CreateDate",
                tag_source=TagSource.NONE,
                unordered=("AttachedManagedPolicies", "GroupPolicyList"),
                json=("GroupPolicyList[].PolicyDocument",),
                edges={"policies": "AttachedManagedPolicies[].PolicyArn"},
            ),
            Emits(
                type="AWS::IAM::ManagedPolicy",
                kind="identity.policy",
                items="Policies",
                id="Arn",
                name="PolicyName",
                created="CreateDate",
                # This call leaves them out.
                tag_source=TagSource.UNREAD,
                # Whoever attaches it changes; the policy does not.
                volatile=("AttachmentCount", "PermissionsBoundaryUsageCount"),
                unordered=("PolicyVersionList",),
                json=("PolicyVersionList[].Document",),
            ),
        ),
    ),
)
