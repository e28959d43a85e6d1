"""Sessions of the SDK: what they share, how long they wait, and what they may know."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Final

from botocore.client import BaseClient
from botocore.config import Config
from botocore.configprovider import ConfigChainFactory, ConfigValueStore
from botocore.credentials import Credentials
from botocore.exceptions import UnknownServiceError
from botocore.parsers import ResponseParser, ResponseParserFactory
from botocore.session import Session

from cloudops import __version__
from cloudops.collectors.aws.clients import ClientKey, Clients
from cloudops.collectors.aws.hooks import Hooks
from cloudops.collectors.aws.models import model_loader
from cloudops.collectors.aws.partitions import known_partitions
from cloudops.collectors.aws.timestamps import parse_timestamp

MAX_ATTEMPTS: Final = 2  # slowing down is the limiter's work, not the SDK's

# How to reach the network is the operator's own affair; who to be is the provider's.
_FROM_ENVIRONMENT: Final = frozenset({"ca_bundle", "use_dualstack_endpoint", "use_fips_endpoint"})


@dataclass(frozen=True, slots=True)
class _Given:
    """Takes the place of botocore's chain of credential providers."""

    credentials: Credentials | None

    def load_credentials(self) -> Credentials | None:
        return self.credentials


class ParsersInTurn(ResponseParserFactory):
    """Parsers of which one works at a time.

    What is parsed takes many times the length of its page, and threads of Python that
    parse at once are no quicker than one after the other.
    """

    def __init__(self) -> None:
        super().__init__()
        self._turn = Lock()

    def create_parser(self, protocol_name: str) -> ResponseParser:
        parser = super().create_parser(protocol_name)
        parse = parser.parse

        def parse_in_turn(response: Any, shape: Any) -> Any:
            with self._turn:
                return parse(response, shape)

        # The SDK wants one of its own classes, of which there is one a protocol.
        parser.parse = parse_in_turn  # type: ignore[method-assign]
        return parser


class Sdk:
    """What all sessions share: the service models, timeouts, and the lock for making clients.

    A session of its own would load every service model once more.

    Attributes:
        partitions: Answers every partition that the SDK knows, with its regions.
        home_of: Answers in which region a service signs that is there once a partition, given
            a region of it; that region, where the SDK does not know.
        endpoint_regions: Answers in which regions of a partition the SDK knows an endpoint
            of a service. Some names among them are no region, such as `aws-global`.
        hooks: Say for whom a client works, while it does.
        clients: For everybody.
    """

    def __init__(
        self, *, connect_timeout_seconds: float, read_timeout_seconds: float, pool_size: int
    ) -> None:
        # Making clients is not thread-safe, and the loader's cache is shared by them.
        self.lock = Lock()
        self._loader = model_loader()
        self.partitions = known_partitions
        self.endpoint_regions = cache(self._endpoint_regions)
        self.home_of = cache(self._home_of)
        self.hooks = Hooks()
        self.clients = Clients(self._new_client, self.lock)
        self._nobody = cache(self._session_of_nobody)
        self._parsers = ParsersInTurn()
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

    def session_of(self, credentials: Credentials | None) -> Session:
        """A session that knows `credentials`, and no environment, profiles or files.

        With None it is nobody's: only calls that need no signature can be made.
        """
        session = self.session()
        session.register_component("config_store", _hermetic_config(session))
        session.register_component("credential_provider", _Given(credentials))
        return session

    @staticmethod
    def is_hermetic(session: Session) -> bool:
        """Whether it is one of `session_of`."""
        return isinstance(session.get_component("credential_provider"), _Given)

    def _new_client(self, key: ClientKey) -> BaseClient:
        """It has no credentials of its own: each request brings those of its caller."""
        client: BaseClient = self._nobody(key.hermetic).create_client(
            key.service,
            region_name=key.region,
            endpoint_url=key.endpoint_url or None,
            config=self._config_at(key.endpoint_url),
        )
        self.hooks.attach(client, key.service, at_address=bool(key.endpoint_url))
        return client

    def _session_of_nobody(self, hermetic: bool) -> Session:  # noqa: FBT001  the key of a cache
        if hermetic:
            return self.session_of(None)
        session = self.session()
        session.register_component("credential_provider", _Given(None))
        return session

    def _config_at(self, endpoint_url: str) -> Config:
        """Emulators and private endpoints have no host name for each bucket."""
        if endpoint_url:
            return self._config.merge(Config(s3={"addressing_style": "path"}))
        return self._config

    def _endpoint_regions(self, service: str, partition: str) -> frozenset[str]:
        with self.lock:
            names = self.session_of(None).get_available_regions(
                service, partition, allow_non_regional=True
            )
        return frozenset(names)

    def _home_of(self, service: str, region: str) -> str:
        with self.lock:
            data = self._loader.load_data("endpoints")
        partition = next((one for one in data["partitions"] if region in one["regions"]), None)
        known = partition["services"].get(service, {}) if partition else {}
        place = known.get("endpoints", {}).get(known.get("partitionEndpoint"), {})
        home: str = place.get("credentialScope", {}).get("region", region)
        return home

    def paginator(self, service: str, operation: str) -> Mapping[str, Any] | None:
        """How an operation pages in botocore's view, None where it does not page."""
        try:
            with self.lock:
                rules = self._loader.load_service_model(service, "paginators-1")
        except UnknownServiceError:
            return None
        rule: Mapping[str, Any] | None = rules["pagination"].get(operation)
        return rule


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
