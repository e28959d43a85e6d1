"""What is read from AWS, as data: one row a listing."""

from typing import Final

from cloudops.collectors.aws.arns import tagging_listing
from cloudops.collectors.aws.catalogue import (
    autoscaling,
    containers,
    ec2,
    efs,
    elasticache,
    elb,
    iam,
    messaging,
    monitoring,
    network,
    rds,
    s3,
    security,
    serverless,
)
from cloudops.collectors.vocabulary import Listing

_DESCRIBED: Final = (
    *ec2.LISTINGS,
    *autoscaling.LISTINGS,
    *network.LISTINGS,
    *elb.LISTINGS,
    *s3.LISTINGS,
    *efs.LISTINGS,
    *rds.LISTINGS,
    *elasticache.LISTINGS,
    *serverless.LISTINGS,
    *containers.LISTINGS,
    *messaging.LISTINGS,
    *monitoring.LISTINGS,
    *security.LISTINGS,
    *iam.LISTINGS,
)

LISTINGS: Final[tuple[Listing, ...]] = (*_DESCRIBED, tagging_listing(_DESCRIBED))
