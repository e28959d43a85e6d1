"""A load is broken off: nothing of it counts as gone, and it is made again."""

import psycopg
import pytest

from tests.e2e.conftest import Provider, StartWith, problems, wait_healed
from tests.fakes.aws.builders import instance
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.fixtures.operator_process import OperatorProcess
from tests.fixtures.postgres_server import PostgresServer
from tests.fixtures.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.database]

LARGE = 6_000
KILLS = 5  # more than the deaths after which a lease looks like one that kills


def test_a_worker_killed_in_the_middle_of_a_load_leaves_the_truth(
    provider: Provider, estate: AccountScript, fake_aws: FakeAws, start: StartWith
):
    """Fails if pages are stored as they come (`merge_stage` in `_stage`): half of it is seen."""
    _, worker = start("controller", "worker")
    estate.put_fleet(instance("i-{n:017x}", region="eu-west-1"), LARGE, first=100)
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    before = provider.live()
    replace_fleet(estate)
    fake_aws.page_size("DescribeInstances", 500)
    slow = fake_aws.inject(Fault.latency(0.3), operation="DescribeInstances", region="eu-west-1")
    token = provider.ask_run()
    eventually(lambda: fake_aws.hits(slow) >= 3, what="the load to be under way")

    worker.kill()
    during = provider.live()
    fake_aws.clear_faults()
    start("worker")
    provider.wait_handled(token)

    assert during == before
    eventually(lambda: after_a_run(provider) == estate.truth(), what="the truth")


def test_a_database_restarted_in_the_middle_of_a_load_loses_and_deletes_nothing(
    provider: Provider,
    estate: AccountScript,
    fake_aws: FakeAws,
    operator: list[OperatorProcess],
    postgres: PostgresServer,
):
    """Fails if pages are stored as they come (`merge_stage` in `_stage`): half of it is seen."""
    estate.put_fleet(instance("i-{n:017x}", region="eu-west-1"), LARGE, first=100)
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    before = provider.live()
    replace_fleet(estate)
    fake_aws.page_size("DescribeInstances", 500)
    slow = fake_aws.inject(Fault.latency(0.3), operation="DescribeInstances", region="eu-west-1")
    token = provider.ask_run()
    eventually(lambda: fake_aws.hits(slow) >= 3, what="the load to be under way")

    postgres.restart("immediate")
    during = provider.live()
    fake_aws.clear_faults()
    provider.wait_handled(token)

    assert during == before
    assert provider.live() >= before  # a load that broke off confirms no deletion
    assert provider.deleted() == set()
    eventually(lambda: after_a_run(provider) == estate.truth(), what="the truth")
    provider.wait_condition("InventorySynced", "True")


def test_connections_killed_in_the_middle_of_a_load_cost_nothing_and_blame_nobody(
    provider: Provider,
    estate: AccountScript,
    fake_aws: FakeAws,
    operator: list[OperatorProcess],
    postgres: PostgresServer,
):
    """Fails if a broken-off lease is not put off but counted as a death (`put_off`)."""
    estate.put_fleet(instance("i-{n:017x}", region="eu-west-1"), LARGE, first=100)
    provider.apply()
    provider.wait_condition("InventorySynced", "True")
    fake_aws.page_size("DescribeInstances", 500)
    slow = fake_aws.inject(Fault.latency(0.3), operation="DescribeInstances", region="eu-west-1")
    token = provider.ask_run()
    for _ in range(KILLS):
        asked = fake_aws.hits(slow)
        eventually(lambda: fake_aws.hits(slow) >= asked + 3, what="a load to be under way")  # noqa: B023  called at once
        assert end_sessions(postgres, provider) > 0
        assert problems(provider) == set()

    fake_aws.clear_faults()
    provider.wait_handled(token)

    assert provider.rows("SELECT max(attempts) AS attempts FROM lease") == [{"attempts": 0}]
    wait_healed(provider)
    assert provider.live() == estate.truth()
    assert provider.deleted() == set()


def replace_fleet(estate: AccountScript) -> None:
    """Fifty that are new come first, and fifty that are gone came last."""
    estate.clear(kind="ec2:instance", region="eu-west-1")
    estate.put_fleet(instance("i-{n:017x}", region="eu-west-1"), LARGE, first=50)


def after_a_run(provider: Provider) -> set[str]:
    """What is live once more has been read; a deletion takes two passes that agree."""
    provider.run_now()
    return provider.live()


def end_sessions(postgres: PostgresServer, provider: Provider) -> int:
    """All that the workers have in the provider's database; how many they were."""
    with psycopg.connect(postgres.admin_url()) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'cloudops-worker' AND datname = %s",
            (provider.database_url.rpartition("/")[2],),
        )
        return len(ended.fetchall())
