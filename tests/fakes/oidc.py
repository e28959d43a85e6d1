"""A token issuer with keys of its own, as a cluster is one: signs, and publishes its keys."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "sts.amazonaws.com"
_KEY_BITS = 2048


def subject_of(namespace: str, service_account: str) -> str:
    return f"system:serviceaccount:{namespace}:{service_account}"


class Issuer:
    """Signs with RS256; `token` takes any claim, so that every claim can be wrong."""

    def __init__(self, url: str = "https://issuer.example.com", key_id: str = "first") -> None:
        self.url = url
        self.key_id = key_id
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)

    @property
    def jwks(self) -> dict[str, Any]:
        """What stands at `jwks_uri`."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.key_id,
            "n": _encode(_octets(numbers.n)),
            "e": _encode(_octets(numbers.e)),
        }
        return {"keys": [key]}

    def token(
        self,
        namespace: str = "platform",
        service_account: str = "cloud-reader",
        *,
        audience: str = AUDIENCE,
        seconds: float = 600,
        header: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A signed token; each differs from the one before, as a cluster's do."""
        now = time.time()
        content = {
            "iss": self.url,
            "sub": subject_of(namespace, service_account),
            "aud": [audience],
            "iat": int(now),
            "exp": int(now + seconds),
            "jti": str(time.monotonic_ns()),
        } | claims
        told = {"alg": "RS256", "kid": self.key_id, **(header or {})}
        signed = f"{_encode_json(told)}.{_encode_json(content)}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encode(signature)}"


def _encode_json(value: Mapping[str, Any]) -> str:
    return _encode(json.dumps(value).encode())


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
