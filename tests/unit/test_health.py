"""What probes and Prometheus see, over real HTTP on loopback."""

import socket
from http.client import HTTPConnection

import pytest

from cloudops.domain.errors import StoreUnavailableError
from cloudops.health import HealthServer

pytestmark = pytest.mark.unit


def fine() -> str:
    return ""


def late() -> str:
    return "it lags 130 s behind"


def away() -> str:
    raise StoreUnavailableError("the database is away")


def broken() -> str:
    raise ValueError("password=canary")


@pytest.fixture
def ask():
    servers = []

    def ask(path, *, live=None, ready=None, headers=None):
        server = HealthServer(("127.0.0.1", 0), live=live or {}, ready=ready or {})
        server.start()
        servers.append(server)
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        told = answer.status, answer.read().decode(), answer.headers["Content-Type"]
        connection.close()
        return told

    yield ask
    for server in servers:
        server.stop()


@pytest.mark.parametrize("path", ["/livez", "/readyz?verbose"])
def test_all_is_well_when_no_check_complains(ask, path):
    status, text, _ = ask(path, live={"watch": fine}, ready={"watch": fine})

    assert (status, text) == (200, "[+] watch\nok\n")


@pytest.mark.parametrize(
    ("check", "told"),
    [
        pytest.param(late, "[-] x: it lags 130 s behind", id="complains"),
        pytest.param(away, "[-] x: the database is away", id="expected-error"),
        pytest.param(broken, "[-] x: ValueError", id="unexpected-error"),
    ],
)
def test_one_failed_check_fails_the_probe_and_is_named(ask, check, told):
    status, text, _ = ask("/readyz", ready={"x": check, "y": fine})

    assert status == 503
    assert told in text
    assert "[+] y" in text
    assert "canary" not in text


def test_liveness_and_readiness_are_judged_apart(ask):
    assert ask("/livez", live={"a": fine}, ready={"b": away})[0] == 200
    assert ask("/readyz", live={"a": late}, ready={"b": fine})[0] == 200


def test_metrics_are_served_in_the_form_that_is_asked_for(ask):
    status, text, content_type = ask("/metrics")

    assert status == 200
    assert content_type.startswith("text/plain")
    assert "# TYPE python_info gauge" in text

    openmetrics = ask("/metrics", headers={"Accept": "application/openmetrics-text"})

    assert openmetrics[2].startswith("application/openmetrics-text")


def test_other_paths_are_not_found(ask):
    assert ask("/")[0] == 404


def test_a_taken_port_is_an_error_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(OSError, match="in use"):
            HealthServer(("127.0.0.1", taken.getsockname()[1]), live={}, ready={})
