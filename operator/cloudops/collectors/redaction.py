"""Secrets are replaced before anything is hashed or stored.

Rules see that a value is there and that it changed, never the value.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Final

from cloudops.collectors.canonical import canonical_json
from cloudops.collectors.paths import DocumentPath, find
from cloudops.collectors.secret_words import REFERENCE, holds_secret, letters_of, looks_secret

MIN_KEY_BYTES: Final = 16
MAX_KEY_BYTES: Final = 64  # of keyed blake2b

# As objects these say where a secret lies, and how it is; as anything else they are one.
_POINTERS: Final = frozenset({"masterusersecret"})
# Texts of any form, in which anything may stand: settings, scripts and what is passed on.
_WHOLE_VALUES: Final = frozenset({"buildspec", "parameteroverrides", "userdata", "userparameters"})
_VARIABLE_HOLDERS: Final = frozenset({"variables", "environmentvariables", "envvars"})
# As lists they hold variables; as objects and texts they say where something runs.
_VARIABLE_LISTS: Final = frozenset({"env", "environment"})
# What a log driver is told may hold tokens; that of AWS's own takes names and patterns.
_LOG_DRIVERS: Final = frozenset({"firelensconfiguration", "logconfiguration"})
_PLAIN_LOG_OPTION: Final = "awslogs-"
# Sets of settings by the name of the file that they belong in, and such sets within them.
_CLASSIFIED: Final = frozenset(
    {"applicationconfiguration", "configurations", "runtimeconfiguration"}
)
_TELLING: Final = _WHOLE_VALUES | _VARIABLE_HOLDERS | _VARIABLE_LISTS | _LOG_DRIVERS | _CLASSIFIED
_PAIR_NAMES: Final = (
    "Key",
    "key",
    "Name",
    "name",
    "OutputKey",
    "ParameterKey",
    "ParameterName",
    "TagKey",
    "parameterKey",
)
_PAIR_WORDS: Final = frozenset(_PAIR_NAMES)
_PAIR_VALUES: Final = (
    "Value",
    "value",
    "OutputValue",
    "ParameterValue",
    "ResolvedValue",
    "TagValue",
    "parameterValue",
)
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")
_OPTION: Final = re.compile(r"--?([\w.-]{1,128})")
_NO_VALUE: Final = re.compile(rf"-|{REFERENCE}")
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_ADDRESS: Final = re.compile(
    r"(https?://)(?:[^/?#]*@)?([\w.-]+(?::\d+)?)((?:[/?#].*)?)", re.IGNORECASE | re.DOTALL
)
_HIDDEN: Final = re.compile(r"redacted:[0-9a-f]{16}")


class Redactor:
    """Replaces secret values by `{"redacted": true, "fingerprint": …}`.

    The fingerprint is keyed: without the key, guesses can't be tried against it.
    """

    def __init__(self, key: bytes) -> None:
        if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
            raise ValueError(f"a redaction key has {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes")
        self._key = key

    def fingerprint(self, value: Any) -> str:
        """16 hexadecimal digits that change with `value`."""
        return blake2b(canonical_json(value), key=self._key, digest_size=8).hexdigest()

    def redact(
        self,
        document: dict[str, Any],
        paths: Iterable[DocumentPath] = (),
        webhooks: Iterable[DocumentPath] = (),
    ) -> None:
        """Replace, in place, what `paths` name and what looks secret; of `webhooks` hosts stay."""
        for path in paths:
            for place in find(document, path):
                place.put(self._hide(place.value))
        for path in webhooks:
            for place in find(document, path):
                place.put(self._host_of(place.value))
        self._walk(document)

    def redact_tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Tags are text, so a secret-looking one becomes `redacted:` and the fingerprint."""
        return {
            key: self._hidden_text(value)
            if value and looks_secret(key)
            else self.redact_text(value)
            for key, value in tags.items()
        }

    def redact_text(self, text: str) -> str:
        """`text`, or `redacted:` and the fingerprint where it holds a secret."""
        return self._hidden_text(text) if holds_secret(text) else text

    def _host_of(self, address: Any) -> Any:
        """Scheme and host of an http(s) address, and the fingerprint of the whole."""
        if not isinstance(address, str) or not _WEB.match(address):
            return address
        found = _ADDRESS.fullmatch(address)
        if found is None:
            return self._hidden_text(address)
        host, rest = f"{found[1]}{found[2]}", found[3]
        if address in (host, f"{host}/") or _HIDDEN.fullmatch(rest[1:]):
            return address
        return f"{host}/{self._hidden_text(address)}"

    def _hidden_text(self, text: str) -> str:
        return f"redacted:{self.fingerprint(text)}"

    def _hide(self, value: Any) -> Any:
        # Empty means "not set", which rules have to see; switches and numbers of
        # switches are no secrets; a reference to a secret is not the secret.
        if value in (None, "", [], {}) or isinstance(value, bool) or _is_marker(value):
            return value
        return {"redacted": True, "fingerprint": self.fingerprint(value)}

    def _walk(self, value: Any) -> Any:
        """Redact inside containers in place; return what should stand for `value`."""
        if isinstance(value, str):
            return self._hide(value) if holds_secret(value) else value
        if isinstance(value, list):
            value[:] = [self._walk(item) for item in value]
            self._arguments(value)
        elif isinstance(value, dict) and not _is_marker(value):
            if not _PAIR_WORDS.isdisjoint(value):
                self._pair(value)
            for key, inner in value.items():
                walk = self._walk if _is_plain(key) else partial(self._member, key)
                value[key] = walk(inner)
        return value

    def _arguments(self, items: list[Any]) -> None:
        """`["--password", …]`: the name stands before the value."""
        for place, (name, value) in enumerate(pairwise(items), 1):
            if not (isinstance(name, str) and isinstance(value, str) and name.startswith("-")):
                continue
            option = _OPTION.fullmatch(name)
            if option and looks_secret(option[1]) and not _NO_VALUE.match(value):
                items[place] = self._hide(value)

    def _member(self, key: str, value: Any) -> Any:
        letters = letters_of(key)
        if letters in _WHOLE_VALUES:
            return self._hide(value)
        if letters in _VARIABLE_HOLDERS or (letters in _VARIABLE_LISTS and isinstance(value, list)):
            return self._variables(value)
        if letters in _LOG_DRIVERS and isinstance(value, dict):
            self._log_options(value)
        if letters in _CLASSIFIED and isinstance(value, list):
            self._classified(value)
        points = letters in _POINTERS and isinstance(value, dict)
        if looks_secret(key) and not points and not _is_reference(value):
            return self._hide(value)
        return self._walk(value)

    def _pair(self, pair: dict[str, Any]) -> None:
        """`{name: DB_PASSWORD, value: …}`: the name is a value here."""
        names = [pair[key] for key in _PAIR_NAMES if isinstance(pair.get(key), str)]
        # CloudFormation's parameters hold secrets under any name.
        if "ParameterKey" in pair or any(map(looks_secret, names)):
            for key in _PAIR_VALUES:
                if key in pair and not _is_reference(pair[key]):
                    pair[key] = self._hide(pair[key])

    def _log_options(self, driver: dict[str, Any]) -> None:
        options = driver.get("options", driver.get("Options"))
        if isinstance(options, dict):
            for name, value in options.items():
                if not name.startswith(_PLAIN_LOG_OPTION):
                    options[name] = self._hide(value)

    def _classified(self, sets: list[Any]) -> None:
        for one in sets:
            for name in ("Properties", "properties") if isinstance(one, dict) else ():
                if isinstance(one.get(name), dict):
                    one[name] = self._variables(one[name])

    def _variables(self, value: Any) -> Any:
        """Hide every value of a set of variables and keep their names."""
        if isinstance(value, dict):
            return {name: self._hide(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._variable(item) for item in value]
        return self._hide(value)

    def _variable(self, item: Any) -> Any:
        if not isinstance(item, dict) or not any(key in item for key in _PAIR_VALUES):
            return self._hide(item)
        return {key: self._hide(v) if key in _PAIR_VALUES else v for key, v in item.items()}


@lru_cache(maxsize=8192)
def _is_plain(key: str) -> bool:
    """Whether a key's name says nothing of its value, as most do."""
    letters = letters_of(key)
    return letters not in _TELLING and not looks_secret(key)


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("arn:") and not holds_secret(value)


def _is_marker(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) == 2  # noqa: PLR2004  asked of every object
        and value.keys() == {"redacted", "fingerprint"}
        and value["redacted"] is True
        and isinstance(value["fingerprint"], str)
        and _FINGERPRINT.fullmatch(value["fingerprint"]) is not None
    )
