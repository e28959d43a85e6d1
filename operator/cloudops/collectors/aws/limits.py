"""How fast AWS lets itself be read: what it publishes, and cautious figures where it does not.

Actions that the catalogue does not call have no row. A limit of AWS holds for an account
and, unless its service has one endpoint, for a region.
"""

from typing import Final

from cloudops.collectors.limits import DeclaredLimit, Share
from cloudops.domain.provider import RateLimit

_EC2: Final = "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"
_IAM_QUOTAS: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_LAMBDA: Final = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_ROUTE53: Final = "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html"
_API_GATEWAY: Final = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"
_KMS: Final = "https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html"
_LOGS: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"
_ECS: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html"
_KINESIS: Final = "https://docs.aws.amazon.com/kinesis/latest/APIReference/API_{}.html"
_SNS: Final = "https://docs.aws.amazon.com/sns/latest/api/API_{}.html"
_DYNAMODB: Final = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
)
_ACCOUNT: Final = "https://docs.aws.amazon.com/accounts/latest/reference/quotas.html"

# They have a bucket of their own, half as large, where neither page nor filter is asked for.
_LARGE: Final = (
    "DescribeInstances",
    "DescribeInstanceStatus",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSnapshots",
    "DescribeSpotInstanceRequests",
    "DescribeVolumes",
)


def _row(
    name: str,
    calls: str,
    pace: tuple[int, int],
    source: str = "",
    *,
    share: Share = Share.ALL,
    everywhere: bool = False,
) -> DeclaredLimit:
    """`calls` is `service:action`, with globs; `pace` calls per second, and at once."""
    service, _, action = calls.partition(":")
    limit = RateLimit(name, service, action, str(pace[0]), pace[1])
    return DeclaredLimit(limit=limit, share=share, everywhere=everywhere, source=source)


LIMITS: Final = (
    # Each action has a bucket of its own.
    _row("reads", "ec2:*", (20, 100), _EC2, share=Share.ACTION),
    *(_row("large", f"ec2:{action}", (10, 50), _EC2, share=Share.ACTION) for action in _LARGE),
    _row("all", "sts:*", (600, 600), _IAM_QUOTAS),
    _row("all", "iam:*", (10, 20), everywhere=True),
    _row("all", "organizations:*", (4, 8), everywhere=True),
    _row("all", "account:*", (10, 15), _ACCOUNT, share=Share.ACTION, everywhere=True),
    _row("all", "route53:*", (5, 5), _ROUTE53, everywhere=True),
    _row("all", "resourcegroupstaggingapi:*", (10, 20)),
    _row("lists", "cloudcontrol:*", (5, 10), share=Share.ACTION),
    # Each call costs money: slow is cheap.
    _row("all", "ce:*", (1, 5), everywhere=True),
    _row("all", "lambda:*", (15, 15), _LAMBDA),
    _row("all", "apigateway:*", (10, 40), _API_GATEWAY),
    _row("all", "apigatewayv2:*", (10, 40), _API_GATEWAY),
    _row("clusters", "ecs:*Clusters", (20, 50), _ECS),
    _row("groups", "logs:DescribeLogGroups", (10, 10), _LOGS),
    _row("lists", "kinesis:ListStreams", (5, 5), _KINESIS.format("ListStreams")),
    _row("items", "kinesis:Describe*", (20, 20), _KINESIS.format("DescribeStreamSummary")),
    _row("lists", "sns:List*", (30, 30), _SNS.format("ListTopics"), share=Share.ACTION),
    _row("keys", "kms:DescribeKey", (2000, 2000), _KMS),
    _row("rotation", "kms:GetKeyRotationStatus", (1000, 1000), _KMS),
    _row("aliases", "kms:ListAliases", (500, 500), _KMS),
    _row("reads", "dynamodb:*", (2500, 2500), _DYNAMODB),
)
"""Of the rows that name a call, all apply."""

REST: Final = _row("default", "*:*", (20, 40), share=Share.SERVICE)
"""For calls that no other row names."""
