"""What comes and goes by itself, and what order means nothing, makes no history."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from cloudops.collectors.aws.catalogue import LISTINGS
from tests.unit.collectors.detail_rows import stored
from tests.unit.collectors.rows import recorded

pytestmark = pytest.mark.unit

BY_NAME = {listing.name: listing for listing in LISTINGS}
Item = dict[str, Any]
Change = Callable[[Item], None]


def instance_of(record: Item) -> Item:
    item: Item = record["answer"]["Reservations"][0]["Instances"][0]
    return item


def table_of(record: Item) -> Item:
    item: Item = record["asked"][0]["answers"][0]["Table"]
    return item


def first_of(members: str) -> Callable[[Item], Item]:
    def item_of(record: Item) -> Item:
        item: Item = record["answer"][members][0]
        return item

    return item_of


def put(*path: Any, value: Any) -> Change:
    """Set what `path` leads to, and the objects on the way there."""

    def change(item: Item) -> None:
        holder: Any = item
        for step in path[:-1]:
            holder = holder.setdefault(step, {}) if isinstance(step, str) else holder[step]
        holder[path[-1]] = value

    return change


DB, CLUSTER = (
    ("aws.rds.instances", first_of("DBInstances")),
    ("aws.rds.clusters", first_of("DBClusters")),
)
TABLE, INSTANCE = ("aws.dynamodb.tables.details", table_of), ("aws.ec2.instances", instance_of)
DESKTOP = ("aws.workspaces.workspaces", first_of("Workspaces"))
RECORDER = ("aws.config.recorder-status", first_of("ConfigurationRecordersStatus"))
POLICY = ("aws.iam.authorization-details", first_of("Policies"))
BROKERS = ("aws.kafka.clusters", first_of("ClusterInfoList"))
CACHE = ("aws.elasticache.clusters", first_of("CacheClusters"))
CACHES = ("aws.elasticache.replication-groups", first_of("ReplicationGroups"))
MEMORY = ("aws.memorydb.clusters", first_of("Clusters"))
COPY = ("aws.elasticache.snapshots", first_of("Snapshots"))
LINE = ("aws.directconnect.connections", first_of("connections"))
NETWORK = ("aws.ec2.vpcs", first_of("Vpcs"))
HADOOP = ("aws.emr.clusters", first_of("Clusters"))
EXCLUSION = ("EncryptionControl", "ResourceExclusions", "Elastic")
BACKUP = ("snapshotting", "available")
CAPACITY = "ProvisionedThroughput"
INDEX = ("GlobalSecondaryIndexes", 0)
NIC = ("NetworkInterfaces", 0)


def digests(name: str, record: Item) -> set[bytes]:
    return {observation.digest for observation in stored(BY_NAME[name], record)}


@pytest.mark.parametrize(
    ("row", "path", "value"),
    [
        (DB, ("MasterUserSecret", "SecretStatus"), "rotating"),
        (DB, ("ActivityStreamStatus",), "starting"),
        (CLUSTER, ("MasterUserSecret", "SecretStatus"), "rotating"),
        (CLUSTER, ("ActivityStreamStatus",), "starting"),
        (TABLE, (*INDEX, "IndexStatus"), "UPDATING"),
        (TABLE, (*INDEX, "Backfilling"), True),
        (TABLE, (*INDEX, CAPACITY, "LastIncreaseDateTime"), "2026-02-03T04:05:06Z"),
        (TABLE, (*INDEX, CAPACITY, "LastDecreaseDateTime"), "2026-02-03T04:05:06Z"),
        (TABLE, (CAPACITY, "LastIncreaseDateTime"), "2026-02-03T04:05:06Z"),
        (TABLE, (CAPACITY, "LastDecreaseDateTime"), "2026-02-03T04:05:06Z"),
        (TABLE, ("Replicas", 0, "ReplicaStatus"), "UPDATING"),
        (TABLE, ("Replicas", 0, "ReplicaStatusDescription"), "soon"),
        (INSTANCE, ("MetadataOptions", "State"), "pending"),
        (BROKERS, ("Provisioned", "ZookeeperConnectString"), "z-2:2181,z-1:2181"),
        (BROKERS, ("Provisioned", "ZookeeperConnectStringTls"), "z-2:2182,z-1:2182"),
        (LINE, ("prefixPoolUnallocatedCountIpv4",), 7),
        (LINE, ("prefixPoolUnallocatedCountIpv6",), 7),
        (DESKTOP, ("DataReplicationSettings", "RecoverySnapshotTime"), "2026-02-03T04:05:06Z"),
        (POLICY, ("AttachmentCount",), 7),
        (POLICY, ("PermissionsBoundaryUsageCount",), 7),
    ],
)
def test_what_comes_and_goes_by_itself_makes_no_history(row: Any, path: Any, value: Any):
    name, item_of = row
    before = recorded(BY_NAME[name])
    after = copy.deepcopy(before)
    put(*path, value=value)(item_of(after))

    assert after != before
    assert digests(name, after) == digests(name, before)


@pytest.mark.parametrize(
    ("row", "path"),
    [
        (INSTANCE, ("Licenses",)),
        (INSTANCE, (*NIC, "Ipv4Prefixes")),
        (INSTANCE, (*NIC, "Ipv6Prefixes")),
        (INSTANCE, ("SecondaryInterfaces",)),
        (INSTANCE, ("Monitoring", "MetricCategoryIds")),
        (POLICY, ("PolicyVersionList",)),
    ],
)
def test_another_order_makes_no_history(row: Any, path: Any):
    name, item_of = row
    one, other = recorded(BY_NAME[name]), recorded(BY_NAME[name])
    put(*path, value=[{"Arn": "a"}, {"Arn": "b"}])(item_of(one))
    put(*path, value=[{"Arn": "b"}, {"Arn": "a"}])(item_of(other))

    assert digests(name, one) == digests(name, other)


def test_what_somebody_decides_makes_history():
    """Fails if whole objects are left out instead of what moves in them."""
    for row, path, value in (
        (DB, ("MasterUserSecret", "KmsKeyId"), "arn:other"),
        (TABLE, (CAPACITY, "ReadCapacityUnits"), 7),
        (INSTANCE, ("MetadataOptions", "HttpTokens"), "optional"),
    ):
        name, item_of = row
        before, after = recorded(BY_NAME[name]), recorded(BY_NAME[name])
        put(*path, value=value)(item_of(after))

        assert digests(name, after) != digests(name, before)


@pytest.mark.parametrize(
    ("row", "path", "passing", "lasting", "other"),
    [
        pytest.param(DB, "DBInstanceStatus", "backing-up", "available", "stopped", id="nightly"),
        pytest.param(CLUSTER, "Status", "backing-up", "available", "stopped", id="of-clusters"),
        pytest.param(DESKTOP, "State", "STARTING", "AVAILABLE", "SUSPENDED", id="signing-in"),
        pytest.param(DESKTOP, "State", "STOPPED", "AVAILABLE", "ERROR", id="nobody-is-there"),
        pytest.param(CACHE, "CacheClusterStatus", *BACKUP, "deleting", id="backup-of-a-cache"),
        pytest.param(CACHES, "Status", *BACKUP, "deleting", id="backup-of-caches"),
        pytest.param(MEMORY, "Status", *BACKUP, "deleting", id="backup-of-a-memory"),
        pytest.param(RECORDER, "lastStatus", "PENDING", "SUCCESS", "FAILURE", id="recording"),
    ],
)
def test_words_that_pass_make_no_history(
    row: Any, path: str, passing: str, lasting: str, other: str
):
    """Fails without `passing`: of a database's backup alone two rows of history a night."""
    name, item_of = row
    before, meanwhile, changed = (recorded(BY_NAME[name]) for _ in range(3))
    put(path, value=lasting)(item_of(before))
    put(path, value=passing)(item_of(meanwhile))
    put(path, value=other)(item_of(changed))

    assert digests(name, meanwhile) == digests(name, before) != digests(name, changed)
    [seen, *_] = stored(BY_NAME[name], meanwhile)
    assert seen.head is not None
    assert seen.head.state in {lasting, None}
    assert orjson.loads(seen.volatile)[path] == passing


@pytest.mark.parametrize(
    ("row", "holder", "members"),
    [
        (NETWORK, EXCLUSION, ("State", "StateMessage")),
        (INSTANCE, ("SecondaryInterfaces", 0), ("Status",)),
        (INSTANCE, ("SecondaryInterfaces", 0, "Attachment"), ("Status",)),
    ],
)
def test_how_far_a_change_is_makes_no_history(row: Any, holder: Any, members: Any):
    name, item_of = row
    one, other = recorded(BY_NAME[name]), recorded(BY_NAME[name])
    for record, word in ((one, "pending"), (other, "done")):
        item = item_of(record)
        item["SecondaryInterfaces"] = [{"SecondaryInterfaceId": "eni-1", "Attachment": {}}]
        for member in members:
            put(*holder, member, value=word)(item)

    assert one != other
    assert digests(name, one) == digests(name, other)


def test_a_cluster_that_waits_for_its_next_step_runs():
    """Fails without `passing`: each step would make two rows of history."""
    name, item_of = HADOOP
    busy, idle = recorded(BY_NAME[name]), recorded(BY_NAME[name])
    put("Status", "State", value="RUNNING")(item_of(busy))
    put("Status", "State", value="WAITING")(item_of(idle))

    assert digests(name, busy) == digests(name, idle)


def test_a_snapshot_of_many_nodes_is_as_old_as_its_first():
    """Fails if the first one told counts: another order would make it another snapshot."""
    name, item_of = COPY
    one, other = recorded(BY_NAME[name]), recorded(BY_NAME[name])
    nodes = [
        {"CacheNodeId": f"000{day}", "SnapshotCreateTime": datetime(2026, 2, day, tzinfo=UTC)}
        for day in (3, 4)
    ]
    put("NodeSnapshots", value=nodes)(item_of(one))
    put("NodeSnapshots", value=nodes[::-1])(item_of(other))

    assert digests(name, one) == digests(name, other)
    [seen, *_] = stored(BY_NAME[name], other)
    assert seen.head is not None
    assert seen.head.created_at == datetime(2026, 2, 3, tzinfo=UTC)


def test_a_snapshot_whose_nodes_nobody_tells_has_no_age():
    """Fails if an absent list is no list: the item would be malformed."""
    name, item_of = COPY
    record = recorded(BY_NAME[name])
    item_of(record).pop("NodeSnapshots", None)

    assert stored(BY_NAME[name], record)
