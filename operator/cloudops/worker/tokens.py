"""Tokens of ServiceAccounts, by which a cloud recognises who asks: one request a token."""

from http import HTTPStatus
from typing import Final

from kubernetes import client
from kubernetes.client import ApiException

from cloudops.domain.errors import AccessError
from cloudops.domain.ledger import ErrorClass
from cloudops.kubernetes_access import NoKubernetesError
from cloudops.worker.core_api import NO_ANSWER, TIMEOUT_SECONDS, CoreApi, why_none

# The least that the API grants: a token is handed to the cloud at once and never used again.
TOKEN_SECONDS: Final = 600


class KubernetesTokens:
    """Asks the TokenRequest API, as the worker's own ServiceAccount.

    Nothing is kept: whoever takes the permission away, or deletes the
    ServiceAccount, ends the access with the next lease. Logs need no list of
    these tokens, `logs.clean` knows them by their shape.
    """

    def __init__(self, api: CoreApi | None = None) -> None:
        self._api = api or CoreApi()

    def token(self, namespace: str, service_account: str, audience: str) -> str:
        """A new token of the ServiceAccount, valid for ten minutes.

        Raises:
            AccessError: There is no such ServiceAccount, its tokens may not be
                asked for, or the API server can't be asked.
        """
        spec = client.V1TokenRequestSpec(audiences=[audience], expiration_seconds=TOKEN_SECONDS)
        try:
            answer = self._api.connect().create_namespaced_service_account_token(
                service_account,
                namespace,
                client.AuthenticationV1TokenRequest(spec=spec),
                _request_timeout=TIMEOUT_SECONDS,
            )
        except NoKubernetesError as error:
            raise _unavailable(f"no token of a ServiceAccount can be had: {error}") from error
        except ApiException as error:
            raise _refusal(namespace, service_account, error) from error
        except NO_ANSWER as error:
            raise _unavailable(
                f"token of ServiceAccount {namespace}/{service_account}: {why_none(error)}"
            ) from error
        if answer.status is None:
            raise _unavailable("the Kubernetes API answered without a token")
        return str(answer.status.token)


def _refusal(namespace: str, name: str, error: ApiException) -> AccessError:
    if error.status == HTTPStatus.NOT_FOUND:
        return AccessError(
            f"ServiceAccount {namespace}/{name} does not exist: create it, or correct "
            "spec.*.credentials.serviceAccountName",
            reason="ServiceAccountNotFound",
        )
    if error.status == HTTPStatus.FORBIDDEN:
        return AccessError(
            f"the operator may not ask for tokens of ServiceAccount {namespace}/{name}: add "
            f"{{namespace: {namespace}, name: {name}}} to the chart's value "
            "workloadIdentity.serviceAccounts",
            reason="TokenNotAllowed",
            permission=f"create serviceaccounts/token of {name} in {namespace}",
        )
    return _unavailable(
        f"token of ServiceAccount {namespace}/{name}: the Kubernetes API answered {error.status}"
    )


def _unavailable(message: str) -> AccessError:
    return AccessError(message, reason="TokenUnavailable", error_class=ErrorClass.TRANSIENT)
