"""SDK sessions and clients: who we are, how long we wait, and how many calls it took."""

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Final

from botocore import xform_name
from botocore.client import BaseClient
from botocore.config import Config
from botocore.configprovider import ConfigChainFactory, ConfigValueStore
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, UnknownServiceError
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError, ResponseParserFactory
from botocore.session import Session

from cloudops import __version__
from cloudops.collectors.aws.errors import UnreadableResponseError, call_status
from cloudops.collectors.aws.timestamps import parse_timestamp
from cloudops.collectors.aws.wire import mend_answer
from cloudops.domain.provider import RoleHop
from cloudops.metrics import PROVIDER_API_CALLS

SESSION_NAME: Final = "cloudops-central"
MAX_CLIENTS: Final = 128  # 0.26 MB each
MAX_ATTEMPTS: Final = 2  # slowing down is the limiter's work, not the SDK's

SDK_ERRORS: Final = (BotoCoreError, ClientError, UnreadableResponseError)
"""Everything that `Door.call` raises."""

# How to reach the network is the operator's own affair; who to be is the provider's.
_FROM_ENVIRONMENT: Final = frozenset({"ca_bundle", "use_dualstack_endpoint", "use_fips_endpoint"})


@dataclass(frozen=True, slots=True)
class _Given:
    """Takes the place of botocore's chain of credential providers."""

    credentials: Credentials

    def load_credentials(self) -> Credentials:
        return self.credentials


class CallCounter:
    """HTTP requests sent, by however many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls = 0

    @property
    def calls(self) -> int:
        return self._calls

    def add(self, **_event: object) -> None:
        """Handle botocore's `before-send`; returning None lets the request go out."""
        with self._lock:
            self._calls += 1


class Sdk:
    """What all sessions share: the service models, timeouts, and the lock for making clients.

    A session of its own loads 167 MB of service models, one with the shared loader 16 MB.
    """

    def __init__(
        self, *, connect_timeout_seconds: float, read_timeout_seconds: float, pool_size: int
    ) -> None:
        # Making clients is not thread-safe, and the loader's cache is shared by them.
        self.lock = Lock()
        self._loader = create_loader()
        self._parsers = ResponseParserFactory()
        self._parsers.set_parser_defaults(timestamp_parser=parse_timestamp)
        self._config = Config(  # type: ignore[call-arg]  # the stubs lack one of them
            connect_timeout=connect_timeout_seconds,
            read_timeout=read_timeout_seconds,
            max_pool_connections=pool_size,
            retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
            user_agent_extra=f"cloudops-central/{__version__}",
            ignore_configured_endpoint_urls=True,
        )

    def session(self) -> Session:
        """A session with the SDK's default credential chain."""
        session = Session()
        session.register_component("data_loader", self._loader)
        session.register_component("response_parser_factory", self._parsers)
        return session

    def session_of(self, credentials: Credentials) -> Session:
        """A session that knows `credentials`, and no environment, profiles or files."""
        session = self.session()
        session.register_component("config_store", _hermetic_config(session))
        session.register_component("credential_provider", _Given(credentials))
        return session

    def config(self, endpoint_url: str) -> Config:
        """Emulators and private endpoints have no host name for each bucket."""
        if endpoint_url:
            return self._config.merge(Config(s3={"addressing_style": "path"}))
        return self._config

    def paginator(self, service: str, operation: str) -> Mapping[str, Any] | None:
        """How an operation pages in botocore's view, None where it does not page."""
        try:
            with self.lock:
                rules = self._loader.load_service_model(service, "paginators-1")
        except UnknownServiceError:
            return None
        rule: Mapping[str, Any] | None = rules["pagination"].get(operation)
        return rule


class Door:
    """One identity at one endpoint, with its clients. Safe for several threads at once."""

    def __init__(
        self, sdk: Sdk, session: Session, *, endpoint_url: str, home: str, counter: CallCounter
    ) -> None:
        self.home = home
        self._sdk = sdk
        self._session = session
        self._endpoint_url = endpoint_url
        self._counter = counter
        self._clients: OrderedDict[tuple[str, str], BaseClient] = OrderedDict()
        self._source: Door | None = None

    @property
    def calls(self) -> int:
        """HTTP requests sent so far, those for assumed credentials included."""
        return self._counter.calls

    def behind(self, hop: RoleHop) -> "Door":
        """The door that `hop` leads to; its credentials are refreshed before they expire.

        Raises:
            BotoCoreError | ClientError | UnreadableResponseError: It can't be assumed.
        """
        refresh = partial(self._assume, hop)
        credentials = RefreshableCredentials.create_from_metadata(
            metadata=refresh(), refresh_using=refresh, method="sts-assume-role"
        )
        door = Door(
            self._sdk,
            self._sdk.session_of(credentials),
            endpoint_url=self._endpoint_url,
            home=self.home,
            counter=self._counter,
        )
        door._source = self
        return door

    def call(
        self, service: str, region: str, operation: str, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One API call.

        Raises:
            BotoCoreError | ClientError: The SDK's own errors.
            UnreadableResponseError: What came back is no answer of this operation.
        """
        client = self._client(service, region)
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except (BotoCoreError, ClientError):
            raise
        # botocore's parsers trust the wire: a broken page surfaces as any of these.
        except (ResponseParserError, ValueError, TypeError, KeyError, AttributeError) as error:
            PROVIDER_API_CALLS.labels("aws", service, operation, "error").inc()
            raise UnreadableResponseError(
                f"{operation}: the answer can't be parsed ({type(error).__name__})"
            ) from error
        return answer

    def knows_endpoint(self, service: str, region: str) -> bool:
        """Whether the SDK's data, or the user, names an endpoint of `service` in `region`."""
        if self._endpoint_url:
            return True
        with self._sdk.lock:
            known = {
                name
                for partition in self._session.get_available_partitions()
                for name in self._session.get_available_regions(
                    service, partition, allow_non_regional=True
                )
            }
        return region in known or any(name.endswith("-global") for name in known)

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
        with self._sdk.lock:
            clients = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            client.close()

    def _assume(self, hop: RoleHop) -> dict[str, str]:
        parameters = {"RoleArn": hop.role_arn, "RoleSessionName": SESSION_NAME}
        if hop.external_id:
            parameters["ExternalId"] = hop.external_id
        answer = self.call("sts", self.home, "AssumeRole", parameters)
        credentials = answer["Credentials"]
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": str(credentials["Expiration"]),
        }

    def _client(self, service: str, region: str) -> BaseClient:
        key = (service, region)
        with self._sdk.lock:
            client = self._clients.get(key)
            if client is None:
                client = self._new_client(service, region)
                self._clients[key] = client
            self._clients.move_to_end(key)
            evicted = list(self._evicted())
        for old in evicted:
            old.close()  # a call that still runs on it keeps its own connection
        return client

    def _evicted(self) -> Iterator[BaseClient]:
        while len(self._clients) > MAX_CLIENTS:
            yield self._clients.popitem(last=False)[1]

    def _new_client(self, service: str, region: str) -> BaseClient:
        client: BaseClient = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self._endpoint_url or None,
            config=self._sdk.config(self._endpoint_url),
        )
        client.meta.events.register("before-send", self._counter.add)
        # The wildcards put it before S3's own handler, which parses already.
        client.meta.events.register("before-parse.*.*", mend_answer)
        client.meta.events.register("response-received", partial(_count_outcome, service))
        return client


def _count_outcome(service: str, **event: Any) -> None:
    operation = str(event["event_name"]).rsplit(".", 1)[-1]
    status = call_status(event["parsed_response"])
    PROVIDER_API_CALLS.labels("aws", service, operation, status).inc()


def _hermetic_config(session: Session) -> ConfigValueStore:
    """The SDK's defaults, with only the transport's settings from the environment."""
    nothing = ConfigChainFactory(session, environ={})
    environment = ConfigChainFactory(session)
    mapping = {}
    for name, (_, variables, default, convert) in Session.SESSION_VARIABLES.items():
        chains = environment if name in _FROM_ENVIRONMENT else nothing
        mapping[name] = chains.create_config_chain(
            instance_name=name,
            env_var_names=variables,
            default=os.devnull if name in {"config_file", "credentials_file"} else default,
            conversion_func=convert,
        )
    return ConfigValueStore(mapping=mapping)
