"""The way to the Kubernetes API that a worker's readers share."""

import threading
from typing import Final

from kubernetes import client

from cloudops.kubernetes_access import load_configuration

TIMEOUT_SECONDS: Final = (5, 15)  # to connect, and between two bytes of the answer


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
