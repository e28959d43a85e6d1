"""CloudProvider and Secrets from a YAML file, read nearly as kubectl reads it.

Times stay strings, as there. Bare words such as `yes`, `no`, `on` and `off` stay strings too,
which kubectl takes for true and false: quote them.
"""

import base64
import binascii
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from cloudops import logs
from cloudops.api.v1alpha1.cloudprovider import CloudProvider, parse_cloudprovider
from cloudops.domain.errors import AccessError, InvalidInputError

# Where a Secret is not in the file, its keys are looked for here.
SECRET_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


STANDARD_INPUT = Path("-")


class _KubernetesConstructor(SafeConstructor):
    """Where YAML knows times, Kubernetes knows strings."""


_KubernetesConstructor.add_constructor(
    "tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str
)


class FileSecrets:
    """Secrets of the same file; one that is not there comes from the environment."""

    def __init__(self, documents: list[dict[str, Any]], source: Path) -> None:
        self._source = source
        self._secrets: dict[tuple[str, str], Mapping[str, str]] = {}
        for document in documents:
            self._secrets[_key(document, source)] = _data(document, source)

    def read(self, namespace: str, name: str) -> Mapping[str, str]:
        """The Secret's data, decoded.

        Raises:
            AccessError: Neither the file nor the environment has it.
        """
        found = self._secrets.get((namespace, name))
        if found is None:
            found = {key: os.environ[key] for key in SECRET_KEYS if os.environ.get(key)}
        if not found:
            raise AccessError(
                f"Secret {namespace}/{name} is not in {self._source}: add it there, or set "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
                reason="SecretNotFound",
            )
        logs.hide(*found.values())
        return found


def read_file(path: Path) -> tuple[CloudProvider, FileSecrets]:
    """The one CloudProvider of a file, and the Secrets beside it.

    Raises:
        InvalidInputError: Not YAML, no or several CloudProviders, or one that
            the API server would refuse too.
    """
    documents = _load(path)
    providers = [d for d in documents if d.get("kind") == "CloudProvider"]
    if len(providers) != 1:
        raise InvalidInputError(f"{path}: one CloudProvider is needed, {len(providers)} found")
    secrets = [d for d in documents if d.get("kind") == "Secret"]
    try:
        provider = parse_cloudprovider(providers[0])
    except InvalidInputError as error:
        raise InvalidInputError(f"{path}: {error}") from error
    return provider, FileSecrets(secrets, path)


def refuse_what_needs_more(path: Path, provider: CloudProvider) -> None:
    """Refuse a provider that this version, or a command without a cluster, can't enter.

    Raises:
        InvalidInputError: With what to use instead.
    """
    if provider.spec.type != "aws":
        raise InvalidInputError(f"{path}: type {provider.spec.type} is not supported yet")
    aws = provider.spec.aws
    if aws is not None and aws.credentials.source == "WorkloadIdentity":
        raise InvalidInputError(
            f"{path}: spec.aws.credentials.source WorkloadIdentity needs a cluster, whose "
            "ServiceAccount vouches for the operator; a command has none: use Secret, or "
            "Operator for your own identity as the AWS CLI finds it"
        )


def note_suspension(provider: CloudProvider) -> None:
    """Tell on stderr that a suspended provider is read: it was asked for by hand."""
    if provider.spec.suspend:
        click.echo("note: spec.suspend is set; a command reads all the same", err=True)


def _load(path: Path) -> list[dict[str, Any]]:
    """YAML 1.2: dates and times stay strings, as kubectl makes them; numbers need quotes."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _KubernetesConstructor
    try:
        loaded = list(yaml.load_all(_content(path).decode()))
    except OSError as error:
        raise InvalidInputError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path} is not YAML: it is not UTF-8") from error
    except (YAMLError, ValueError) as error:
        raise InvalidInputError(f"{path} is not YAML: {_mistake(error)}") from error
    except RecursionError as error:
        raise InvalidInputError(f"{path} is not YAML: it is nested too deeply") from error
    documents = [inner for document in loaded if document is not None for inner in _each(document)]
    if not all(isinstance(document, dict) for document in documents):
        raise InvalidInputError(f"{path}: every document must be a Kubernetes object")
    return documents


def _content(path: Path) -> bytes:
    return sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()


def _each(document: Any) -> list[Any]:
    """The objects of a list, as `kubectl get -o yaml` writes them; else the one that it is."""
    if isinstance(document, dict) and document.get("kind") == "List":
        items = document.get("items")
        return items if isinstance(items, list) else [items]
    return [document]


def _mistake(error: Exception) -> str:
    """What and where, without the line itself: it may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _key(document: dict[str, Any], source: Path) -> tuple[str, str]:
    metadata = _member(document, "metadata", source)
    namespace, name = metadata.get("namespace") or "default", metadata.get("name")
    if not (isinstance(namespace, str) and isinstance(name, str)):
        raise InvalidInputError(f"{source}: a Secret needs metadata.name, as a string")
    return namespace, name


def _data(document: dict[str, Any], source: Path) -> dict[str, str]:
    data = _member(document, "data", source)
    plain = _member(document, "stringData", source)
    if not all(isinstance(value, str) for value in (*data.values(), *plain.values())):
        raise InvalidInputError(
            f"{source}: values of a Secret must be strings; numbers need quotes"
        )
    try:
        decoded = {k: base64.b64decode(v, validate=True).decode() for k, v in data.items()}
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(f"{source}: Secret data must be base64") from error
    return {key: value.strip() for key, value in {**decoded, **plain}.items()}


def _member(document: dict[str, Any], name: str, source: Path) -> dict[str, Any]:
    value = document.get(name) or {}
    if not isinstance(value, dict):
        raise InvalidInputError(f"{source}: {name} of a Secret must be an object")
    return value
