"""How a process of ours finds the Kubernetes API: the same order for all of them."""

import os

import kubernetes.client
import kubernetes.config
import yaml  # type: ignore[import-untyped]

from cloudops.domain.errors import CloudOpsError


class NoKubernetesError(CloudOpsError):
    """There is neither a usable kubeconfig nor a ServiceAccount."""


def load_configuration() -> kubernetes.client.Configuration:
    """KUBECONFIG if it is set, else the pod's ServiceAccount, else ~/.kube/config.

    Raises:
        NoKubernetesError: None of them can be used.
    """
    configuration = kubernetes.client.Configuration()
    kubeconfig = os.environ.get("KUBECONFIG") or None  # None = ~/.kube/config
    in_cluster = "KUBERNETES_SERVICE_HOST" in os.environ and kubeconfig is None
    try:
        if in_cluster:
            kubernetes.config.load_incluster_config(  # type: ignore[no-untyped-call]
                client_configuration=configuration
            )
        else:
            kubernetes.config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=kubeconfig, client_configuration=configuration
            )
    except (kubernetes.config.ConfigException, OSError) as error:
        raise NoKubernetesError(f"no way to the Kubernetes API: {error}") from error
    except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        # The client takes any file for a kubeconfig, and stumbles over what it holds.
        file = kubeconfig or "~/.kube/config"
        raise NoKubernetesError(f"no way to the Kubernetes API: {file} is no kubeconfig") from error
    configuration.retries = False  # each caller has its own deadline and its own backoff
    configuration.connection_pool_maxsize = 32
    return configuration
