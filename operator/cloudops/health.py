"""The small HTTP server of every process: /livez, /readyz and /metrics."""

import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from cloudops.domain.errors import CloudOpsError, InvalidInputError

EVERY_ADDRESS: Final = "::"
EVERY_IPV4_ADDRESS: Final = "0.0.0.0"  # noqa: S104  probes and scrapes come from outside the pod

Check = Callable[[], str]
"""Answers what is wrong, in words without secrets; "" = nothing. May raise CloudOpsError."""


class HealthServer:
    """Answers in threads of its own, from `start` until `stop`.

    Args:
        address: Host and port. `::` is every address, of IPv4 as well, also where there is
            no IPv6; port 0 takes a free one, see `port`.
        live: Checks of /livez, by name: does only a restart help?
        ready: Checks of /readyz, by name: can it do its work now?

    Raises:
        InvalidInputError: The address is not of this machine, or the port is taken.
    """

    def __init__(
        self, address: tuple[str, int], *, live: Mapping[str, Check], ready: Mapping[str, Check]
    ) -> None:
        self._checks: dict[str, Mapping[str, Check]] = {}
        self.check(live=live, ready=ready)
        try:
            self._server = _Server(address, self._checks)
        except OSError as error:
            told = f"can't listen on {address[0]}:{address[1]}: {error}"
            raise InvalidInputError(told) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="health", daemon=True
        )

    def check(self, *, live: Mapping[str, Check], ready: Mapping[str, Check]) -> None:
        """From now on these, as when a process got what it waited for."""
        self._checks |= {"/livez": live, "/readyz": ready}

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], checks: Mapping[str, Mapping[str, Check]]) -> None:
        self.checks = checks
        host, port = address
        if host == EVERY_ADDRESS and not socket.has_dualstack_ipv6():
            host = EVERY_IPV4_ADDRESS
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:  # on some systems it is IPv6 alone
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10  # seconds that a client may take to send its request
    server_version = "cloudops"
    sys_version = ""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, content_type, encode(REGISTRY))
        elif path in self.server.checks:
            status, text = _run(self.server.checks[path])
            self._answer(status, "text/plain; charset=utf-8", text.encode())
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"not found\n")

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
        """A probe every few seconds is no news."""


def _run(checks: Mapping[str, Check]) -> tuple[HTTPStatus, str]:
    """All checks, one line each, as the API server's own /readyz?verbose prints them."""
    lines, status = [], HTTPStatus.OK
    for name, check in checks.items():
        try:
            problem = check()
        except CloudOpsError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001  a broken check is a failed check; the text may hold secrets
            problem = type(error).__name__
        if problem:
            status = HTTPStatus.SERVICE_UNAVAILABLE
        lines.append(f"[-] {name}: {problem}" if problem else f"[+] {name}")
    return status, "\n".join([*lines, "ok" if status is HTTPStatus.OK else "failed", ""])
