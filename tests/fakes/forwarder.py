"""A TCP address that stays the same while what is behind it changes, breaks, or says nothing."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import Self

_CHUNK = 65536


@dataclass(eq=False)
class _Link:
    """One connection of a client, and ours to the server on its behalf."""

    client: socket.socket
    server: socket.socket
    silenced: threading.Event = field(default_factory=threading.Event)

    def end(self) -> None:
        for one in (self.client, self.server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Forwarder:
    """Listens on loopback and passes every connection on; use as a context manager.

    Stands for whatever gives a database one name: a Service, a virtual address, a proxy.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target: tuple[str, int] | None = target
        self._links: set[_Link] = set()
        self._lock = threading.Lock()
        self._unanswered = b""
        self.swallowed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._target = None
        self.break_all()

    def switch(self, target: tuple[str, int]) -> None:
        """New connections lead to `target`; those that stand stay where they are."""
        self._target = target

    def break_all(self) -> None:
        """End every connection; clients may come again."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.end()

    def swallow_answer_to(self, request: bytes) -> None:
        """The next client that sends `request` is cut off when the server has answered it.

        `swallowed` is set when that has happened.
        """
        self.swallowed.clear()
        self._unanswered = request

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self._target is None:
                return
            with socket.create_connection(self._target) as server:
                link = _Link(client, server)
                with self._lock:
                    self._links.add(link)
                back = threading.Thread(target=self._answer, args=(link,), daemon=True)
                back.start()
                self._ask(link)
                back.join()
                with self._lock:
                    self._links.discard(link)

    def _ask(self, link: _Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.client.recv(_CHUNK):
                if self._unanswered and self._unanswered in data:
                    self._unanswered = b""
                    link.silenced.set()
                link.server.sendall(data)
        link.end()

    def _answer(self, link: _Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.server.recv(_CHUNK):
                if link.silenced.is_set():
                    self.swallowed.set()
                    break
                link.client.sendall(data)
        link.end()
