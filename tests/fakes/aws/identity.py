"""Who signs a request: access keys, roles that hand out temporary ones, and SigV4."""

import hashlib
import hmac
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import quote

_LETTERS = string.ascii_uppercase + "234567"
ALGORITHM = "AWS4-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(slots=True)
class AccessKey:
    """A key pair of a principal; temporary ones carry a session token and an end (Unix time)."""

    id: str
    secret: str = field(repr=False)
    account: str
    principal: str  # ARN
    user_id: str
    session_token: str = field(default="", repr=False)
    expires: float = float("inf")

    @property
    def expired(self) -> bool:
        return time.time() >= self.expires


NOBODY = AccessKey("", "", "", "", "")
"""Who sends a request without a signature."""


@dataclass(frozen=True, slots=True)
class WebIdentityTrust:
    """Whose tokens open a role: of this issuer, for these audiences, about these subjects.

    Attributes:
        audiences: As in `StringEquals` on `ISSUER:aud`.
        subjects: Globs, as in `StringLike` on `ISSUER:sub`.
    """

    issuer: str
    audiences: tuple[str, ...]
    subjects: tuple[str, ...]

    def admits(self, issuer: str, audience: str, subject: str) -> bool:
        return (
            issuer == self.issuer
            and audience in self.audiences
            and any(fnmatchcase(subject, glob) for glob in self.subjects)
        )


@dataclass(frozen=True, slots=True)
class Role:
    """Who may assume a role.

    Attributes:
        trusts: Globs on the caller's account id or principal ARN.
        external_id: "" = none is asked for.
        session_seconds: Life of the keys handed out; 0 = what the caller asks for.
        web_identity: Whose tokens open it, too; None = nobody's.
    """

    arn: str
    role_id: str
    external_id: str
    trusts: tuple[str, ...]
    session_seconds: float = 0.0
    web_identity: WebIdentityTrust | None = None

    def admits(self, caller: AccessKey, external_id: str) -> bool:
        if self.external_id and external_id != self.external_id:
            return False
        return any(
            fnmatchcase(name, glob)
            for glob in self.trusts
            for name in (caller.account, caller.principal)
        )


def unique_id(prefix: str, seed: str) -> str:
    """An id such as `AROAXGZAMH754FNWODWUX`, always the same for one seed."""
    digest = hashlib.blake2b(seed.encode(), digest_size=17).digest()
    return prefix + "".join(_LETTERS[byte % 32] for byte in digest)


def temporary_key(account: str, principal: str, user_id: str, seconds: float) -> AccessKey:
    return AccessKey(
        id="ASIA" + "".join(secrets.choice(_LETTERS) for _ in range(16)),
        secret=secrets.token_urlsafe(30),
        account=account,
        principal=principal,
        user_id=user_id,
        session_token="FwoGZXIvYXdzE" + secrets.token_urlsafe(180),
        expires=time.time() + seconds,
    )


class CredentialError(Exception):
    """What stands for an access key's id and the scope of the signature, in other parts."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The parts of an `Authorization` header."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str


def read_signature(authorization: str) -> Signature | None:
    """None where there is no SigV4 header.

    Raises:
        CredentialError: The id of the key can't be told from what stands behind it.
    """
    algorithm, _, rest = authorization.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != ALGORITHM or not parts.get("Signature"):
        return None
    scope = parts.get("Credential", "").split("/")
    if len(scope) != 5:
        raise CredentialError("/".join(scope))
    return Signature(
        access_key=scope[0],
        date=scope[1],
        region=scope[2],
        service=scope[3],
        signed_headers=tuple(parts.get("SignedHeaders", "").split(";")),
        value=parts["Signature"],
    )


@lru_cache(maxsize=1024)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def is_signed_with(
    secret: str,
    signature: Signature,
    *,
    method: str,
    path: str,
    query: list[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
) -> bool:
    """Whether the request carries the SigV4 signature that `secret` makes. Keys are lower case."""
    pairs = sorted((quote(key, safe="-_.~"), quote(value, safe="-_.~")) for key, value in query)
    payload = headers.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
    canonical = "\n".join(
        (
            method,
            path,
            "&".join(f"{key}={value}" for key, value in pairs),
            *(
                f"{name}:{' '.join(headers.get(name, '').split())}"
                for name in signature.signed_headers
            ),
            "",
            ";".join(signature.signed_headers),
            payload,
        )
    )
    scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join((ALGORITHM, headers.get("x-amz-date", ""), scope, digest))
    key = _signing_key(secret, signature.date, signature.region, signature.service)
    wanted = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, signature.value)


def skew(signed_at: str, now: datetime) -> str:
    """What AWS says of a signature of another time; "" = it is of this one."""
    signed = datetime.strptime(signed_at, DATE_FORMAT).replace(tzinfo=UTC)
    oldest, newest = now - CLOCK_TOLERANCE, now + CLOCK_TOLERANCE
    if oldest <= signed <= newest:
        return ""
    bound, what, sign = (
        (oldest, "Signature expired: {} is now earlier than {} ({} {} 5 min.)", "-")
        if signed < oldest
        else (newest, "Signature not yet current: {} is still later than {} ({} {} 5 min.)", "+")
    )
    return what.format(signed_at, bound.strftime(DATE_FORMAT), now.strftime(DATE_FORMAT), sign)


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
