"""ministack's server as a fixture: one a run, emptied on demand, gone when it is stopped."""

import urllib.error
from pathlib import Path

import pytest

from tests.cluster.packages import install
from tests.fixtures.ministack import REQUIREMENTS, Ministack

pytestmark = [pytest.mark.integration, pytest.mark.aws]


def test_it_forgets_what_was_made_in_it(connect, ministack):
    s3 = connect("s3", "us-east-1", url=ministack.url)
    s3.create_bucket(Bucket="first")

    ministack.empty()

    assert s3.list_buckets()["Buckets"] == []


def test_it_answers_until_it_is_stopped(tmp_path: Path):
    server = Ministack(install("ministack", REQUIREMENTS), tmp_path)
    server.start()
    server.empty()

    server.stop()

    with pytest.raises(urllib.error.URLError):
        server.empty()
