"""Specs that the API server accepts and this operator does not act upon, and the cure."""

from urllib.parse import urlsplit

from cloudops.domain.provider import AwsConnection, CredentialSource
from cloudops.domain.provider_status import Refusal
from cloudops.settings import Settings

NOT_YET = "NotSupportedYet"


def refuse_cloud(cloud: str) -> Refusal | None:
    """Whether this version reads no such cloud."""
    if cloud == "aws":
        return None
    return Refusal(NOT_YET, f"type {cloud} is not supported yet; use type aws or remove the object")


def refuse_aws(aws: AwsConnection, namespace: str, settings: Settings) -> Refusal | None:
    """Why a CloudProvider of `namespace` may not connect as `aws` says."""
    source = aws.credentials.source
    allowed = settings.identity_allowed_namespaces or (settings.namespace,)
    if source is CredentialSource.OPERATOR and namespace not in allowed:
        return Refusal(
            "IdentityNotAllowed",
            f"namespace {namespace} may not use the operator's own identity; use"
            " spec.aws.credentials.source Secret, or ask for it in the chart's value"
            " identity.allowedNamespaces (CLOUDOPS_IDENTITY_ALLOWED_NAMESPACES)",
        )
    if aws.endpoint_url and not endpoint_allowed(aws.endpoint_url, settings.endpoints_allowed):
        return Refusal(
            "EndpointNotAllowed",
            "the host of spec.aws.endpointURL is not allowed; remove it, or ask for it in the"
            " chart's value endpoints.allowed (CLOUDOPS_ENDPOINTS_ALLOWED)",
        )
    return None


def endpoint_allowed(url: str, allowed: tuple[str, ...]) -> bool:
    """Whether `url` names one of the `allowed` hosts, beyond any doubt of any parser."""
    if any(character in "\\@#?" or not "!" <= character <= "~" for character in url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"http", "https"} or not host:
        return False
    names = {host, f"[{host}]", f"{host}:{port}", f"[{host}]:{port}"}
    return any(entry.lower() in names for entry in allowed)
