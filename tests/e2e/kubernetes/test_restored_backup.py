"""etcd is restored from an older backup: versions go back, and objects with them."""

import shutil
from dataclasses import replace

import pytest

from cloudops.controller.leader import EXIT_DEPOSED
from tests.cluster.controlplane import LocalCluster
from tests.fixtures.waiting import eventually

# A leader that outlasts a restart of the cluster; the Lease of the backup runs out soon.
SETTINGS = {
    "leader_lease_seconds": "40",
    "leader_renew_seconds": "30",
    "list_diff_seconds": "5",
}

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]


def back_up(cluster: LocalCluster) -> None:
    """Keep what etcd holds now; the cluster is stopped for it and started again."""
    cluster.stop(keep=True)
    shutil.copytree(cluster.directory / "etcd", cluster.directory / "backup")
    cluster.start()


def restore(cluster: LocalCluster) -> None:
    cluster.stop(keep=True)
    shutil.rmtree(cluster.directory / "etcd")
    (cluster.directory / "backup").rename(cluster.directory / "etcd")
    cluster.start()


def test_a_controller_starts_afresh_and_follows_what_the_backup_says(
    provider, account, start, cluster
):
    """Fails without `_is_older`: the watch waits in silence, and the cache keeps the future."""
    [controller] = start("controller", **SETTINGS)
    provider.apply(suspend=True)
    provider.wait_condition("Ready", "True", "Suspended")
    back_up(cluster)
    provider.apply(suspend=True, inventory={**provider.inventory, "syncPeriodSeconds": 1700})
    eventually(lambda: provider.status()["observedGeneration"] == 2, what="the second generation")
    late = replace(provider, name="late")
    late.apply(suspend=True)
    late.wait_condition("Ready", "True", "Suspended")

    controller.ended_by_test = True
    restore(cluster)
    eventually(lambda: controller.exit_code is not None, what="the controller's end")
    assert controller.exit_code == EXIT_DEPOSED
    start("controller", **SETTINGS)

    planned = "SELECT name, generation FROM provider WHERE vanished_at IS NULL"
    eventually(
        lambda: provider.rows(planned) == [{"name": provider.name, "generation": 1}],
        timeout=120,
        what="the plan of the backup",
    )
    assert provider.status()["observedGeneration"] == 1
