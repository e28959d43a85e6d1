"""What is read from AWS, as data: one row a listing."""

from typing import Final

from cloudops.collectors.aws.arns import tagging_listings
from cloudops.collectors.aws.catalogue import (
    account,
    account_defaults,
    analytics,
    apis,
    autoscaling,
    batch,
    capacity,
    commitments,
    connectivity,
    containers,
    credentials,
    data_access,
    database_settings,
    delivery,
    detection,
    ec2,
    edge,
    efs,
    elasticache,
    elb,
    emr,
    entrances,
    events,
    files,
    front_doors,
    guards,
    iam,
    launching,
    machine_learning,
    management,
    messaging,
    monitoring,
    moving,
    network,
    observability,
    outsiders,
    people,
    plumbing,
    private_lines,
    rds,
    resolving,
    routing,
    s3,
    security,
    serverless,
    streams,
    warehouses,
    web_filters,
    workplaces,
)
from cloudops.collectors.aws.cloudcontrol import cloudcontrol_listings
from cloudops.collectors.detailing import with_details
from cloudops.collectors.vocabulary import Listing

_DESCRIBED: Final = (
    *ec2.LISTINGS,
    *autoscaling.LISTINGS,
    *network.LISTINGS,
    *routing.LISTINGS,
    *connectivity.LISTINGS,
    *private_lines.LISTINGS,
    *capacity.LISTINGS,
    *edge.LISTINGS,
    *resolving.LISTINGS,
    *front_doors.LISTINGS,
    *web_filters.LISTINGS,
    *entrances.LISTINGS,
    *launching.LISTINGS,
    *apis.LISTINGS,
    *events.LISTINGS,
    *plumbing.LISTINGS,
    *streams.LISTINGS,
    *elb.LISTINGS,
    *s3.LISTINGS,
    *efs.LISTINGS,
    *rds.LISTINGS,
    *elasticache.LISTINGS,
    *database_settings.LISTINGS,
    *data_access.LISTINGS,
    *serverless.LISTINGS,
    *containers.LISTINGS,
    *messaging.LISTINGS,
    *monitoring.LISTINGS,
    *security.LISTINGS,
    *iam.LISTINGS,
    *warehouses.LISTINGS,
    *files.LISTINGS,
    *analytics.LISTINGS,
    *emr.LISTINGS,
    *machine_learning.LISTINGS,
    *batch.LISTINGS,
    *delivery.LISTINGS,
    *management.LISTINGS,
    *detection.LISTINGS,
    *credentials.LISTINGS,
    *account.LISTINGS,
    *account_defaults.LISTINGS,
    *people.LISTINGS,
    *outsiders.LISTINGS,
    *moving.LISTINGS,
    *workplaces.LISTINGS,
    *guards.LISTINGS,
    *observability.LISTINGS,
    *commitments.LISTINGS,
)

LISTINGS: Final[tuple[Listing, ...]] = (
    *with_details(_DESCRIBED),
    *tagging_listings(_DESCRIBED),
)
"""The described rows, those that read their details, and the tagging passes for all of them."""

CLOUD_CONTROL: Final[tuple[Listing, ...]] = cloudcontrol_listings(
    type_ for listing in _DESCRIBED for type_ in listing.types
)
"""The rows of all other types; planned only where they are named."""

CATALOGUE: Final[tuple[Listing, ...]] = (*LISTINGS, *CLOUD_CONTROL)
