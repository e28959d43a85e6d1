"""The CRD, and with it every object, is deleted and made again."""

import pytest

from tests.cluster.controlplane import LocalCluster
from tests.e2e.conftest import Provider, StartWith
from tests.e2e.kubernetes.conftest import REGION
from tests.fakes.aws.builders import bucket, instance
from tests.fakes.aws.script import AccountScript
from tests.fixtures.cluster import served_crds
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

CRD = "cloudproviders.cloudops.dev"


def test_a_crd_that_is_deleted_and_made_again_costs_no_row_and_no_restart(
    provider: Provider, account: AccountScript, start: StartWith, cluster: LocalCluster
):
    """Fails if kopf is started on what is not served, and if a 404 counts as an empty list.

    Given a flag of threads kopf never ends by itself; its own SIGKILL then ends the process.
    """
    account.put(instance("i-1", region=REGION), bucket("logs", region=REGION))
    controller, _ = start("controller", "worker")
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    known = provider.live()

    cluster.run_kubectl("delete", "crd", CRD, "--timeout=60s")
    try:
        eventually(lambda: "[-] crds" in controller.get("/readyz")[1], what="readyz to tell")
        eventually(lambda: controller.log_text().count("could not list") > 1, what="two lists")
        alive = controller.get("/livez")
        without = provider.live()
    finally:
        served_crds(cluster)
    eventually(lambda: controller.get("/readyz")[0] == 200, what="the controller to be ready")
    provider.apply()
    provider.wait_condition("Ready", "True", "Succeeded")
    provider.wait_condition("InventorySynced", "True")

    assert alive[0] == 200
    assert without == known
    assert provider.live() == account.truth()
    assert provider.deleted() == set()
    operations = provider.rows("SELECT DISTINCT operation FROM change")
    assert operations == [{"operation": "created"}]
