"""The way to the Kubernetes API that a worker's readers share."""

import threading
from typing import Final

from kubernetes import client
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from cloudops.kubernetes_access import load_configuration

TIMEOUT_SECONDS: Final = (5, 15)  # to connect, and between two bytes of the answer

# The ServiceAccount's token is read from its file again before every call.
_UNREAD_TOKEN: Final = (ConfigException, OSError)
NO_ANSWER: Final = (HTTPError, *_UNREAD_TOKEN)
"""What a call of the API raises that brings no answer of the server's."""


def why_none(error: Exception) -> str:
    """What one of `NO_ANSWER` says."""
    if isinstance(error, _UNREAD_TOKEN):
        return f"the worker's own token can't be read: {error}"
    return "the Kubernetes API does not answer"


class CoreApi:
    """Connects on first use: a worker that needs nothing from a cluster needs no cluster."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._api: client.CoreV1Api | None = None

    def connect(self) -> client.CoreV1Api:
        """The same client each time, with the worker's own ServiceAccount.

        Raises:
            NoKubernetesError: There is neither a usable kubeconfig nor a ServiceAccount.
        """
        with self._lock:
            if self._api is None:
                self._api = client.CoreV1Api(client.ApiClient(load_configuration()))
            return self._api
