"""One way to the Kubernetes API: JSON in, JSON out, few errors, counted requests."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import kubernetes.client
import kubernetes.config
import orjson
import urllib3

from cloudops import __version__
from cloudops.domain.errors import CloudOpsError
from cloudops.metrics import REST_REQUESTS

GROUP: Final = "cloudops.dev"
VERSION: Final = "v1alpha1"
API: Final = f"/apis/{GROUP}/{VERSION}"
APPLY: Final = "application/apply-patch+yaml"
MERGE_PATCH: Final = "application/merge-patch+json"
METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 30.0
# What is longer is a mistake, or a proxy's: nothing would be told for a day.
LONGEST_RETRY_AFTER_SECONDS: Final = 30.0

Key = tuple[str, str]
"""Namespace and name."""


class KubeError(CloudOpsError):
    """The API server said no.

    Attributes:
        status: Of HTTP; 0 = no answer at all.
        retry_after_seconds: For so long it does not want to be asked again.
    """

    def __init__(self, message: str, status: int, retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class ConflictError(KubeError):
    """The object has changed since it was read, or exists already."""


class NotFoundError(KubeError):
    """There is no such object, or its kind is not served."""


class KubeUnavailableError(KubeError):
    """No answer, overload or an internal error: a later attempt may succeed."""


def object_path(prefix: str, plural: str, namespace: str = "", name: str = "") -> str:
    """`/apis/cloudops.dev/v1alpha1/namespaces/platform/cloudproviders/aws-prod`."""
    parts = [prefix]
    if namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(plural)
    if name:
        parts.append(quote(name, safe=""))
    return "/".join(parts)


class KubeClient:
    """Thread-safe; connections are pooled.

    A server that has no time says when to come again. Until then nothing is sent: whoever
    calls is told for how long.

    Args:
        configuration: Where the API server is, and with what it is asked.
        heeds_retry_after: False for a few small calls that can't wait.
        clock: Seconds that never jump.
    """

    def __init__(
        self,
        configuration: kubernetes.client.Configuration,
        *,
        heeds_retry_after: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heeds_retry_after = heeds_retry_after
        self._clock = clock
        self._silent_until = 0.0
        self._api = kubernetes.client.ApiClient(configuration)
        self._api.user_agent = f"cloudops-central/{__version__}"
        self._host = urlsplit(configuration.host).netloc

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        accept: str = "application/json",
        timeout_seconds: float = READ_SECONDS,
    ) -> dict[str, Any]:
        """Read one object or list."""
        if query:
            path = f"{path}?{urlencode(query)}"
        headers = {"Accept": accept}
        return self._call("GET", path, None, headers, timeout_seconds)

    def post(
        self, path: str, body: Mapping[str, Any], *, timeout_seconds: float = READ_SECONDS
    ) -> dict[str, Any]:
        """Create an object; ConflictError if it exists."""
        return self._send("POST", path, body, "application/json", timeout_seconds)

    def put(
        self, path: str, body: Mapping[str, Any], *, timeout_seconds: float = READ_SECONDS
    ) -> dict[str, Any]:
        """Replace an object; ConflictError if its resourceVersion moved on."""
        return self._send("PUT", path, body, "application/json", timeout_seconds)

    def merge(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change the given fields."""
        return self._send("PATCH", path, body, MERGE_PATCH, READ_SECONDS)

    def apply(self, path: str, body: Mapping[str, Any], *, field_manager: str) -> dict[str, Any]:
        """Server-side apply; with metadata.resourceVersion, ConflictError if that moved on."""
        query = urlencode({"fieldManager": field_manager, "force": "true"})
        return self._send("PATCH", f"{path}?{query}", body, APPLY, READ_SECONDS)

    def _send(
        self, method: str, path: str, body: Mapping[str, Any], content_type: str, timeout: float
    ) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Content-Type": content_type}
        return self._call(method, path, body, headers, timeout)

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: dict[str, str],
        timeout: float,
    ) -> dict[str, Any]:
        self._require_leave(method, path)
        limits = (min(CONNECT_SECONDS, timeout), timeout)
        try:
            _, url, full_headers, content, _ = self._api.param_serialize(
                method, path, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            response = self._api.call_api(
                method, url, header_params=full_headers, body=content, _request_timeout=limits
            )
            answer: bytes = response.read()  # type: ignore[no-untyped-call]
        except (
            urllib3.exceptions.HTTPError,
            kubernetes.client.ApiException,
            kubernetes.config.ConfigException,  # the token could not be read again
            OSError,
        ) as error:
            REST_REQUESTS.labels("<error>", method, self._host).inc()
            told = f"{method} {path.partition('?')[0]}: no answer ({type(error).__name__})"
            raise KubeUnavailableError(told, 0) from error
        REST_REQUESTS.labels(str(response.status), method, self._host).inc()
        if response.status >= HTTPStatus.BAD_REQUEST:
            refusal = _refusal(method, path, response.status, answer)
            refusal.retry_after_seconds = _seconds(response.headers.get("Retry-After"))
            self._silent_until = max(
                self._silent_until, self._clock() + refusal.retry_after_seconds
            )
            raise refusal
        return _document(method, path, answer)

    def _require_leave(self, method: str, path: str) -> None:
        left = self._silent_until - self._clock()
        if left > 0 and self._heeds_retry_after:
            raise KubeUnavailableError(
                f"{method} {path.partition('?')[0]}: not sent, since the API server asked for"
                f" {left:.1f} s more without requests",
                HTTPStatus.TOO_MANY_REQUESTS,
                left,
            )


def _document(method: str, path: str, answer: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):  # a proxy's page, though it says 200
        told = f"{method} {path.partition('?')[0]}: an answer that is no JSON object"
        raise KubeUnavailableError(told, 0)
    return document


def is_served(client: KubeClient, plural: str) -> bool:
    """Whether discovery shows a resource of our group, in the list of groups as well.

    The two come one after the other, and who looks in between sees the group without an entry
    in the list, or an entry whose resources can't be read.

    Raises:
        KubeError: Discovery could not be read.
    """
    groups = {group["name"] for group in client.get("/apis").get("groups", ())}
    if GROUP not in groups:
        return False
    try:
        resources = client.get(API).get("resources", ())
    except NotFoundError:
        return False
    return plural in {resource["name"] for resource in resources}


def _seconds(retry_after: str | None) -> float:
    """Of the header; API servers write whole seconds, and a proxy's date is not looked at."""
    if retry_after is None or not retry_after.isdecimal():
        return 0.0
    return min(float(retry_after), LONGEST_RETRY_AFTER_SECONDS)


def _refusal(method: str, path: str, status: int, content: bytes) -> KubeError:
    try:
        message = orjson.loads(content).get("message", "")
    except (orjson.JSONDecodeError, AttributeError):
        message = ""  # a proxy's page in HTML
    told = f"{method} {path.partition('?')[0]}: {status} {message}".rstrip()
    if status == HTTPStatus.CONFLICT:
        return ConflictError(told, status)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(told, status)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return KubeUnavailableError(told, status)
    return KubeError(told, status)
