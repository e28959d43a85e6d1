"""`cloudops worker`."""

import click

from cloudops.app.worker import worker_app
from cloudops.cli.options import configure_logs, load_settings
from cloudops.services.access import Keyring
from cloudops.worker.core_api import CoreApi
from cloudops.worker.run import run
from cloudops.worker.secrets import KubernetesSecrets
from cloudops.worker.tokens import KubernetesTokens


@click.command("worker")
@click.pass_context
def worker(ctx: click.Context) -> None:
    """Read clouds: takes leases on due work from the database. Any number of replicas."""
    settings = load_settings()
    configure_logs(settings, service=True)
    api = CoreApi()
    keyring = Keyring(KubernetesSecrets(api), KubernetesTokens(api), allows=settings)
    ctx.exit(run(lambda: worker_app(settings, keyring), settings))
