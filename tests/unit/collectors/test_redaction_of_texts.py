"""Secrets inside longer texts, and addresses that are secrets themselves."""

import json
import re
import time
from typing import Any

import pytest

from cloudops.collectors.canonical import MAX_BYTES
from cloudops.collectors.paths import parse_path
from tests.unit.collectors.rows import REDACTOR

pytestmark = pytest.mark.unit

CANARY = "canary-4f1c"


def hidden(document: dict[str, Any]) -> str:
    REDACTOR.redact(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        f"jdbc:postgresql://shop.example:5432/orders?user=ada&password={CANARY}",
        f"jdbc:sqlserver://shop.example:1433;databaseName=orders;user=ada;Password = {CANARY};",
        f"jdbc:oracle:thin:ada/{CANARY}@//shop.example:1521/orders",
        f"jdbc:redshift://shop.example:5439/orders?PWD={CANARY}",
        f"https://shop.example/hook?v=1&access_token={CANARY}",
        f"https://shop.example/hook?api-key={CANARY}",
        f"spark.a=b --conf spark.hadoop.fs.s3a.secret.key={CANARY} --conf spark.c=d",
        f"--db_pass={CANARY}",
        f"Server=shop.example,1433;Uid=ada;Pwd='{CANARY}'",
        f"a=password={CANARY}",
        f"password={CANARY}\nuser=ada",
        f'{{"engine": "mysql", "password": "{CANARY}"}}',
        f'{{\\"password\\":\\"{CANARY}\\"}}',
    ],
)
def test_a_secret_inside_a_text_hides_the_text(text: str):
    assert CANARY not in hidden({"Arguments": {"--text": [text]}})
    assert CANARY not in REDACTOR.redact_tags({"Url": text})["Url"]


@pytest.mark.parametrize(
    "text",
    [
        "jdbc:mysql://shop.example:3306/orders?user=ada&useSSL=true&password=",
        "jdbc:oracle:thin:@//shop.example:1521/orders",
        "https://shop.example/list?nextToken=abc&maxResults=5",
        "password=${DB_PASSWORD};token={{resolve:secretsmanager:shop}}",
        "secret=arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop",
        '{ ($.eventName = "ConsoleLogin") && ($.errorMessage = "Failed authentication") }',
        '{"password": {"type": "string"}, "secret": "arn:aws:secretsmanager:eu-west-1:1:secret:x"}',
        "Set the password first; the token opens it",
        "cGFzc3dvcmQ=",
        "on-call@example.com",
    ],
)
def test_a_text_about_secrets_stays_readable(text: str):
    assert hidden({"Text": text}) == json.dumps({"Text": text})


@pytest.mark.parametrize("piece", ["a", "password", "a=", "://a:", "jdbc:oracle:a:b/", '" '])
def test_no_text_takes_long_to_look_through(piece: str):
    """Fails with a pattern that tries each way to read a text."""
    document = {"Text": piece * (MAX_BYTES // len(piece))}
    begun = time.process_time()
    REDACTOR.redact(document)

    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("address", "stays"),
    [
        (f"https://hooks.example.com/services/{CANARY}", "https://hooks.example.com/"),
        (f"https://example.com:8443?key={CANARY}", "https://example.com:8443/"),
        (f"HTTP://example.com/#{CANARY}\n{CANARY}", "HTTP://example.com/"),
        (f"https://ada:{CANARY}@example.com", "https://example.com/"),
        (f"https://{CANARY}@example.com/", "https://example.com/"),
        (f"https://ada:{CANARY}/x@example.com/", ""),
        (f"https:///{CANARY}", ""),
    ],
)
def test_of_a_webhook_scheme_and_host_stay(address: str, stays: str):
    documents = [{"Url": address}, {"Url": f"{address}2"}, {"Url": address}]
    for document in documents:
        REDACTOR.redact(document, webhooks=[parse_path("Url")])
    REDACTOR.redact(documents[2], webhooks=[parse_path("Url")])
    shown, other, twice = (document["Url"] for document in documents)

    assert re.fullmatch(rf"{re.escape(stays)}redacted:[0-9a-f]{{16}}", shown)
    assert shown == twice != other


@pytest.mark.parametrize(
    "address",
    [
        "arn:aws:sqs:eu-west-1:111122223333:orders",
        "on-call@example.com",
        "+441632960000",
        "https://logs.example.com",
        "https://logs.example.com:8088/",
        "",
        None,
    ],
)
def test_what_is_no_webhook_stays(address: str | None):
    document = {"Url": address}
    REDACTOR.redact(document, webhooks=[parse_path("Url")])

    assert document == {"Url": address}
