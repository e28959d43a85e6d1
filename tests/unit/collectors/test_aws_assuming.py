"""What STS has to answer, whom a token is of, and which role it was that failed."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import orjson
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from cloudops.collectors.aws.assuming import credentials_of, subject_of
from cloudops.collectors.aws.client import SDK_ERRORS, Door
from cloudops.collectors.aws.errors import UnreadableResponseError, access_error
from cloudops.collectors.aws.hooks import CallCounter
from cloudops.collectors.aws.limits import REST
from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.limits import Limits
from cloudops.collectors.turnstile import Turnstile
from cloudops.domain.ledger import ErrorClass
from cloudops.domain.provider import RoleHop

pytestmark = pytest.mark.unit

HOP = RoleHop("arn:aws:iam::111122223333:role/entry")
GIVEN: dict[str, Any] = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "secret",
    "SessionToken": "token",
    "Expiration": datetime(2026, 1, 2, tzinfo=UTC),
}
ANSWER = "<AssumeRoleResponse><AssumeRoleResult>{}</AssumeRoleResult></AssumeRoleResponse>"
CREDENTIALS = (
    "<Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>{}</Expiration></Credentials>"
)


class Body(BytesIO):
    def stream(self, **_kwargs: object) -> Any:
        yield self.read()


def door_of(body: str) -> Door:
    """A door whose STS answers with `body`."""
    sdk = Sdk(connect_timeout_seconds=1, read_timeout_seconds=2, pool_size=3)
    session = sdk.session_of(Credentials("AKIA", "secret"))
    door = Door(
        sdk,
        session,
        endpoint_url="",
        home="us-east-1",
        counter=CallCounter(),
        turnstile=Turnstile(Limits("aws", (), REST), "111122223333"),
    )

    def answer(**_event: object) -> Any:
        return AWSResponse("https://sts", 200, HTTPHeaders(), Body(body.encode()))

    events: Any = door._client("sts", "us-east-1").meta.events  # its stubs know no answers
    events.register_first("before-send", answer)
    return door


def token_of(**claims: Any) -> str:
    part = urlsafe_b64encode(orjson.dumps(claims)).decode().rstrip("=")
    return f"head.{part}.signature"


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param("", id="no-credentials"),
        pytest.param("<Credentials/>", id="empty-credentials"),
        pytest.param(CREDENTIALS.format("soon"), id="garbage-expiration"),
        pytest.param(CREDENTIALS.replace("ASIAX", "").format("2026-01-02T00:00:00Z"), id="no-key"),
    ],
)
def test_an_answer_of_sts_without_credentials_is_no_answer(inner: str):
    """Fails without the check: what is missing raises a KeyError, and that ends the worker."""
    door = door_of(ANSWER.format(inner))

    with pytest.raises(SDK_ERRORS) as caught:
        door.behind(HOP)
    closed = access_error(caught.value)
    assert (closed.reason, closed.error_class) == ("Unreachable", ErrorClass.TRANSIENT)
    assert HOP.role_arn in str(closed)


def test_an_answer_of_sts_opens_the_next_door():
    door_of(ANSWER.format(CREDENTIALS.format("2099-01-02T00:00:00Z"))).behind(HOP)


@pytest.mark.parametrize("missing", sorted(GIVEN))
def test_credentials_are_whole_or_none(missing: str):
    partial = {name: value for name, value in GIVEN.items() if name != missing}

    assert credentials_of("AssumeRole", {"Credentials": GIVEN})["token"] == "token"
    for broken in (partial, partial | {missing: None}, partial | {missing: ["x"]}):
        with pytest.raises(UnreadableResponseError, match="AssumeRole"):
            credentials_of("AssumeRole", {"Credentials": broken})


def test_a_token_tells_whose_it_is():
    subject = "system:serviceaccount:platform:cloud-reader"

    assert subject_of(token_of(sub=subject)) == subject


@pytest.mark.parametrize(
    "token",
    [
        "",
        "opaque",
        "a.b.c",
        "a.\u00fc.c",
        token_of(sub=7),
        token_of(sub="canary with spaces"),
        token_of(iss="x"),
        "a.W10.c",
    ],
)
def test_a_token_that_can_not_be_read_is_nobodys(token: str):
    assert subject_of(token) == ""
