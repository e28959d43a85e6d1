"""CloudProvider and Secrets from a YAML file, read as Kubernetes reads YAML."""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cloudops import logs
from cloudops.api.v1alpha1.cloudprovider import CloudProvider, parse_cloudprovider
from cloudops.domain.errors import AccessError, InvalidInputError

# Where a Secret is not in the file, its keys are looked for here.
SECRET_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class FileSecrets:
    """Secrets of the same file; one that is not there comes from the environment."""

    def __init__(self, documents: list[dict[str, Any]], source: Path) -> None:
        self._source = source
        self._secrets: dict[tuple[str, str], Mapping[str, str]] = {}
        for document in documents:
            metadata = document.get("metadata") or {}
            key = (metadata.get("namespace", "default"), metadata.get("name", ""))
            self._secrets[key] = _data(document, source)

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
    return parse_cloudprovider(providers[0]), FileSecrets(secrets, path)


def _load(path: Path) -> list[dict[str, Any]]:
    """YAML 1.2: dates, times and octal-looking account ids stay what kubectl makes of them."""
    try:
        text = path.read_text(encoding="utf-8")
        loaded = list(YAML(typ="safe", pure=True).load_all(text))
    except OSError as error:
        raise InvalidInputError(f"{path}: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        raise InvalidInputError(f"{path} is not YAML: {error}") from error
    documents = [document for document in loaded if document is not None]
    if not all(isinstance(document, dict) for document in documents):
        raise InvalidInputError(f"{path}: every document must be a Kubernetes object")
    return documents


def _data(document: dict[str, Any], source: Path) -> dict[str, str]:
    try:
        data = {
            key: base64.b64decode(value, validate=True).decode()
            for key, value in (document.get("data") or {}).items()
        }
    except (binascii.Error, UnicodeDecodeError, TypeError, ValueError) as error:
        raise InvalidInputError(f"{source}: Secret data must be base64") from error
    data.update({key: str(value) for key, value in (document.get("stringData") or {}).items()})
    return {key: value.strip() for key, value in data.items()}
