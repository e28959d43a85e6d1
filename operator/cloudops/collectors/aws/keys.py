"""The keys of a Secret for AWS: what they are called, and whether they can be keys at all."""

import re
from collections.abc import Mapping
from typing import Final

from botocore.credentials import Credentials

from cloudops.domain.errors import AccessError

ACCESS_KEY_ID: Final = "AWS_ACCESS_KEY_ID"
SECRET_ACCESS_KEY: Final = "AWS_SECRET_ACCESS_KEY"  # noqa: S105  the name of a key, not a key
SESSION_TOKEN: Final = "AWS_SESSION_TOKEN"  # noqa: S105  likewise
SECRET_KEYS: Final = (ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN)

_IN_ONE_WORD: Final = re.compile(r"[!-~]+")  # printable ASCII, as all that AWS hands out
# Emulators take other ids than AWS, but none takes a `/`, which ends the id in the header.
_KEY_ID: Final = re.compile(r"[^/+=]{1,128}")
_ID_OF_AWS: Final = re.compile(r"A[KS]IA[A-Z0-9]{16}")


def credentials_in(name: str, secret: Mapping[str, str]) -> Credentials:
    """What the Secret `name` holds; none of it stands in what is raised.

    Raises:
        AccessError: A value is missing, torn, or in the place of another.
    """
    missing = [key for key in (ACCESS_KEY_ID, SECRET_ACCESS_KEY) if not secret.get(key)]
    if missing:
        raise AccessError(f"Secret {name} lacks {' and '.join(missing)}", reason="SecretKeyMissing")
    given = {key: secret.get(key, "") for key in SECRET_KEYS}
    torn = [key for key, value in given.items() if value and not _IN_ONE_WORD.fullmatch(value)]
    if torn:
        # Whoever puts it into a header fails as well, and quotes it.
        raise AccessError(
            f"Secret {name}: {' and '.join(torn)} holds a space, a line break or a character"
            " that is not ASCII: store it again as AWS shows it, in one line",
            reason="CredentialsRejected",
        )
    if not _KEY_ID.fullmatch(given[ACCESS_KEY_ID]) or _ID_OF_AWS.fullmatch(
        given[SECRET_ACCESS_KEY]
    ):
        # AWS answers with what it takes for the id, and so would we.
        raise AccessError(
            f"Secret {name}: {ACCESS_KEY_ID} holds no id of an access key: are the values of"
            f" {ACCESS_KEY_ID} and {SECRET_ACCESS_KEY} exchanged?",
            reason="CredentialsRejected",
        )
    token = given[SESSION_TOKEN] or None
    return Credentials(given[ACCESS_KEY_ID], given[SECRET_ACCESS_KEY], token)
