"""Doors: one identity each, the way from one to the next, and how many calls it took."""

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Any, Final

from botocore import xform_name
from botocore.client import BaseClient
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.session import Session

from cloudops.collectors.aws.arns import account_of
from cloudops.collectors.aws.assuming import credentials_of, subject_of
from cloudops.collectors.aws.clients import ClientKey
from cloudops.collectors.aws.endpoints import knows_endpoint
from cloudops.collectors.aws.errors import (
    NoTokenError,
    RoleNotAssumedError,
    StaleCredentialsError,
    UnreadableResponseError,
)
from cloudops.collectors.aws.hooks import CallCounter
from cloudops.collectors.aws.sdk import Sdk
from cloudops.collectors.turnstile import TooSlowError, Turnstile
from cloudops.collectors.vocabulary import TokenSupplier
from cloudops.domain.errors import AccessError
from cloudops.domain.provider import RoleHop
from cloudops.metrics import PROVIDER_API_CALLS

SESSION_NAME: Final = "cloudops-central"

SDK_ERRORS: Final = (
    BotoCoreError,
    ClientError,
    UnreadableResponseError,
    StaleCredentialsError,
    NoTokenError,
    RoleNotAssumedError,
    TooSlowError,
)
"""Everything that `Door.call` raises."""

# botocore's parsers trust the wire: a broken page surfaces as any of these. One that is nested
# without end is a RuntimeError, as are credentials that the SDK finds past their end.
_UNREADABLE: Final = (
    ResponseParserError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
)


class Door:
    """One identity at one endpoint. Safe for several threads at once."""

    def __init__(
        self,
        sdk: Sdk,
        session: Session,
        *,
        endpoint_url: str,
        home: str,
        counter: CallCounter,
        turnstile: Turnstile,
    ) -> None:
        self.home = home
        self._sdk = sdk
        self._session = session
        self._endpoint_url = endpoint_url
        self._counter = counter
        self._turnstile = turnstile
        self._clients: dict[ClientKey, BaseClient] = {}
        self._source: Door | None = None
        self._lock = Lock()  # of its clients and credentials

    def is_of(self, account_id: str) -> None:
        """Whose door it is has turned out: calls count against that account's quota."""
        self._turnstile = self._turnstile.of(quota_of(self._endpoint_url, account_id))

    @property
    def calls(self) -> int:
        """HTTP requests sent so far, those for assumed credentials included."""
        return self._counter.calls

    def behind(self, hop: RoleHop) -> "Door":
        """The door that `hop` leads to; its credentials are refreshed before they expire.

        Raises:
            RoleNotAssumedError: It can't be assumed.
            StaleCredentialsError: This door's own credentials could not be refreshed.
        """
        return self._next(hop, partial(self._assume, hop), "sts-assume-role")

    def vouched(self, hop: RoleHop, token: TokenSupplier) -> "Door":
        """Likewise, for whom `token` vouches; each refresh asks for a new one.

        Raises:
            RoleNotAssumedError: It can't be assumed.
            NoTokenError: There is no token to be had.
        """
        refresh = partial(self._assume_by_token, hop, token)
        return self._next(hop, refresh, "sts-assume-role-with-web-identity")

    def _next(self, hop: RoleHop, refresh: Callable[[], dict[str, str]], method: str) -> "Door":
        credentials = RefreshableCredentials.create_from_metadata(
            metadata=refresh(), refresh_using=refresh, method=method
        )
        door = Door(
            self._sdk,
            self._sdk.session_of(credentials),
            endpoint_url=self._endpoint_url,
            home=self.home,
            counter=self._counter,
            turnstile=self._turnstile.of(quota_of(self._endpoint_url, account_of(hop.role_arn))),
        )
        door._source = self
        return door

    def call(
        self, service: str, region: str, operation: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One API call, made when the limits of its account let it through.

        Raises:
            BotoCoreError | ClientError: The SDK's own errors.
            UnreadableResponseError: What came back is no answer of this operation.
            StaleCredentialsError | NoTokenError | RoleNotAssumedError: The credentials
                could not be refreshed.
            TooSlowError: A rate limit lets no call through.
        """
        client = self._client(service, region)
        with self._lock:  # they may have to be looked for first
            credentials = self._session.get_credentials()
        call = getattr(client, xform_name(operation))
        queue = self._turnstile.call(service, client.meta.region_name, operation)
        try:
            with queue as attempts, self._sdk.hooks.during(credentials, self._counter, attempts):
                answer: dict[str, Any] = call(**parameters)
        except (BotoCoreError, ClientError):
            raise
        except _UNREADABLE as error:
            PROVIDER_API_CALLS.labels("aws", service, operation, "error").inc()
            raise UnreadableResponseError(
                f"{operation}: the answer can't be parsed ({type(error).__name__})"
            ) from error
        except RuntimeError as error:
            raise StaleCredentialsError(
                f"{operation}: new credentials have expired already; check the worker's clock"
            ) from error
        return answer

    def knows_endpoint(self, service: str, region: str) -> bool:
        """Whether the SDK's data, or the user, names an endpoint of `service` in `region`."""
        if self._endpoint_url:
            return True
        return knows_endpoint(self._sdk, service, region)

    def home_of(self, service: str) -> str:
        """The region in which a service is at home that is there once a partition."""
        return self.home if self._endpoint_url else self._sdk.home_of(service, self.home)

    def paginator(self, service: str, operation: str) -> Mapping[str, Any] | None:
        """See `Sdk.paginator`."""
        return self._sdk.paginator(service, operation)

    def close(self) -> None:
        """Close connections, also those of the doors on the way here."""
        self.close_clients()
        if self._source is not None:
            self._source.close()

    def close_clients(self) -> None:
        """Close this door's own connections; a later call opens new ones."""
        with self._lock:
            used = list(self._clients)
            self._clients.clear()
        self._sdk.clients.give_back(used)

    def _assume(self, hop: RoleHop) -> dict[str, str]:
        parameters = {"RoleArn": hop.role_arn, "RoleSessionName": SESSION_NAME}
        if hop.external_id:
            parameters["ExternalId"] = hop.external_id
        return self._credentials("AssumeRole", parameters)

    def _assume_by_token(self, hop: RoleHop, token: TokenSupplier) -> dict[str, str]:
        try:
            proof = token()
        except AccessError as error:
            raise NoTokenError(error) from error
        parameters = {
            "RoleArn": hop.role_arn,
            "RoleSessionName": SESSION_NAME,
            "WebIdentityToken": proof,
        }
        return self._credentials("AssumeRoleWithWebIdentity", parameters, subject_of(proof))

    def _credentials(
        self, operation: str, parameters: Mapping[str, str], subject: str = ""
    ) -> dict[str, str]:
        """Ask STS for the role's credentials; each failure names the role that it is of."""
        try:
            return credentials_of(operation, self.call("sts", self.home, operation, parameters))
        except (BotoCoreError, ClientError, UnreadableResponseError, TooSlowError) as error:
            raise RoleNotAssumedError(parameters["RoleArn"], error, subject) from error

    def _client(self, service: str, region: str) -> BaseClient:
        hermetic = self._sdk.is_hermetic(self._session)
        key = ClientKey(service, region, self._endpoint_url, hermetic)
        with self._lock:
            client = self._clients.get(key)
            if client is None:
                client = self._clients[key] = self._sdk.clients.borrow(key)
        return client


def quota_of(endpoint_url: str, account: str) -> str:
    """Whose quota calls count against; an endpoint of the user's own has its own accounts."""
    return f"{account} at {endpoint_url}" if endpoint_url else account
