"""What existed when."""

import threading
from datetime import UTC, datetime

import pytest

from tests.fakes.aws.builders import bucket, instance, role, volume

pytestmark = [pytest.mark.integration, pytest.mark.aws]

REGION = "eu-west-1"


def test_the_truth_of_every_moment_is_kept(fake_aws, prod):
    one, two = instance("i-1", region=REGION), volume("vol-2", region=REGION)
    before = fake_aws.now()
    created = prod.put(one)
    both = prod.put(two)
    gone = prod.delete(one)
    back = prod.put(instance("i-1", region=REGION, tags={"v": "2"}))
    cleared = prod.clear()
    a, b = prod.arn(one), prod.arn(two)
    truths = [prod.truth(at) for at in (before, created, both, gone, back, cleared, None)]
    assert truths == [set(), {a}, {a, b}, {b}, {a, b}, set(), set()]
    assert prod.truth(back, kind="ec2:volume") == {b}
    assert prod.resources(created)[a].tags == {}
    assert prod.resources(back)[a].tags == {"v": "2"}
    assert before < created < both < gone < back < cleared < fake_aws.now()


def test_moments_may_be_wall_clock_times(prod):
    before = datetime.now(UTC)
    prod.put(instance("i-1", region=REGION))
    assert prod.truth(before) == set()
    assert len(prod.truth(datetime.now(UTC))) == 1


def test_was_live_tells_all_the_time_from_some_of_the_time(fake_aws, prod):
    one = instance("i-1", region=REGION)
    before = fake_aws.now()
    created = prod.put(one)
    prod.put(instance("i-1", region=REGION, tags={"a": "b"}))
    unbroken = fake_aws.now()
    prod.delete("i-1")
    gone = fake_aws.now()
    arn = prod.arn(one)
    assert fake_aws.was_live(arn, created, unbroken)
    assert not fake_aws.was_live(arn, before, unbroken)
    assert not fake_aws.was_live(arn, created, gone)
    assert not fake_aws.was_live(arn, created)
    assert fake_aws.was_live(arn, before, gone, whole=False)
    assert not fake_aws.was_live(arn, gone, whole=False)
    assert not fake_aws.was_live(arn, created, unbroken, account="999988887777")
    assert not fake_aws.was_live("arn:aws:ec2:::nothing", before)


def test_clearing_takes_globs_and_deleting_unknown_things_is_an_error(fake_aws, prod):
    prod.put(
        instance("i-1", region=REGION),
        instance("i-2", region="us-east-1"),
        volume("vol-1", region=REGION),
        bucket("logs", region=REGION),
        role("app"),
    )
    prod.clear(kind="ec2:*", region="eu-*")
    ends = {arn.rpartition(":")[2] for arn in prod.truth()}
    assert ends == {"instance/i-2", "logs", "role/app"}
    with pytest.raises(KeyError):
        prod.delete("i-1")


def test_a_bucket_that_moves_is_tagged_in_its_new_region_only(connect, prod):
    prod.put(bucket("logs", region="us-east-1", tags={"a": "1"}))
    prod.put(bucket("logs", region="eu-west-1", tags={"a": "2"}))

    def tagged(region):
        client = connect("resourcegroupstaggingapi", region)
        return [one["Tags"] for one in client.get_resources()["ResourceTagMappingList"]]

    assert tagged("us-east-1") == []
    assert tagged("eu-west-1") == [[{"Key": "a", "Value": "2"}]]


def test_writers_and_readers_do_not_disturb_each_other(connect, fake_aws, prod):
    fake_aws.page_size("DescribeInstances", 7)
    prod.put(*(instance(f"i-{n:03}", region=REGION) for n in range(100)))
    stop = threading.Event()
    errors: list[Exception] = []

    def churn(worker):
        try:
            while not stop.is_set():
                prod.put(instance(f"i-x{worker}", region=REGION))
                prod.delete(f"i-x{worker}")
        except Exception as error:  # noqa: BLE001  shown by the test itself
            errors.append(error)

    threads = [threading.Thread(target=churn, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            since = fake_aws.now()
            pages = connect("ec2").get_paginator("describe_instances").paginate()
            found = list(pages.search("Reservations[].Instances[].InstanceId"))
            always = {
                arn.rpartition("/")[2] for arn in prod.truth(since) if fake_aws.was_live(arn, since)
            }
            assert len(always) >= 100
            assert always <= set(found)
            assert len(found) == len(set(found))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []
