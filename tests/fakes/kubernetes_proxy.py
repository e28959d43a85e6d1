"""Stands before a real API server and answers in its place when told to, or drops its watches."""

import base64
import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from ruamel.yaml import YAML

from tests.fakes.kubernetes_faults import Call, Injected, Refusal, Selection, every

_CHUNK = 65536
_UPSTREAM_SECONDS = 60.0
# These belong to one connection, not to the message; `Host` is the upstream's own.
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@dataclass(frozen=True, slots=True)
class _Link:
    """What hangs on a client's connection: an answer that still comes, or nothing."""

    upstream: socket.socket | None = None
    watches: bool = False


class KubernetesProxy:
    """Plain HTTP on loopback to whoever asks, HTTPS to the API server; a context manager.

    Args:
        kubeconfig: Names the API server. Credentials are the callers' own: what they send
            is passed on.
    """

    def __init__(self, kubeconfig: Path) -> None:
        entry = YAML(typ="safe").load(kubeconfig)["clusters"][0]["cluster"]
        self._server = _Server(self, _upstream(entry))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._lock = threading.Lock()
        self._links: dict[socket.socket, _Link] = {}  # by client
        self._injected: list[Injected] = []
        self._calls: list[Call] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._end(lambda _: True)
        self._server.server_close()

    def kubeconfig(self, original: Path, into: Path) -> Path:
        """The kubeconfig of somebody who comes by this way, with the credentials of `original`."""
        config = YAML(typ="safe").load(original)
        config["clusters"][0]["cluster"] = {
            "server": f"http://127.0.0.1:{self._server.server_address[1]}"
        }
        into.write_text(json.dumps(config))
        return into

    def inject(
        self, refusal: Refusal, selects: Selection = every, *, times: float = float("inf")
    ) -> Injected:
        """Answer so whatever is selected, until `clear` or for so many `times`."""
        injected = Injected(refusal, selects, times)
        with self._lock:
            self._injected.append(injected)
        return injected

    def clear(self) -> None:
        """Pass everything on again."""
        with self._lock:
            self._injected.clear()

    def drop_watches(self) -> int:
        """Break every watch that stands; returns how many."""
        return self._end(lambda link: link.watches)

    def calls(self, selects: Selection = every) -> list[Call]:
        """What has come so far, refused or not."""
        with self._lock:
            return [call for call in self._calls if selects(call)]

    def _end(self, selects: Callable[[_Link], bool]) -> int:
        with self._lock:
            links = {client: link for client, link in self._links.items() if selects(link)}
        for client, link in links.items():
            for end in (client, link.upstream):
                if end is not None:
                    with contextlib.suppress(OSError):
                        # TLS sockets have one of their own, which is not for other threads.
                        socket.socket.shutdown(end, socket.SHUT_RDWR)
        return len(links)

    def _note(self, call: Call) -> Refusal | None:
        with self._lock:
            self._calls.append(call)
            for injected in self._injected:
                if injected.left > 0 and injected.selects(call):
                    injected.left -= 1
                    injected.hits += 1
                    return injected.refusal
        return None

    def _connected(self, client: socket.socket) -> None:
        with self._lock:
            self._links[client] = _Link()

    def _disconnected(self, client: socket.socket) -> None:
        with self._lock:
            del self._links[client]

    @contextlib.contextmanager
    def _linked(
        self, client: socket.socket, upstream: http.client.HTTPSConnection, *, watches: bool
    ) -> Iterator[None]:
        """While an answer comes from there."""
        with self._lock:
            self._links[client] = _Link(upstream.sock, watches=watches)
        try:
            yield
        finally:
            with self._lock:
                self._links[client] = _Link()


Upstream = Callable[[], http.client.HTTPSConnection]


def _upstream(entry: Mapping[str, Any]) -> Upstream:
    authority = base64.b64decode(entry["certificate-authority-data"]).decode()
    trust = ssl.create_default_context(cadata=authority)
    server = urlsplit(entry["server"])

    def connect() -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            server.hostname or "", server.port, timeout=_UPSTREAM_SECONDS, context=trust
        )

    return connect


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client; each request gets a connection of its own behind it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def handle(self) -> None:
        self.server.proxy._connected(self.connection)
        try:
            with contextlib.suppress(OSError):  # the client went, or was made to go
                super().handle()
        finally:
            self.server.proxy._disconnected(self.connection)

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Nobody reads it; `calls` tells all."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        call = Call(
            method=self.command,
            path=path,
            query=dict(parse_qsl(query)),
            accept=self.headers.get("Accept", ""),
            agent=self.headers.get("User-Agent", ""),
        )
        refusal = self.server.proxy._note(call)
        if refusal is not None:
            self._refuse(refusal)
            return
        with contextlib.closing(self.server.upstream()) as upstream:
            try:
                upstream.request(self.command, self.path, body, self._headers())
                answer = upstream.getresponse()
            except (OSError, http.client.HTTPException):
                self.close_connection = True  # no answer there is no answer here
                return
            with self.server.proxy._linked(self.connection, upstream, watches=call.is_watch):
                self._pass_on(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  the library's names

    def _headers(self) -> dict[str, str]:
        return {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in _OF_THE_CONNECTION
        }

    def _refuse(self, refusal: Refusal) -> None:
        document: dict[str, Any] = refusal.document()
        if refusal.in_stream:
            document = {"type": "ERROR", "object": document}
        content = json.dumps(document).encode() + b"\n"
        self.send_response(200 if refusal.in_stream else refusal.status)
        for name, value in refusal.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _pass_on(self, answer: http.client.HTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while data := answer.read1(_CHUNK):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # an answer that breaks off there breaks off here
            return
        self.wfile.write(b"0\r\n\r\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them

    def __init__(self, proxy: KubernetesProxy, upstream: Upstream) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
        self.upstream = upstream
