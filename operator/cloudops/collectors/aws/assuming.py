"""What STS answers where a role is assumed, and whose a token is."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from cloudops.collectors.aws.errors import UnreadableResponseError

_SUBJECT: Final = re.compile(r"system:serviceaccount:[a-z0-9.-]{1,253}:[a-z0-9.-]{1,253}")


def credentials_of(operation: str, answer: Mapping[str, Any]) -> dict[str, str]:
    """What `RefreshableCredentials` wants to know of an answer of STS.

    Raises:
        UnreadableResponseError: A gateway or an emulator answered without credentials.
    """
    given = answer.get("Credentials")
    if not isinstance(given, Mapping) or not isinstance(given.get("Expiration"), datetime):
        raise UnreadableResponseError(f"{operation}: the answer holds no credentials that end")
    texts = {
        "access_key": given.get("AccessKeyId"),
        "secret_key": given.get("SecretAccessKey"),
        "token": given.get("SessionToken"),
    }
    whole = {name: text for name, text in texts.items() if isinstance(text, str) and text}
    if len(whole) < len(texts):
        raise UnreadableResponseError(f"{operation}: the answer holds no whole credentials")
    return {**whole, "expiry_time": str(given["Expiration"])}


def subject_of(token: str) -> str:
    """The ServiceAccount that `token` is of, as trust policies write it; "" if unreadable.

    Nothing is verified: it is only told to people, and STS has judged the token.
    """
    payload = token.split(".")[1] if token.count(".") == 2 else ""  # noqa: PLR2004  a JWT's parts
    try:
        claims = orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:  # neither base64 nor JSON
        return ""
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) and _SUBJECT.fullmatch(subject) else ""
