"""Moto's server as a fixture: one a run, empty for each test."""

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.aws]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_finds_an_empty_moto(connect, moto_server, turn):
    s3 = connect("s3", "us-east-1", url=moto_server)
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket=turn)
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == [turn]
