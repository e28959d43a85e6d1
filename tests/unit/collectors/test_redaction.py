import json
from typing import Any

import pytest

from cloudops.collectors.paths import parse_path
from cloudops.collectors.redaction import Redactor
from cloudops.collectors.secret_words import looks_secret
from tests.unit.collectors.rows import REDACTOR

pytestmark = pytest.mark.unit

CANARY = "canary-4f1c"


def redacted(document: dict[str, Any], *paths: str) -> str:
    REDACTOR.redact(document, [parse_path(path) for path in paths])
    return json.dumps(document)


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "MasterUserPassword",
        "DB_PASSWORD",
        "db-passwd",
        "AuthToken",
        "GITHUB_TOKEN_2",
        "clientSecret",
        "SecretAccessKey",
        "private_key",
        "PreSharedKey",
        "connectionString",
        "api-key",
        "Passwords",
        "--db_pass",
    ],
)
def test_secret_names_are_recognised(key: str):
    assert looks_secret(key)


@pytest.mark.parametrize(
    "key",
    [
        "PasswordLastUsed",
        "PasswordResetRequired",
        "SecretArn",
        "HttpTokens",
        "ClientToken",
        "CreationToken",
        "NextToken",
        "KeyName",
        "KmsKeyId",
        "PublicKey",
        "secrets",
        "TokenType",
        "Bypass",
    ],
)
def test_names_about_secrets_are_not_secret(key: str):
    assert not looks_secret(key)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"MasterUserPassword": CANARY}, id="password"),
        pytest.param({"Auth": {"tokens": [CANARY]}}, id="list-of-tokens"),
        pytest.param({"Environment": {"Variables": {"URL": CANARY}}}, id="lambda-environment"),
        pytest.param(
            {"containerDefinitions": [{"environment": [{"name": "URL", "value": CANARY}]}]},
            id="ecs-environment",
        ),
        pytest.param(
            {"environment": {"environmentVariables": [{"name": "A", "value": CANARY}]}},
            id="codebuild-environment",
        ),
        pytest.param({"environment": [CANARY]}, id="environment-of-plain-texts"),
        pytest.param(
            {"logConfiguration": {"logDriver": "splunk", "options": {"splunk-index": CANARY}}},
            id="log-driver",
        ),
        pytest.param(
            {"firelensConfiguration": {"options": {"Header": f"Authorization Bearer {CANARY}"}}},
            id="log-router",
        ),
        pytest.param(
            {
                "Configurations": [
                    {
                        "Classification": "hadoop-env",
                        "Configurations": [
                            {"Classification": "export", "Properties": {"DSN": CANARY}}
                        ],
                    }
                ]
            },
            id="settings-within-settings",
        ),
        pytest.param(
            {"runtimeConfiguration": [{"classification": "a", "properties": {"DSN": CANARY}}]},
            id="settings-in-lower-case",
        ),
        pytest.param(
            {"podProperties": {"containers": [{"env": [{"name": "URL", "value": CANARY}]}]}},
            id="environment-of-a-pod",
        ),
        pytest.param({"environmentVariables": CANARY}, id="environment-as-text"),
        pytest.param(
            {"secondarySources": [{"buildspec": f"env:\n  variables:\n    URL: {CANARY}\n"}]},
            id="build-specification",
        ),
        pytest.param(
            {"configuration": {"ParameterOverrides": f'{{"Size": "{CANARY}"}}'}},
            id="parameters-of-a-stack-as-text",
        ),
        pytest.param({"configuration": {"UserParameters": CANARY}}, id="what-a-function-is-told"),
        pytest.param({"UserData": {"Value": CANARY}}, id="user-data-attribute"),
        pytest.param({"LaunchTemplateData": {"userData": CANARY}}, id="user-data"),
        pytest.param(
            {"Parameters": [{"ParameterKey": "Size", "ParameterValue": CANARY}]},
            id="cloudformation-parameter",
        ),
        pytest.param(
            {"Parameters": [{"ParameterKey": "Image", "ResolvedValue": CANARY}]},
            id="what-a-cloudformation-parameter-stands-for",
        ),
        pytest.param(
            {"Outputs": [{"OutputKey": "SecretAccessKey", "OutputValue": CANARY}]},
            id="cloudformation-output",
        ),
        pytest.param(
            {"Inputs": [{"ParameterName": "AdminPassword", "ParameterValue": CANARY}]},
            id="input-of-a-conformance-pack",
        ),
        pytest.param(
            {"Outputs": [{"Name": "a", "OutputKey": "Password", "OutputValue": CANARY}]},
            id="pair-with-another-name",
        ),
        pytest.param({"Tags": [{"Key": "api-token", "Value": CANARY}]}, id="pair"),
        pytest.param({"Url": f"https://ada:{CANARY}@example.com/x"}, id="password-in-a-url"),
        pytest.param({"Url": f"https://ghp_{CANARY}-0123@example.com/x"}, id="token-in-a-url"),
        pytest.param({"Url": f"https://{CANARY}:@example.com/x.git"}, id="token-as-user-in-a-url"),
        pytest.param({"Command": ["load", "--password", CANARY]}, id="argument-behind-its-name"),
        pytest.param({"Args": ["-db-Password", CANARY, "x"]}, id="argument-behind-one-dash"),
        pytest.param({"Run": f"load --user ada --api-key {CANARY} x"}, id="argument-in-a-command"),
        pytest.param({"Run": f"load --api-key '{CANARY} x'"}, id="quoted-argument-in-a-command"),
        pytest.param(
            {"Note": [f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n"]}, id="private-key-anywhere"
        ),
        pytest.param({"Password": {"Type": "x", "Value": CANARY}}, id="object-under-a-secret-key"),
        pytest.param({"redacted": True, "fingerprint": {"password": CANARY}}, id="fake-marker"),
        pytest.param({"MasterUserSecret": CANARY}, id="text-where-a-pointer-belongs"),
        pytest.param({"MasterUserSecret": [{"x": CANARY}]}, id="list-where-a-pointer-belongs"),
        pytest.param({"MasterUserSecret": {"Password": CANARY}}, id="secret-beside-a-pointer"),
        pytest.param(
            {"environment": [{"name": "MASTER_USER_SECRET", "value": CANARY}]},
            id="variable-named-like-a-pointer",
        ),
        pytest.param(
            {"Tags": [{"Key": "MasterUserSecret", "Value": CANARY}]}, id="tag-named-like-a-pointer"
        ),
    ],
)
def test_secrets_do_not_survive(document: dict[str, Any]):
    assert CANARY not in redacted(document)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"Password": ""}, id="empty"),
        pytest.param(
            {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "shop"}}},
            id="log-group",
        ),
        pytest.param(
            {"Configurations": [{"Classification": "hive-site"}], "configurations": "x"},
            id="settings-without-any",
        ),
        pytest.param({"Password": None}, id="null"),
        pytest.param({"RequireToken": True, "Secret": False}, id="switch"),
        pytest.param({"MasterUserSecret": "arn:aws:secretsmanager:eu-west-1:1:secret:x"}, id="arn"),
        pytest.param(
            {
                "MasterUserSecret": {
                    "SecretArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-1",
                    "SecretStatus": "active",
                    "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1",
                }
            },
            id="pointer-to-a-managed-password",
        ),
        pytest.param({"CreationToken": "quickCreated-9f2c"}, id="idempotency-of-a-file-system"),
        pytest.param({"Environment": "production"}, id="environment-name"),
        pytest.param({"MetadataOptions": {"HttpTokens": "required"}}, id="imds"),
        pytest.param({"Image": "https://example.com/a:b@sha256:0"}, id="url-without-password"),
        pytest.param({"Url": "ssh://git@example.com/x.git"}, id="user-in-a-url"),
        pytest.param({"Url": "https://ada1@example.com/x.git"}, id="user-in-a-web-address"),
        pytest.param({"Url": "https://example.com/?to=ada@example.com"}, id="mail-in-a-url"),
        pytest.param({"Url": "https://example.com?to=ada@example.com"}, id="mail-in-a-short-url"),
        pytest.param({"Args": ["--token", "--verbose", "password", "x"]}, id="arguments"),
        pytest.param({"Args": ["--password-file", "/run/x", "--token"]}, id="argument-of-a-file"),
        pytest.param({"Run": "load --token --verbose x"}, id="switch-in-a-command"),
        pytest.param({"Args": ["--secret", "arn:aws:secretsmanager:x"]}, id="argument-as-arn"),
        pytest.param({"Args": ["--token", "$(TOKEN)", "--pass", "$PASS"]}, id="argument-elsewhere"),
        pytest.param({"Run": "load --token ${TOKEN} --pass $PASS"}, id="command-with-variables"),
        pytest.param({"environment": {"type": "LINUX", "image": "std:7"}}, id="codebuild-image"),
        pytest.param(
            {"ParameterName": "rds.force_ssl", "ParameterValue": "1"}, id="database-parameter"
        ),
        pytest.param(
            {"OutputKey": "Address", "OutputValue": "shop.example.com"}, id="cloudformation-output"
        ),
    ],
)
def test_what_rules_need_stays_readable(document: dict[str, Any]):
    assert redacted(json.loads(json.dumps(document))) == json.dumps(document)


def test_a_named_path_is_hidden_whatever_it_is_called():
    assert CANARY not in redacted({"Metadata": {"startup": CANARY, "x": [1]}}, "Metadata.*")


def test_presence_and_change_stay_visible():
    documents: list[dict[str, Any]] = [{"Password": value} for value in ("a", "a", "b")]
    one, same, other = documents

    assert redacted(one) == redacted(same) != redacted(other)
    assert one["Password"]["redacted"] is True


def test_redacting_twice_changes_nothing():
    document = {"Password": "a", "Environment": {"Variables": {"A": "b"}}}
    once = redacted(document)

    assert redacted(document, "Password") == once


def test_names_of_variables_stay_visible():
    document = {"environment": [{"name": "DATABASE", "value": "x", "type": "PLAINTEXT"}]}
    redacted(document)

    [variable] = document["environment"]
    assert (variable["name"], variable["type"]) == ("DATABASE", "PLAINTEXT")


def test_the_fingerprint_depends_on_the_key():
    assert Redactor(b"k" * 16).fingerprint("x") != Redactor(b"l" * 16).fingerprint("x")


def test_secret_tags_become_text():
    tags = REDACTOR.redact_tags({"db_password": CANARY, "Team": "shop", "token": ""})

    assert tags["db_password"].startswith("redacted:")
    assert (tags["Team"], tags["token"]) == ("shop", "")


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 65])
def test_a_key_that_protects_nothing_is_refused(key: bytes):
    with pytest.raises(ValueError, match="16 to 64 bytes"):
        Redactor(key)
