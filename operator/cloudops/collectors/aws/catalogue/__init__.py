"""What is read from AWS, as data: one row a listing."""

from typing import Final

from cloudops.collectors.aws.arns import tagging_listing
from cloudops.collectors.aws.catalogue import ec2, iam, s3
from cloudops.collectors.vocabulary import Listing

_DESCRIBED: Final = (*ec2.LISTINGS, *s3.LISTINGS, *iam.LISTINGS)

LISTINGS: Final[tuple[Listing, ...]] = (*_DESCRIBED, tagging_listing(_DESCRIBED))
