"""What in a spec says whose accounts are to be read, apart from all that it says beside."""

import json
from dataclasses import asdict
from hashlib import blake2b

from cloudops.domain.provider import ProviderSpec


def identity_digest(spec: ProviderSpec) -> bytes:
    """16 bytes that stay the same as long as nobody asks for another identity.

    Which of the accounts that it sees are read, where, and how often, is another matter.
    """
    wishes: list[object] = [spec.cloud]
    if spec.aws is not None:
        accounts = spec.aws.accounts
        wishes += [asdict(spec.aws.credentials), spec.aws.endpoint_url]
        wishes += [accounts.discovery, sorted(accounts.ids)]
    return blake2b(json.dumps(wishes, sort_keys=True).encode(), digest_size=16).digest()
