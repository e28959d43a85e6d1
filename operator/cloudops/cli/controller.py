"""`cloudops controller`."""

import click

from cloudops.app.controller import controller_app
from cloudops.cli.options import configure_logs, load_settings
from cloudops.controller.run import run


@click.command("controller")
@click.pass_context
def controller(ctx: click.Context) -> None:
    """Watch custom resources, write the plan and their status; several replicas elect a leader."""
    settings = load_settings()
    configure_logs(settings, service=True)
    ctx.exit(run(controller_app(settings)))
