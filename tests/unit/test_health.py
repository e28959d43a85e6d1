"""What probes and Prometheus see, over real HTTP on loopback."""

import socket
from http.client import HTTPConnection

import pytest

from cloudops.domain.errors import InvalidInputError, StoreUnavailableError
from cloudops.health import EVERY_IPV4_ADDRESS, HealthServer
from cloudops.settings import Settings

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

        with pytest.raises(InvalidInputError, match=r"can't listen on 127\.0\.0\.1:.*in use"):
            HealthServer(("127.0.0.1", taken.getsockname()[1]), live={}, ready={})


def test_a_name_that_no_host_has_is_an_error_at_once():
    with pytest.raises(InvalidInputError, match=r"can't listen on nowhere\.invalid:0"):
        HealthServer(("nowhere.invalid", 0), live={}, ready={})


@pytest.fixture
def serve():
    servers = []

    def serve(host):
        servers.append(HealthServer((host, 0), live={}, ready={}))
        servers[-1].start()
        return servers[-1].port

    yield serve
    for server in servers:
        server.stop()


def answers(client, port):
    connection = HTTPConnection(client, port, timeout=60)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(
    ("host", "reachable_at"),
    [
        pytest.param(Settings().http_host, ["127.0.0.1", "::1"], id="default"),
        pytest.param(EVERY_IPV4_ADDRESS, ["127.0.0.1"], id="ipv4"),
        pytest.param("127.0.0.1", ["127.0.0.1"], id="one-ipv4-address"),
        pytest.param("::1", ["::1"], id="one-ipv6-address"),
        pytest.param("localhost", ["127.0.0.1"], id="a-name"),
    ],
)
def test_probes_of_either_protocol_arrive(serve, host, reachable_at):
    """Fails if sockets are of one family: in a cluster of the other one no pod is ever live."""
    port = serve(host)

    assert [client for client in ("127.0.0.1", "::1") if answers(client, port)] == reachable_at


def test_where_there_is_no_ipv6_the_other_protocol_is_served(serve, monkeypatch):
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)

    assert answers("127.0.0.1", serve("::"))
