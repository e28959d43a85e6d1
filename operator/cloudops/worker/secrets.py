"""Where credentials come from: Kubernetes Secrets, read when a lease begins, kept in memory."""

import base64
from collections.abc import Mapping
from http import HTTPStatus

from kubernetes.client import ApiException

from cloudops import logs
from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import ErrorClass
from cloudops.kubernetes_access import NoKubernetesError
from cloudops.worker.core_api import NO_ANSWER, TIMEOUT_SECONDS, CoreApi, why_none


class KubernetesSecrets:
    """Reads Secrets with the worker's own ServiceAccount, one namespace at a time."""

    def __init__(self, api: CoreApi | None = None) -> None:
        self._api = api or CoreApi()

    def read(self, namespace: str, name: str) -> Mapping[str, str]:
        """The Secret's data; its values are hidden from the logs from now on.

        Raises:
            AccessError: It is missing, may not be read, or the API server can't be asked.
        """
        try:
            secret = self._api.connect().read_namespaced_secret(
                name, namespace, _request_timeout=TIMEOUT_SECONDS
            )
        except NoKubernetesError as error:
            raise AccessError(
                f"Secrets can't be read: {error}",
                reason="SecretUnavailable",
                error_class=ErrorClass.TRANSIENT,
            ) from error
        except ApiException as error:
            raise _refusal(namespace, name, error) from error
        except NO_ANSWER as error:
            raise AccessError(
                f"Secret {namespace}/{name}: {why_none(error)}",
                reason="SecretUnavailable",
                error_class=ErrorClass.TRANSIENT,
            ) from error
        data = {
            key: base64.b64decode(value).decode("utf-8", "replace").strip()
            for key, value in (secret.data or {}).items()
        }
        logs.hide(*data.values())
        return data


def _refusal(namespace: str, name: str, error: ApiException) -> AccessError:
    if error.status == HTTPStatus.NOT_FOUND:
        return AccessError(
            f"Secret {namespace}/{name} does not exist: create it, or correct "
            "spec.*.credentials.secretRef.name",
            reason="SecretNotFound",
        )
    if error.status == HTTPStatus.FORBIDDEN:
        return AccessError(
            f"the operator may not read Secrets in namespace {namespace}: add it to the "
            "chart's value secretNamespaces, which, once set, has to name the release's own "
            "namespace too",
            reason="SecretAccessDenied",
            permission=f"get secrets in {namespace}",
        )
    return AccessError(
        f"Secret {namespace}/{name}: the Kubernetes API answered {error.status}",
        reason="SecretUnavailable",
        error_class=ErrorClass.TRANSIENT,
    )
