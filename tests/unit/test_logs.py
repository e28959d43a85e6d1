"""Logs hold no secrets, whoever writes the line and however the secret got into it."""

import io
import json
import logging
import re
import subprocess
import sys
import threading
from typing import Any

import pytest
import structlog

from cloudops import logs

pytestmark = pytest.mark.unit

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
TEMPORARY_KEY_ID = "ASIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
CANARY = "canary-Zx81kkQp"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJlLWNhbmFyeQ"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{CANARY}\nAAAA\n-----END RSA PRIVATE KEY-----"


@pytest.fixture
def configured():
    """Configures logging and puts everything back afterwards."""
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    levels = {name: logging.getLogger(name).level for name in (*logs.TOO_TALKATIVE, *logs.QUIETER)}
    stream = io.StringIO()

    def configure(log_format="json", log_level="INFO"):
        logs.configure(log_format=log_format, level=log_level, stream=stream)
        return stream

    yield configure
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()
    logs._hidden.clear()


def fail(message: str) -> None:
    raise ValueError(message)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


TEXTS = [
    pytest.param(f"signed with {KEY_ID}", KEY_ID, id="access-key"),
    pytest.param(f"session of {TEMPORARY_KEY_ID}.", TEMPORARY_KEY_ID, id="temporary-access-key"),
    pytest.param(f"Authorization: Bearer {CANARY}", CANARY, id="bearer"),
    pytest.param(f"authorization: basic {CANARY}", CANARY, id="basic"),
    pytest.param(f"{{'Authorization': 'AWS4 {CANARY}'}}", CANARY, id="authorization-header"),
    pytest.param(f"token was {JWT}", "c2lnbmF0dXJlLWNhbmFyeQ", id="jwt"),
    pytest.param(f"read {PEM} from the Secret", CANARY, id="pem"),
    pytest.param(f"-----BEGIN PRIVATE KEY-----\n{CANARY}", CANARY, id="pem-cut-off"),
    pytest.param(f"postgresql://ops:{CANARY}@db:5432/x", CANARY, id="database-url"),
    pytest.param(f"postgresql://ops:p@{CANARY}@db:5432/x", CANARY, id="at-in-password"),
    pytest.param(f"host=db user=ops password={CANARY} port=1", CANARY, id="dsn"),
    pytest.param(f'{{"password": "{CANARY} with spaces"}}', CANARY, id="json"),
    pytest.param(f"AWS_SECRET_ACCESS_KEY={SECRET_KEY}", SECRET_KEY, id="environment"),
    pytest.param(f"aws_session_token: '{CANARY}'", CANARY, id="yaml"),
    pytest.param(f"<SecretAccessKey>{CANARY}</SecretAccessKey>", CANARY, id="sts-answer"),
    pytest.param(f"?X-Amz-Signature={CANARY}&a=b", CANARY, id="presigned-url"),
    pytest.param(f"?sv=1&sig={CANARY}", CANARY, id="shared-access-signature"),
    pytest.param(f"AccountKey={CANARY};EndpointSuffix=x", CANARY, id="connection-string"),
    pytest.param(f"client_secret={CANARY}", CANARY, id="oauth"),
]


@pytest.mark.parametrize(("text", "canary"), TEXTS)
def test_secrets_are_removed_from_texts(text, canary):
    assert canary not in logs.clean(text)
    assert logs.REDACTED in logs.clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "429 Too Many Requests, slowing down",
        "arn:aws:iam::111122223333:role/cloudops-read denied ec2:DescribeVolumes",
        "GET https://10.0.0.1:6443/apis/cloudops.dev/v1alpha1/cloudproviders?limit=500",
        "the Secret platform/aws has no key AWS_ACCESS_KEY_ID",
        "role AROAIOSFODNN7EXAMPLE is not assumable",
        "postgresql://db:5432/cloudops is away",
    ],
)
def test_what_helps_an_engineer_is_kept(text):
    assert logs.clean(text) == text


def test_a_cleaned_url_still_names_its_host():
    assert logs.clean(f"postgresql://ops:{CANARY}@db:5432/x").endswith("@db:5432/x")


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "secret",
        "AWS_SECRET_ACCESS_KEY",
        "session_token",
        "apiKey",
        "private-key",
        "Authorization",
        "database_url",
        "Set-Cookie",
    ],
)
@pytest.mark.parametrize(
    "value",
    [CANARY, CANARY.encode(), [CANARY], {"inner": CANARY}],
    ids=["text", "bytes", "list", "mapping"],
)
def test_values_under_secret_looking_keys_are_removed(key, value):
    assert CANARY not in str(logs.redact(None, "", {key: value}))


@pytest.mark.parametrize("key", ["secret_name", "secretRef", "token_count", "secret_namespace"])
def test_names_of_secrets_are_kept(key):
    assert logs.redact(None, "", {key: "aws-keys"}) == {key: "aws-keys"}


def test_nothing_is_said_of_a_secret_that_is_not_there():
    assert logs.redact(None, "", {"password": "", "token": None}) == {"password": "", "token": None}


def test_secrets_are_removed_at_any_depth_and_numbers_stay():
    event = {"list": [{"env": {"DB_PASSWORD": CANARY}}, (f"Bearer {CANARY}", 3, True, None)]}
    cleaned = logs.redact(None, "", event)

    assert CANARY not in str(cleaned)
    assert cleaned["list"][1][1:] == [3, True, None]


def test_objects_are_cleaned_as_they_would_be_printed():
    class Leaky:
        def __str__(self) -> str:
            return f"password={CANARY}"

    assert CANARY not in str(logs.redact(None, "", {"thing": Leaky(), "raw": b"sig=" + b"x" * 9}))


def test_hidden_values_are_removed_wherever_they_turn_up(configured):
    stream = configured()
    logs.hide("plain-looking-value", "two\nlines-of-secret", "tiny")
    logs.get_logger("x").info("got plain-looking-value", why="lines-of-secret here", tiny="tiny")

    [line] = lines(stream)
    assert "plain-looking-value" not in str(line)
    assert "lines-of-secret" not in str(line)
    assert line["tiny"] == "tiny"  # too short to be told from ordinary words


def test_only_the_latest_hidden_values_are_remembered(configured):
    configured()
    logs.hide("the-very-first-value")
    logs.hide(*(f"value-number-{number}" for number in range(logs._MOST_HIDDEN)))

    assert logs.clean("the-very-first-value") == "the-very-first-value"
    assert logs.clean("value-number-7 and more") == f"{logs.REDACTED} and more"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_our_own_lines_hold_no_secrets(configured, log_format):
    stream = configured(log_format)
    log = logs.get_logger("cloudops.test")
    log.warning("could not enter with %s", KEY_ID, url=f"postgresql://a:{CANARY}@db/x")
    try:
        fail(f"Bearer {CANARY}")
    except ValueError:
        log.exception("broke")

    assert KEY_ID not in stream.getvalue()
    assert CANARY not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("name", ["kopf", "urllib3.connectionpool", "botocore.auth"])
def test_lines_of_libraries_hold_no_secrets(configured, log_format, name):
    stream = configured(log_format)
    library = logging.getLogger(name)
    library.warning("calling with %s and %r", KEY_ID, {"Authorization": f"Bearer {CANARY}"})
    try:
        fail(PEM)
    except ValueError:
        library.exception("broke")

    assert "calling with" in stream.getvalue()
    assert KEY_ID not in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_whole_answers_of_clouds_and_clusters_are_never_logged(configured):
    stream = configured(log_level="DEBUG")
    for name in ("botocore.parsers", "kubernetes.client.rest", "urllib3.connectionpool"):
        logging.getLogger(name).debug("response body: c2VjcmV0LWluLWJhc2U2NA==")
    logging.getLogger("kopf").debug("watching")

    assert [line["event"] for line in lines(stream)] == ["watching"]


def test_a_watch_that_works_is_no_news(configured):
    stream = configured()
    logging.getLogger("kopf.objects").info("Handler 'receive' succeeded.")
    logging.getLogger("kopf.objects").error("Handler 'receive' failed.")

    assert [line["event"] for line in lines(stream)] == ["Handler 'receive' failed."]


def test_a_json_line_says_when_who_and_how_bad(configured):
    stream = configured()
    logs.get_logger("cloudops.test").info("elected", epoch=4)

    [line] = lines(stream)
    assert (line["event"], line["level"], line["logger"], line["epoch"]) == (
        "elected",
        "info",
        "cloudops.test",
        4,
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])


def test_the_level_holds_for_everyone(configured):
    stream = configured(log_level="WARNING")
    logs.get_logger("cloudops.test").info("quiet")
    logging.getLogger("kopf").info("quiet")
    logging.getLogger("kopf").warning("loud")

    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_lines_of_one_piece_of_work_share_an_id(configured):
    stream = configured()
    log = logs.get_logger("cloudops.test")
    with logs.correlated(cloudprovider="platform/aws") as correlation_id:
        log.info("inside")
        logging.getLogger("kopf").warning("inside too")
    with logs.correlated():
        log.info("other work")
    log.info("outside")

    inside, inside_too, other, outside = lines(stream)
    assert inside["correlation_id"] == inside_too["correlation_id"] == correlation_id
    assert inside["cloudprovider"] == "platform/aws"
    assert other["correlation_id"] != correlation_id
    assert "correlation_id" not in outside


def test_auto_means_json_where_there_is_no_terminal(configured):
    stream = configured("auto")
    logs.get_logger("cloudops.test").info("hello")

    assert lines(stream)[0]["event"] == "hello"


def test_auto_is_readable_on_a_terminal(configured):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    configured()
    terminal = Terminal()
    logs.configure(log_format="auto", stream=terminal)
    logs.get_logger("cloudops.test").info("hello", epoch=4)

    assert "hello" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


def test_uncaught_exceptions_of_threads_hold_no_secrets(configured):
    stream = configured()

    def die() -> None:
        raise ValueError(f"password={CANARY}")

    thread = threading.Thread(target=die, name="doomed")
    thread.start()
    thread.join(60)

    [line] = lines(stream)
    assert (line["level"], line["thread_name"]) == ("critical", "doomed")
    assert CANARY not in stream.getvalue()
    assert "ValueError" in line["exception"]


@pytest.mark.parametrize(
    ("death", "told"),
    [
        pytest.param(f"raise ValueError('password={CANARY}')", "uncaught exception", id="error"),
        pytest.param("raise KeyboardInterrupt", "KeyboardInterrupt", id="interrupt"),
    ],
)
def test_uncaught_exceptions_of_the_process_hold_no_secrets(death, told):
    code = f"from cloudops import logs; logs.configure(log_format='json'); {death}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode != 0
    assert told in done.stderr
    assert CANARY not in done.stderr
