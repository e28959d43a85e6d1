"""Types that only Cloud Control lists, over HTTP to the fake."""

import json

import orjson
import pytest

from cloudops.collectors.aws.catalogue import CLOUD_CONTROL
from cloudops.collectors.aws.cloudcontrol import table
from cloudops.collectors.aws.parentage import MAX_FAILURES
from cloudops.collectors.aws.session import AwsAccountSession
from cloudops.collectors.vocabulary import Listing, RegionRule
from cloudops.domain.errors import ListingError
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.resource import Page
from tests.fakes.aws.cloud_control import name_of, other
from tests.fakes.aws.faults import Fault
from tests.fakes.aws.script import AccountScript
from tests.fakes.aws.server import FakeAws
from tests.integration.collectors.conftest import KEY, SECRET

pytestmark = [pytest.mark.integration, pytest.mark.aws]

REGION = "eu-west-1"
BY_TYPE = {row.types[0]: row for row in CLOUD_CONTROL}
API_KEY, MODEL, REST_API = (f"AWS::ApiGateway::{name}" for name in ("ApiKey", "Model", "RestApi"))
LIST = "ListResources"


@pytest.fixture
def account(fake_aws: FakeAws) -> AccountScript:
    return fake_aws.account("111122223333", access_key=KEY, secret_key=SECRET)


@pytest.fixture
def apis(account: AccountScript) -> AccountScript:
    """Four APIs with two models each."""
    for api in ("api-1", "api-2", "api-3", "api-4"):
        account.put(other(REST_API, api, region=REGION))
        for name in ("test", "live"):
            model = {"RestApiId": api}
            account.put(other(MODEL, f"{api}|{name}", region=REGION, model=model))
    return account


def read(
    session: AwsAccountSession, type_: str, region: str = REGION
) -> tuple[list[Page], ListingError | None]:
    """The pages, and why there are no more of them."""
    pages: list[Page] = []
    try:
        pages.extend(session.pages(BY_TYPE[type_], region))  # keeps the pages before the error
    except ListingError as error:
        return pages, error
    return pages, None


def ids(pages: list[Page]) -> list[str]:
    return [
        observation.head.canonical_id.partition(f"{ACCOUNT}:")[2]
        for page in pages
        for observation in page.observations
        if observation.head
    ]


ACCOUNT = "111122223333"


def models(*apis: str) -> list[str]:
    return [f"{MODEL}/{api}|{name}" for api in apis for name in ("live", "test")]


def test_all_pages_are_read(fake_aws, account, session):
    fake_aws.page_size(LIST, 3)
    account.put([other(API_KEY, f"key-{n}", region=REGION) for n in range(8)])

    pages, error = read(session, API_KEY)

    assert error is None
    assert ids(pages) == [f"{API_KEY}/key-{n}" for n in range(8)]
    assert fake_aws.call_count("cloudcontrol", LIST) == 3


def test_an_item_has_its_name_its_tags_and_its_properties(account, session):
    tags = {"Team": "platform"}
    account.put(other(API_KEY, "key-1", region=REGION, tags=tags, Name="ours", Enabled=True))

    [page], error = read(session, API_KEY)

    assert error is None
    [found] = page.observations
    assert found.head is not None
    assert (found.head.name, found.head.tags, found.head.region) == ("ours", tags, REGION)
    assert orjson.loads(found.document) == {
        "Identifier": "key-1",
        "Properties": {
            "APIKeyId": "key-1",
            "Enabled": True,
            "Name": "ours",
            "Tags": [{"Key": "Team", "Value": "platform"}],
        },
    }


def test_the_ids_are_those_that_the_account_knows(account, session):
    arn = f"arn:aws:apprunner:{REGION}:{ACCOUNT}:service/web/0123"
    account.put(
        other(API_KEY, "key-1", region=REGION), other("AWS::AppRunner::Service", arn, region=REGION)
    )

    found = {
        observation.head.canonical_id
        for type_ in (API_KEY, "AWS::AppRunner::Service")
        for page in read(session, type_)[0]
        for observation in page.observations
        if observation.head
    }

    assert found == account.truth()


def test_what_is_global_is_asked_for_at_home(fake_aws, account, session):
    account.put(other("AWS::CloudFront::KeyGroup", "group-1"))

    pages, error = read(session, "AWS::CloudFront::KeyGroup", "global")

    assert (len(ids(pages)), error) == (1, None)
    assert fake_aws.call_count("cloudcontrol", LIST, region="us-east-1") == 1


@pytest.mark.parametrize(
    "code", ["TypeNotFoundException", "UnsupportedActionException", "PrivateTypeException"]
)
def test_a_type_that_a_region_does_not_know_is_unsupported(fake_aws, session, code: str):
    fake_aws.inject(Fault.error(code, "not here"), service="cloudcontrol")

    _, error = read(session, API_KEY)

    assert error is not None
    assert (error.error_class, error.code) == (ErrorClass.UNSUPPORTED, code)


@pytest.mark.parametrize(
    ("fault", "error_class", "permission"),
    [
        pytest.param(
            Fault.deny(), ErrorClass.IAM_DENY, "cloudformation:ListResources", id="cloud-control"
        ),
        pytest.param(
            Fault.error(
                "AccessDeniedException",
                "AWS::ApiGateway::ApiKey Handler returned status FAILED: (Service: ApiGateway, "
                "Status Code: 403) (HandlerErrorCode: AccessDenied)",
            ),
            ErrorClass.IAM_DENY,
            "apigateway:GET",
            id="handler",
        ),
        pytest.param(
            Fault.error(
                "GeneralServiceException",
                "AWS::ApiGateway::ApiKey Handler returned status FAILED: User: x is not authorized"
                " to perform: kms:DescribeKey (HandlerErrorCode: GeneralServiceException)",
            ),
            ErrorClass.IAM_DENY,
            "kms:DescribeKey",
            id="handler-in-other-words",
        ),
        pytest.param(
            Fault.error("GeneralServiceException", "Error occurred during operation"),
            ErrorClass.TRANSIENT,
            "",
            id="handler-broken",
        ),
        pytest.param(
            Fault.error("ThrottlingException", "Rate exceeded"),
            ErrorClass.THROTTLED,
            "",
            id="throttled",
        ),
    ],
)
def test_failures_say_what_helps(fake_aws, session, fault, error_class, permission):
    fake_aws.inject(fault, service="cloudcontrol")

    _, error = read(session, API_KEY)

    assert error is not None
    assert (error.error_class, error.permission) == (error_class, permission)


def test_children_are_listed_for_each_parent(fake_aws, apis, session):
    fake_aws.page_size(LIST, 3)

    pages, error = read(session, MODEL)

    assert error is None
    assert ids(pages) == models("api-1", "api-2", "api-3", "api-4")
    # Two pages of parents, and one for the children of each.
    assert fake_aws.call_count("cloudcontrol", LIST) == 6


@pytest.mark.parametrize(
    ("parent", "child", "model"),
    [
        pytest.param(
            (
                "AWS::Transfer::Server",
                f"arn:aws:transfer:{REGION}:{ACCOUNT}:server/s-0123456789abcdef0",
            ),
            "AWS::Transfer::User",
            {"ServerId": "s-0123456789abcdef0"},
            id="by-the-end-of-an-arn",
        ),
        pytest.param(
            (
                "AWS::CloudFormation::Stack",
                f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/web/0a1b",
            ),
            "AWS::CloudFormation::ChangeSet",
            {"StackName": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/web/0a1b"},
            id="by-the-whole-of-it",
        ),
    ],
)
def test_children_are_asked_for_as_their_list_wants_it(
    fake_aws, account, session, parent, child, model
):
    """Fails if an id is asked for by an ARN: the real lists refuse that, as the fake does."""
    account.put(other(*parent, region=REGION))
    account.put(other(child, "arn:aws:x:::child", region=REGION, model=model))

    pages, error = read(session, child)

    assert error is None
    assert len(ids(pages)) == 1
    assert json.loads(fake_aws.calls("cloudcontrol", LIST)[-1].parameters["ResourceModel"]) == model


def test_children_come_on_as_many_pages_as_it_takes(fake_aws, apis, session):
    fake_aws.page_size(LIST, 1)

    pages, error = read(session, MODEL)

    assert error is None
    assert ids(pages) == models("api-1", "api-2", "api-3", "api-4")


def test_without_parents_there_are_no_children(fake_aws, account, session):
    pages, error = read(session, MODEL)

    assert (ids(pages), error) == ([], None)
    assert fake_aws.call_count("cloudcontrol", LIST) == 1


def test_a_parent_that_is_gone_by_then_has_none(fake_aws, apis, session):
    fake_aws.inject(
        Fault.error("ResourceNotFoundException", "not found"),
        service="cloudcontrol",
        skip=2,
        times=1,
    )

    pages, error = read(session, MODEL)

    assert error is None
    assert ids(pages) == models("api-1", "api-3", "api-4")


def test_a_parent_that_can_not_be_read_hides_no_other_but_the_listing_is_not_complete(
    fake_aws, apis, session
):
    """Fails if the listing counts as read: the children that were not shown would be swept."""
    fake_aws.inject(
        Fault.error("GeneralServiceException", "broken"), service="cloudcontrol", skip=2, times=1
    )

    pages, error = read(session, MODEL)

    assert ids(pages) == models("api-1", "api-3", "api-4")
    assert error is not None
    assert error.code == "GeneralServiceException"


def test_where_no_parent_can_be_read_it_is_not_tried_for_each(fake_aws, apis, session):
    fake_aws.inject(Fault.deny(), service="cloudcontrol", skip=1)

    pages, error = read(session, MODEL)

    assert ids(pages) == []
    assert error is not None
    assert error.error_class is ErrorClass.IAM_DENY
    assert fake_aws.call_count("cloudcontrol", LIST) == 1 + MAX_FAILURES


@pytest.mark.parametrize(
    ("skip", "times", "shown"),
    [
        pytest.param(1, 1, ("api-2", "api-3", "api-4"), id="the-first-parent"),
        pytest.param(3, 1, ("api-1", "api-2", "api-4"), id="another-parent"),
    ],
)
def test_a_parent_that_can_have_none_says_nothing_of_the_others(
    fake_aws, apis, session, skip, times, shown
):
    """Fails with UNSUPPORTED in `_OF_ALL`: what the others have would leave the view."""
    none = Fault.error("UnsupportedActionException", "no such thing")
    fake_aws.inject(none, service="cloudcontrol", skip=skip, times=times)

    pages, error = read(session, MODEL)

    assert ids(pages) == models(*shown)
    assert error is not None
    assert (error.error_class, error.code) == ("incomplete", "UnsupportedActionException")


@pytest.mark.parametrize("left_out", [("api-2", "api-3", "api-4"), ("api-4",), ()])
def test_where_no_parent_can_have_any_there_is_nothing_to_list(fake_aws, apis, session, left_out):
    """Fails if it were `partial`: regions that lack the type would be out of step for ever."""
    for name in left_out:
        apis.delete(f"arn:aws:cloudcontrol:{REGION}:{ACCOUNT}:{REST_API}/{name}")
    fake_aws.inject(Fault.error("UnsupportedActionException"), service="cloudcontrol", skip=1)

    _, error = read(session, MODEL)

    assert error is not None
    assert error.error_class is ErrorClass.UNSUPPORTED


def test_throttling_is_of_all_parents(fake_aws, apis, session):
    fake_aws.inject(Fault.error("ThrottlingException"), service="cloudcontrol", skip=1)

    _, error = read(session, MODEL)

    assert error is not None
    assert error.error_class is ErrorClass.THROTTLED
    sent = [call.parameters for call in fake_aws.calls("cloudcontrol", LIST)][1:]
    assert {parameters["ResourceModel"] for parameters in sent} == {'{"RestApiId": "api-1"}'}


def test_parents_that_are_not_listed_to_their_end_leave_it_incomplete(fake_aws, apis, session):
    fake_aws.page_size(LIST, 3)
    fake_aws.inject(Fault.repeat_token(), service="cloudcontrol", page=1)

    _, error = read(session, MODEL)

    assert error is not None
    assert error.code == "RepeatedToken"


def test_a_parent_without_a_name_leaves_it_incomplete(fake_aws, apis, session):
    fake_aws.inject(Fault.malformed("missing-id"), service="cloudcontrol", times=1)

    pages, error = read(session, MODEL)

    assert ids(pages) == models("api-2", "api-3", "api-4")
    assert error is not None
    assert (error.code, error.error_class) == ("ParentNotReadable", ErrorClass.INCOMPLETE)


def test_the_account_s_own_id_is_told_where_a_list_wants_it(fake_aws, account, session):
    dashboard = "AWS::QuickSight::Dashboard"
    model = {"AwsAccountId": ACCOUNT}
    account.put(other(dashboard, f"{ACCOUNT}|sales", region=REGION, model=model))

    pages, error = read(session, dashboard)

    assert (len(ids(pages)), error) == (1, None)
    [call] = fake_aws.calls("cloudcontrol", LIST)
    assert json.loads(call.parameters["ResourceModel"]) == model


def filled(listing: Listing, account: AccountScript) -> None:
    """One resource of the listing's type, and its parent."""
    type_ = listing.types[0]
    facts = table()[type_]
    model = {
        name: word.replace("{account}", ACCOUNT) for name, word in facts.get("constant", {}).items()
    }
    if listing.parents is not None:
        parent = listing.parents.parameters["TypeName"]
        name = f"arn:aws:x:{REGION}:{ACCOUNT}:a/b" if table()[parent].get("arn") else "parent-1"
        account.put(other(parent, name, region=REGION))
        model = {listing.parents.member: name_of(facts, name)}
    own = f"arn:aws:x:{REGION}:{ACCOUNT}:{type_}" if facts.get("arn") else "item-1"
    tags = {"Team": "platform"} if facts.get("tags") else None
    account.put(other(type_, own, region=REGION, model=model, tags=tags))


def test_every_row_is_read_to_its_end(fake_aws, account, session):
    """All in one: 1,400 rows, each with one resource."""
    wrong = {}
    for listing in CLOUD_CONTROL:
        filled(listing, account)
        region = "global" if listing.region_rule is RegionRule.GLOBAL else REGION
        pages, error = read(session, listing.types[0], region)
        found = [(o.head.type, bool(o.head.tags)) for p in pages for o in p.observations if o.head]
        if error is not None or found != [(listing.types[0], bool(listing.emits[0].tags))]:
            wrong[listing.name] = (found, error, [p.malformed for p in pages])
        account.clear()

    assert wrong == {}


def test_children_are_tried_by_a_look_at_those_of_the_first_parent(fake_aws, apis, session):
    """Fails where only the parents are looked at: the children's own action may be missing."""
    assert session.probe(BY_TYPE[MODEL], REGION) == ""

    sent = [call.parameters for call in fake_aws.calls("cloudcontrol", LIST)]
    assert sent == [
        {"TypeName": REST_API},
        {"TypeName": MODEL, "ResourceModel": '{"RestApiId": "api-1"}'},
    ]


def test_children_without_any_parent_can_t_be_tried(account, session):
    assert session.probe(BY_TYPE[MODEL], REGION) == BY_TYPE[MODEL].permissions[0]
