"""Free TCP ports on loopback, from a range that outgoing connections do not use.

A port from the ephemeral range may be taken by any connection while its server restarts.
"""

import random
import socket

from tests.cluster.reporting import ClusterError

_RANGE = range(20_000, 30_000)
_ATTEMPTS = 200
_handed_out: set[int] = set()


def free_port() -> int:
    """A port that nothing listens on; never the same one twice in a process."""
    for port in random.sample(_RANGE, _ATTEMPTS):
        if port not in _handed_out and is_free(port):
            _handed_out.add(port)
            return port
    raise ClusterError(
        f"none of {_ATTEMPTS} ports tried between {_RANGE[0]} and {_RANGE[-1]} is free"
    )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Without this a port in TIME_WAIT looks taken, although a server may listen on it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
