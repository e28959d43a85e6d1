"""Types that only Cloud Control lists, from the spec of a CloudProvider to rows and their end."""

import pytest

from cloudops.collectors.aws.catalogue import CATALOGUE
from cloudops.domain.ledger import PeriodClass
from tests.fakes.aws.builders import instance
from tests.fakes.aws.cloud_control import other
from tests.fakes.aws.faults import Fault
from tests.integration.services.aws_rig import AwsRig, aws_cloud, aws_spec
from tests.integration.store.seeding import ACCOUNT, rows

pytestmark = [pytest.mark.integration, pytest.mark.database, pytest.mark.aws]

REGION = "eu-west-1"
SERVICES = ("AWS::ApiGateway::", "AWS::CloudFront::KeyGroup")
API_KEY, MODEL, REST_API = (f"AWS::ApiGateway::{name}" for name in ("ApiKey", "Model", "RestApi"))
KEYS, MODELS = "aws.cloudcontrol.apigateway-api-key", "aws.cloudcontrol.apigateway-model"
COLD = PeriodClass.COLD.multiple * 900


@pytest.fixture
def rig(engine, fake_aws):
    """The catalogue's rows of a few services."""
    chosen = [
        row
        for row in CATALOGUE
        if row.types[0].startswith(SERVICES) or row.name == "aws.ec2.instances"
    ]
    rig = AwsRig(engine, fake_aws, aws_cloud(chosen))
    rig.account.put(instance("i-1", region=REGION))
    rig.account.put(other(REST_API, "api-1", region=REGION))
    rig.account.put(model("live"))
    rig.account.put(other(API_KEY, "key-1", region=REGION, tags={"Team": "a"}, Name="ours"))
    rig.account.put(other("AWS::CloudFront::KeyGroup", "group-1"))
    yield rig
    rig.close()


def model(name, api="api-1"):
    return other(MODEL, f"{api}|{name}", region=REGION, model={"RestApiId": api})


def planned(rig, *types):
    rig.plan(aws_spec(rig.aws.url, types=types))
    rig.work()


def types_of(rig):
    return {row.type for row in rows(rig.engine, "SELECT type FROM inventory")}


def names(rig, type_):
    found = rows(rig.engine, "SELECT * FROM inventory WHERE type = :type", type=type_)
    return {row.canonical_id.rpartition("/")[2] for row in found}


def cold_period(rig):
    rig.age(2 * COLD)
    rig.work()


def test_everything_but_what_has_to_be_named_is_read_by_default(rig):
    planned(rig, "*")

    assert types_of(rig) == {"AWS::EC2::Instance"}
    assert rig.aws.call_count("cloudcontrol") == 0


def test_what_is_named_becomes_rows(rig):
    planned(rig, API_KEY)

    [row] = rows(rig.engine, "SELECT * FROM inventory")
    assert row.canonical_id == f"arn:aws:cloudcontrol:{REGION}:{ACCOUNT}:{API_KEY}/key-1"
    assert (row.kind, row.name, row.tags) == ("other.apigateway-api-key", "ours", {"Team": "a"})
    assert row.document["Properties"]["Name"] == "ours"
    assert rig.scope(KEYS).status == "complete"
    assert rig.scope(KEYS).period_seconds == COLD


def test_all_of_them_are_read_beside_what_is_described(rig):
    planned(rig, "*", "other.*")

    assert types_of(rig) == {
        *(API_KEY, MODEL, "AWS::CloudFront::KeyGroup", "AWS::EC2::Instance"),
    }
    assert rig.scope("aws.cloudcontrol.cloudfront-key-group", "global").item_count == 1
    assert "failed" not in rig.statuses().values()


def test_children_of_a_parent_that_was_not_read_are_not_swept(rig):
    """Fails if the listing counts as complete: what `api-1` has is then missing, and goes."""
    rig.account.put(other(REST_API, "api-2", region=REGION), model("live", "api-2"))
    planned(rig, MODEL)
    assert names(rig, MODEL) == {"api-1|live", "api-2|live"}

    for _ in range(2):
        broken = Fault.error("GeneralServiceException")
        rule = rig.aws.inject(broken, region=REGION, skip=1, times=1)
        rig.account.delete(f"arn:aws:cloudcontrol:{REGION}:{ACCOUNT}:{MODEL}/api-1|live")
        cold_period(rig)
        rig.account.put(model("live"))
        assert rig.aws.hits(rule) == 1
        assert rig.scope(MODELS).status == "failed"

    assert names(rig, MODEL) == {"api-1|live", "api-2|live"}


def test_children_go_with_their_parent(rig):
    planned(rig, MODEL)
    assert names(rig, MODEL) == {"api-1|live"}

    rig.account.delete(f"arn:aws:cloudcontrol:{REGION}:{ACCOUNT}:{REST_API}/api-1")
    rig.account.delete(f"arn:aws:cloudcontrol:{REGION}:{ACCOUNT}:{MODEL}/api-1|live")
    cold_period(rig)
    assert names(rig, MODEL) == {"api-1|live"}  # one listing alone says nothing
    cold_period(rig)

    assert names(rig, MODEL) == set()


def test_tags_that_the_list_leaves_out_stay_unknown(rig):
    rig.account.put(other(API_KEY, "key-2", region=REGION))

    planned(rig, API_KEY)

    found = rows(rig.engine, "SELECT * FROM inventory WHERE name IS NULL")
    assert [row.tags for row in found] == [None]


def test_what_is_not_named_any_more_leaves_the_view_and_comes_back(rig):
    planned(rig, API_KEY, MODEL)
    planned(rig, MODEL)
    assert types_of(rig) == {MODEL}
    assert rig.scope(KEYS).retired_reason == "TypeNotSelected"

    planned(rig, API_KEY)

    assert types_of(rig) == {API_KEY}
