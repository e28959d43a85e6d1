from typing import Any

import botocore.session
import pytest

from cloudops.collectors.aws import AwsCloud
from cloudops.collectors.aws.arns import partition_of
from cloudops.collectors.aws.catalogue import CATALOGUE
from cloudops.collectors.aws.partitions import HOME_REGIONS, home_region
from cloudops.collectors.aws.session import fingerprint_of, without_session_name
from cloudops.collectors.vocabulary import Access, Cloud
from cloudops.domain.errors import AccessError
from cloudops.domain.provider import (
    AwsConnection,
    AwsCredentials,
    CredentialSource,
    Globs,
    Identity,
    ProviderSpec,
    RoleHop,
)

pytestmark = pytest.mark.unit

SECRET = AwsCredentials(CredentialSource.SECRET, secret_name="aws-keys")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
ROLE = "arn:aws:iam::111122223333:role/entry"
OWN = Identity("arn:aws:iam::111122223333:user/reader", "111122223333")


def access(connection: AwsConnection | None, **secret: str) -> Access:
    return Access(ProviderSpec("aws", aws=connection), secret)


@pytest.mark.parametrize(
    ("connection", "home"),
    [
        pytest.param(AwsConnection(SECRET), "us-east-1", id="default"),
        pytest.param(AwsConnection(SECRET, regions=Globs(("eu-*",))), "us-east-1", id="europe"),
        pytest.param(AwsConnection(SECRET, regions=Globs(("cn-*",))), "cn-north-1", id="china"),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("us-gov-west-1",))), "us-gov-west-1", id="gov"
        ),
        pytest.param(AwsConnection(SECRET, regions=Globs(("cn*",))), "cn-north-1", id="cn"),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("us-gov*",))), "us-gov-west-1", id="gov-no-dash"
        ),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("*-gov-*",))), "us-gov-west-1", id="gov-inside"
        ),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("us-*",), ("us-[ew]*", "us-iso*"))),
            "us-gov-west-1",
            id="gov-by-exclusion",
        ),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("us-gov-north-9",))),
            "us-gov-west-1",
            id="gov-younger-than-the-sdk",
        ),
        pytest.param(AwsConnection(SECRET, regions=Globs(("*",))), "us-east-1", id="everything"),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("us-*",))), "us-east-1", id="of-two-partitions"
        ),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("us-gov*", "eu-west-1"))),
            "us-east-1",
            id="globs-of-two-partitions",
        ),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("xx-*",))), "us-east-1", id="no-known-region"
        ),
        pytest.param(
            AwsConnection(
                AwsCredentials(
                    CredentialSource.SECRET, roles=(RoleHop("arn:aws-cn:iam::1:role/reader"),)
                )
            ),
            "cn-north-1",
            id="role-in-china",
        ),
        pytest.param(
            AwsConnection(
                AwsCredentials(CredentialSource.SECRET, roles=(RoleHop("reader"),)),
                regions=Globs(("eusc-*",)),
            ),
            "eusc-de-east-1",
            id="role-that-is-no-arn",
        ),
        pytest.param(
            AwsConnection(SECRET, regions=Globs(("cn-*",)), endpoint_url="http://x"),
            "us-east-1",
            id="endpoint",
        ),
    ],
)
def test_the_first_call_goes_to_the_partitions_home(connection: AwsConnection, home: str):
    assert home_region(connection) == home


def test_every_partition_has_its_home_in_itself():
    session = botocore.session.Session()

    for partition, region in HOME_REGIONS.items():
        assert session.get_partition_for_region(region) == partition


@pytest.mark.parametrize(
    ("connection", "secret", "reason"),
    [
        pytest.param(AwsConnection(SECRET), {}, "SecretKeyMissing", id="no-keys"),
        pytest.param(
            AwsConnection(SECRET),
            {"AWS_ACCESS_KEY_ID": "AKIA"},
            "SecretKeyMissing",
            id="one-key-missing",
        ),
        pytest.param(
            AwsConnection(
                AwsCredentials(CredentialSource.WORKLOAD_IDENTITY, roles=(RoleHop(ROLE),))
            ),
            {},
            "CredentialsRejected",
            id="nobody-to-ask-for-a-token",
        ),
        pytest.param(None, {}, "NotSupported", id="another-cloud"),
    ],
)
def test_a_door_without_a_key_stays_closed(
    connection: AwsConnection | None, secret: dict[str, Any], reason: str
):
    cloud = AwsCloud(redaction_key=b"k" * 32)

    with pytest.raises(AccessError) as caught:
        cloud.discover(access(connection, **secret))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("AWS_SESSION_TOKEN", "FwoGZXIvYXdzE\nsecond-line", id="wrapped-when-pasted"),
        pytest.param("AWS_SESSION_TOKEN", "FwoGZXIvYXdzE second-half", id="two-words"),
        pytest.param("AWS_SECRET_ACCESS_KEY", "abc\0def", id="control-character"),
        pytest.param("AWS_SECRET_ACCESS_KEY", "abc\N{NO-BREAK SPACE}def", id="no-break-space"),
        pytest.param(
            "AWS_ACCESS_KEY_ID", "\N{LEFT DOUBLE QUOTATION MARK}AKIAEXAMPLE", id="word-processor"
        ),
        pytest.param("AWS_ACCESS_KEY_ID", "AKIA\N{REPLACEMENT CHARACTER}", id="no-text-at-all"),
    ],
)
def test_a_value_that_no_header_takes_is_refused_by_its_name(key: str, value: str):
    cloud = AwsCloud(redaction_key=b"k" * 32)
    nowhere = AwsConnection(SECRET, endpoint_url="http://127.0.0.1:1")

    with pytest.raises(AccessError) as refused:
        cloud.open(access(nowhere, **{**KEYS, key: value}), "111122223333")

    assert (refused.value.reason, refused.value.error_class) == ("CredentialsRejected", "iam_deny")
    assert f"Secret aws-keys: {key} holds" in str(refused.value)
    assert not [part for part in value.split() if part in str(refused.value)]


def test_the_missing_key_is_named():
    cloud = AwsCloud(redaction_key=b"k" * 32)

    with pytest.raises(AccessError, match=r"Secret aws-keys lacks AWS_SECRET_ACCESS_KEY$"):
        cloud.open(access(AwsConnection(SECRET), AWS_ACCESS_KEY_ID="AKIA"), "1")


def fingerprint(
    credentials: AwsCredentials = SECRET,
    *,
    endpoint: str = "",
    own: Identity = OWN,
    member: str = "",
    **secret: str,
) -> bytes:
    connection = AwsConnection(credentials, endpoint_url=endpoint)
    return fingerprint_of(access(connection, **(KEYS | secret)), connection, own, member)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"AWS_ACCESS_KEY_ID": "AKIAOTHER"}, id="key"),
        pytest.param({"endpoint": "https://other"}, id="endpoint"),
        pytest.param({"member": "arn:aws:iam::2:role/x"}, id="member-role"),
        pytest.param({"own": Identity(OWN.principal, OWN.account_id, "aws-cn")}, id="partition"),
        pytest.param(
            {"credentials": AwsCredentials(CredentialSource.SECRET, roles=(RoleHop("a"),))},
            id="role-chain",
        ),
    ],
)
def test_another_way_in_is_another_fingerprint(change: dict[str, Any]):
    assert fingerprint(**change) != fingerprint()
    assert len(fingerprint()) == 16


def test_a_rotated_secret_value_is_the_same_credential():
    assert fingerprint(AWS_SECRET_ACCESS_KEY="other") == fingerprint()


def test_temporary_keys_count_as_their_principal():
    first = Identity("arn:aws:sts::1:assumed-role/reader/monday", "1")
    second = Identity("arn:aws:sts::1:assumed-role/reader/tuesday", "1")
    other = Identity("arn:aws:sts::1:assumed-role/writer/monday", "1")

    prints = [
        fingerprint(AWS_ACCESS_KEY_ID=f"ASIA{n}", own=own)
        for n, own in enumerate((first, second, other))
    ]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    ("principal", "stable"),
    [
        pytest.param("arn:aws:iam::1:user/path/ada", "arn:aws:iam::1:user/path/ada", id="user"),
        pytest.param("arn:aws:iam::1:root", "arn:aws:iam::1:root", id="root"),
        pytest.param(
            "arn:aws:sts::1:assumed-role/reader/pod-1",
            "arn:aws:sts::1:assumed-role/reader",
            id="role",
        ),
    ],
)
def test_session_names_are_dropped(principal: str, stable: str):
    assert without_session_name(principal) == stable


@pytest.mark.parametrize(("arn", "partition"), [("arn:aws-cn:s3:::x", "aws-cn"), ("reader", "")])
def test_the_partition_stands_in_the_arn(arn: str, partition: str):
    assert partition_of(arn) == partition


def test_aws_is_a_cloud_of_the_catalogue():
    cloud: Cloud = AwsCloud(redaction_key=b"k" * 32)

    assert (cloud.name, cloud.listings) == ("aws", CATALOGUE)
