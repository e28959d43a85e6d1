"""Tokens of other issuers: what IAM knows of them, and how STS judges one.

Everything that AWS checks is checked, the signature too: a token passes only with a key that the
issuer published, for an audience that the account registered, before its end.
"""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.fakes.aws.protocols import ApiError

_P256_OCTETS = 32
_NOT_A_TOKEN = "The ID Token provided is not a valid JWT"
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider, please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An issuer that an account has registered, with the audiences that it expects.

    Attributes:
        jwks: The issuer's keys, as they stand at its `jwks_uri`.
    """

    issuer: str
    audiences: tuple[str, ...]
    jwks: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was sent: nothing in it is true before `verify`."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def parse(cls, text: str) -> "Token":
        """Raises ApiError where it is none."""
        try:
            header, claims, signature = text.split(".")
            parsed = [json.loads(_decode(part)) for part in (header, claims)]
            proof = _decode(signature)
        except (ValueError, binascii.Error):
            raise invalid(_NOT_A_TOKEN) from None
        if not all(isinstance(part, dict) for part in parsed):
            raise invalid(_NOT_A_TOKEN)
        return cls(parsed[0], parsed[1], f"{header}.{claims}".encode(), proof)

    @property
    def issuer(self) -> str:
        return str(self.claims.get("iss", ""))

    @property
    def subject(self) -> str:
        return str(self.claims.get("sub", ""))

    @property
    def audiences(self) -> tuple[str, ...]:
        told = self.claims.get("aud", ())
        return (told,) if isinstance(told, str) else tuple(told)


def verify(token: Token, providers: Mapping[str, OidcProvider]) -> str:
    """The audience for which the token is good. Raises ApiError with AWS's own codes."""
    provider = providers.get(token.issuer)
    if provider is None:
        raise invalid(f"No OpenIDConnect provider found in your account for {token.issuer}")
    keys = [key for key in provider.jwks["keys"] if key.get("kid") == token.header.get("kid")]
    if not keys:
        raise invalid(_NO_KEY)
    if not _is_signed(token, keys[0]):
        raise invalid("The web identity token that was passed could not be validated by AWS")
    now, end = int(time.time()), int(token.claims.get("exp", 0))
    if now >= end:
        raise ApiError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time {end}",
        )
    known = [audience for audience in token.audiences if audience in provider.audiences]
    if not known:
        raise invalid("Incorrect token audience")
    return known[0]


def invalid(message: str) -> ApiError:
    return ApiError("InvalidIdentityToken", message)


def _is_signed(token: Token, key: Mapping[str, Any]) -> bool:
    """Whether the published key made the signature, with the algorithm of that key."""
    algorithm = {"RSA": "RS256", "EC": "ES256"}[key["kty"]]
    if token.header.get("alg") != algorithm:
        return False
    try:
        if algorithm == "RS256":
            public = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
            public.verify(token.signature, token.signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            numbers = ec.EllipticCurvePublicNumbers(
                _number(key["x"]), _number(key["y"]), ec.SECP256R1()
            )
            r, s = token.signature[:_P256_OCTETS], token.signature[_P256_OCTETS:]
            both = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
            numbers.public_key().verify(both, token.signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _number(text: str) -> int:
    return int.from_bytes(_decode(text), "big")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
