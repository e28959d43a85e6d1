"""Which names and texts tell of secrets."""

import re
from functools import lru_cache
from typing import Final

# Compared with the end of a key's letters, so `db_password`, `MasterUserPassword`
# and `GITHUB_TOKEN` are secrets, while `SecretArn` and `PasswordLastUsed` are not.
_SECRET_ENDINGS: Final = (
    "accesskey",
    "apikey",
    "authkey",
    "connectionstring",
    "credential",
    "credentials",
    "masterkey",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "presharedkey",
    "privatekey",
    "pwd",
    "secret",
    "secretbinary",
    "secretkey",
    "secretstring",
    "sharedkey",
    "signingkey",
    "token",
    "tokens",
)
# Most of these say that a request may be repeated, or which page comes next.
_NO_SECRETS: Final = frozenset(
    {
        "bypass",
        "changetoken",
        "clientrequesttoken",
        "clienttoken",
        "continuationtoken",
        "creationtoken",
        "httptokens",
        "idempotencytoken",
        "locktoken",
        "nexttoken",
        "paginationtoken",
    }
)
_PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
# A password, or a token in the place of the user's name: long, with a digit.
_URL_PASSWORD: Final = re.compile(
    r"://[^/\s:@]*:[^/\s@]*@|https?://(?=[^/?#\s@]*\d)[\w.~%+-]{20,}+@"
    r"|jdbc:oracle:\w{1,16}:[^/\s@]{1,128}/[^\s@]{1,128}@",
    re.IGNORECASE,
)
# To what lies elsewhere: it is no value.
REFERENCE: Final = r"arn:|\$[{(A-Z]|\{\{"
# What a text gives a value: `name=value`, as in addresses, in lists and in arguments, and
# `"name": "value"`.
_ASSIGNED: Final = re.compile(
    r"""(?<![\w.-])([\w.-]{1,128}+)"""
    rf"""(?=(?:["']?\s*=\s*["']?|\\?"\s*:\s*\\?")(?!{REFERENCE})[^\s"'&;,\\])"""
)
# `--name value`
_ARGUMENT: Final = re.compile(
    rf"""(?<!\S)--?([\w.-]{{1,128}}+)(?=\s+\\?["']?(?!-|{REFERENCE})[^\s"'\\])"""
)


@lru_cache(maxsize=8192)
def looks_secret(key: str) -> bool:
    """Whether a key's name says that its value is a secret."""
    letters = letters_of(key)
    return letters.endswith(_SECRET_ENDINGS) and letters not in _NO_SECRETS


@lru_cache(maxsize=8192)
def letters_of(key: str) -> str:
    """`MasterUserPassword`, `master_user_password` → `masteruserpassword`."""
    return "".join(c for c in key.lower() if c.isalpha())


def holds_secret(text: str) -> bool:
    """Whether a secret stands somewhere in `text`."""
    if "@" in text and _URL_PASSWORD.search(text):
        return True
    if ("=" in text or '"' in text) and any(map(looks_secret, _ASSIGNED.findall(text))):
        return True
    if (" -" in text or text.startswith("-")) and any(map(looks_secret, _ARGUMENT.findall(text))):
        return True
    return "-----BEGIN" in text and _PRIVATE_KEY.search(text) is not None
