"""Asks an API server whether it is ready, and waits for it with a word now and then."""

import http.client
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster.pki import Pair
from tests.cluster.reporting import say

_ANSWER_SECONDS = 5.0
_DEADLINE_SECONDS = 120.0
_POLL_SECONDS = 0.2
_REPORT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ApiProbe:
    """Speaks to 127.0.0.1:`port` as `user`, trusting `authority` alone."""

    port: int
    authority: Pair
    user: Pair

    def is_ready(self) -> bool:
        return self._status("/readyz") == http.client.OK

    def has_default_service_account(self) -> bool:
        """It is the controller manager's first visible deed."""
        path = "/api/v1/namespaces/default/serviceaccounts/default"
        return self._status(path) == http.client.OK

    def _status(self, path: str) -> int:
        """The HTTP status; 0 when there was no answer."""
        trust = ssl.create_default_context(cafile=self.authority.certificate)
        trust.load_cert_chain(self.user.certificate, self.user.key)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=_ANSWER_SECONDS, context=trust
        )
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def wait_until(condition: Callable[[], bool], failed: Callable[[], object], what: str) -> bool:
    """True once `condition` holds; False once `failed` answers something, or after two minutes."""
    began = reported = time.monotonic()
    while not condition():
        now = time.monotonic()
        if failed() or now - began > _DEADLINE_SECONDS:
            return False
        if now - reported > _REPORT_SECONDS:
            reported = now
            say(f"  {now - began:4.0f} s  waiting for {what}")
        time.sleep(_POLL_SECONDS)
    return True
