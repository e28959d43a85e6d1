"""`cloudops migrate`."""

import click

from cloudops.cli.options import configure_logs, database_option, load_settings
from cloudops.domain.errors import InvalidInputError
from cloudops.store.migrate import offline_sql, upgrade


@click.command("migrate")
@database_option
@click.option("--sql", is_flag=True, help="Print the schema as SQL and touch no database.")
def migrate(database_url: str, *, sql: bool) -> None:
    """Bring the database schema up to date; safe to run from several places at once."""
    if sql:
        click.echo(offline_sql())
        return
    if not database_url:
        raise InvalidInputError("give --database-url, or set CLOUDOPS_DATABASE_URL")
    configure_logs(load_settings(database_url=database_url), service=False)
    click.echo(f"schema is at {upgrade(database_url)}")
