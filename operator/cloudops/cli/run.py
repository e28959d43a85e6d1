"""`cloudops run`: controller and worker in one process group."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from types import FrameType

import click

from cloudops.cli.options import configure_logs, load_settings
from cloudops.settings import Settings
from cloudops.store.embedded import embedded_postgres
from cloudops.store.migrate import upgrade

STOP_SECONDS = 30


@click.command("run")
@click.pass_context
def run(ctx: click.Context) -> None:
    """Controller and worker together: laptop, demo, small cluster.

    Without CLOUDOPS_DATABASE_URL an embedded PostgreSQL keeps the data in
    CLOUDOPS_DATA_DIR. The worker's probes and metrics are one port above the
    controller's.
    """
    settings = load_settings()
    configure_logs(settings, service=True)
    signal.signal(signal.SIGTERM, _leave)
    if settings.database_url:
        ctx.exit(_serve(settings, settings.database_url))
    with embedded_postgres(
        settings.data_dir / "postgresql", lambda text: click.echo(text, err=True)
    ) as url:
        ctx.exit(_serve(settings, url))


def _serve(settings: Settings, database_url: str) -> int:
    click.echo(f"schema is at {upgrade(database_url)}", err=True)
    if not settings.database_url:
        click.echo(f"read it: cloudops resources list --database-url '{database_url}'", err=True)
    children: dict[str, subprocess.Popen[bytes]] = {}
    port = settings.http_port
    try:
        children["controller"] = _start("controller", database_url, port)
        children["worker"] = _start("worker", database_url, port + 1 if port else 0)
        return _watch(children)
    except (KeyboardInterrupt, SystemExit):
        return 0
    finally:
        # Whoever is impatient must not leave them behind.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _stop(children)


def _start(name: str, database_url: str, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "CLOUDOPS_DATABASE_URL": database_url,
        "CLOUDOPS_HTTP_PORT": str(port),
    }
    return subprocess.Popen(  # noqa: S603  ourselves
        [sys.executable, "-m", "cloudops", name], env=environment
    )


def _watch(children: Mapping[str, subprocess.Popen[bytes]]) -> int:
    """Wait until one ends: the two only make sense together."""
    while True:
        for name, child in children.items():
            code = child.poll()
            if code is not None:
                click.echo(f"{name} ended with {code}, stopping the other", err=True)
                return code or 1
        time.sleep(0.5)


def _stop(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children.values():
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit
