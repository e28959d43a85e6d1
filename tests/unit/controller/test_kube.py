"""Our client against a server that answers as told, over real HTTP."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import kubernetes.client
import kubernetes.config
import pytest

from cloudops.controller.kube import (
    API,
    GROUP,
    LONGEST_RETRY_AFTER_SECONDS,
    ConflictError,
    KubeClient,
    KubeError,
    KubeUnavailableError,
    NotFoundError,
    is_served,
    object_path,
)

pytestmark = pytest.mark.unit


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        self.answer: tuple[int, bytes] = (200, b"{}")
        self.headers: dict[str, str] = {}
        self.documents: dict[str, object] | None = None  # by path, in place of `answer`
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        status, content = self._answer()
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self) -> tuple[int, bytes]:
        if self.server.documents is None:
            return self.server.answer
        found = self.server.documents.get(self.path)
        return (404, b"") if found is None else (200, json.dumps(found).encode())

    def do_GET(self) -> None:
        self.handle_any()

    def do_POST(self) -> None:
        self.handle_any()

    def do_PUT(self) -> None:
        self.handle_any()

    def do_PATCH(self) -> None:
        self.handle_any()

    def log_message(self, *_: object) -> None:
        """A test's output is for the test."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def configuration(server: Server) -> kubernetes.client.Configuration:
    configuration = kubernetes.client.Configuration()
    configuration.host = f"http://127.0.0.1:{server.server_port}"
    configuration.retries = False
    configuration.api_key["BearerToken"] = "bearer abc"
    return configuration


@pytest.fixture
def client(configuration: kubernetes.client.Configuration) -> KubeClient:
    return KubeClient(configuration)


def test_a_request_says_who_asks_and_for_what(server, client):
    client.get("/apis/x", {"limit": "500"}, accept="application/json;as=Table")
    [(method, path, headers, _)] = server.seen

    assert (method, path) == ("GET", "/apis/x?limit=500")
    assert headers["Accept"] == "application/json;as=Table"
    assert headers["User-Agent"].startswith("cloudops-central/")
    assert headers["authorization"] == "bearer abc"


@pytest.mark.parametrize(
    ("call", "method", "content_type"),
    [
        pytest.param(lambda c: c.post("/x", {"a": 1}), "POST", "application/json", id="post"),
        pytest.param(lambda c: c.put("/x", {"a": 1}), "PUT", "application/json", id="put"),
        pytest.param(
            lambda c: c.merge("/x", {"a": 1}), "PATCH", "application/merge-patch+json", id="merge"
        ),
        pytest.param(
            lambda c: c.apply("/x", {"a": 1}, field_manager="me"),
            "PATCH",
            "application/apply-patch+yaml",
            id="apply",
        ),
    ],
)
def test_documents_are_sent_as_what_they_are(server, client, call, method, content_type):
    call(client)
    [(sent, path, headers, body)] = server.seen

    assert (sent, headers["Content-Type"]) == (method, content_type)
    assert json.loads(body) == {"a": 1}
    assert path == ("/x" if "apply" not in content_type else "/x?fieldManager=me&force=true")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(404, NotFoundError, id="not-found"),
        pytest.param(409, ConflictError, id="conflict"),
        pytest.param(429, KubeUnavailableError, id="too-many-requests"),
        pytest.param(500, KubeUnavailableError, id="internal-error"),
        pytest.param(503, KubeUnavailableError, id="unavailable"),
        pytest.param(403, KubeError, id="forbidden"),
        pytest.param(422, KubeError, id="invalid"),
    ],
)
def test_a_refusal_is_an_error_of_its_kind_in_the_servers_words(server, client, status, error):
    server.answer = (status, json.dumps({"message": "because"}).encode())

    with pytest.raises(KubeError, match=rf"GET /x: {status} because") as caught:
        client.get("/x", {"secret": "query"})

    assert type(caught.value) is error
    assert caught.value.status == status
    assert "query" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "7"}, 7, id="seconds"),
        pytest.param({"Retry-After": "86400"}, LONGEST_RETRY_AFTER_SECONDS, id="a-day"),
        pytest.param({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0, id="a-date"),
        pytest.param({"Retry-After": "-1"}, 0, id="less-than-nothing"),
        pytest.param({}, 0, id="nothing"),
    ],
)
def test_a_refusal_says_when_to_come_again(server, client, status, headers, seconds):
    server.answer, server.headers = (status, b""), headers

    with pytest.raises(KubeUnavailableError) as caught:
        client.put("/x", {})

    assert caught.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("heeds", "sent"), [pytest.param(True, 1, id="all"), pytest.param(False, 3, id="the-lease")]
)
def test_until_then_nothing_is_sent_but_what_can_not_wait(server, configuration, heeds, sent):
    """Fails without `_require_leave`: ten thousand objects would all be written in vain."""
    now = [0.0]
    client = KubeClient(configuration, heeds_retry_after=heeds, clock=lambda: now[0])
    server.answer, server.headers = (429, b""), {"Retry-After": "7"}

    for moment, left in ((0.0, 7), (5.0, 2), (6.9, 0.1)):
        now[0] = moment
        with pytest.raises(KubeUnavailableError, match=r"GET /x: ") as caught:
            client.get("/x", {"secret": "query"})
        assert caught.value.retry_after_seconds == pytest.approx(left if heeds else 7)
        assert "query" not in str(caught.value)
    assert len(server.seen) == sent

    now[0], server.answer, server.headers = 14.0, (200, b"{}"), {}
    assert client.get("/x") == {}


@pytest.mark.parametrize("body", [b"<html>502</html>", b"[]", b""], ids=["html", "list", "nothing"])
def test_a_proxy_in_between_may_answer_anything(server, client, body):
    server.answer = (502, body)

    with pytest.raises(KubeUnavailableError, match="502"):
        client.get("/x")


@pytest.mark.parametrize("body", [b"<html>200</html>", b"[]", b""], ids=["html", "list", "nothing"])
def test_even_that_all_is_well(server, client, body):
    """Fails if it surfaces as another error: an elector or a watch would end on it for good."""
    server.answer = (200, body)

    with pytest.raises(KubeUnavailableError, match="GET /x: an answer that is no JSON object"):
        client.get("/x", {"secret": "query"})


@pytest.mark.parametrize(
    ("answers", "served"),
    [
        pytest.param({}, False, id="no-groups"),
        pytest.param({"/apis": {"groups": [{"name": "apps"}]}}, False, id="other-groups"),
        pytest.param({"/apis": {"groups": [{"name": GROUP}]}}, False, id="group-without-version"),
        pytest.param({API: {"resources": [{"name": "things"}]}}, False, id="version-without-group"),
        pytest.param(
            {"/apis": {"groups": [{"name": GROUP}]}, API: {"resources": [{"name": "others"}]}},
            False,
            id="other-resources",
        ),
        pytest.param(
            {"/apis": {"groups": [{"name": GROUP}]}, API: {"resources": [{"name": "things"}]}},
            True,
            id="both",
        ),
    ],
)
def test_a_resource_is_served_once_both_halves_of_discovery_show_it(
    server, client, answers, served
):
    server.documents = {"/apis": {}, **answers}

    assert is_served(client, "things") is served


def test_no_answer_at_all_is_unavailable(server, client):
    server.shutdown()
    server.server_close()

    with pytest.raises(KubeUnavailableError, match="no answer"):
        client.get("/x", timeout_seconds=5)


def test_credentials_that_cannot_be_read_are_no_answer(server):
    """Fails if it surfaces as another error: the thread that renews the Lease would end on it."""

    def unreadable(_: kubernetes.client.Configuration) -> None:
        raise kubernetes.config.ConfigException("Token file does not exist: /var/run/token")

    configuration = kubernetes.client.Configuration()
    configuration.host = f"http://127.0.0.1:{server.server_port}"
    configuration.api_key["BearerToken"] = "bearer old"
    vars(configuration)["refresh_api_key_hook"] = unreadable

    with pytest.raises(KubeUnavailableError, match="GET /x: no answer"):
        KubeClient(configuration).get("/x")


def test_paths_are_those_of_kubernetes():
    assert object_path("/apis/g/v", "things") == "/apis/g/v/things"
    assert object_path("/apis/g/v", "things", "ns", "a b") == "/apis/g/v/namespaces/ns/things/a%20b"
