"""`cloudops scopes`."""

from dataclasses import asdict

import click

from cloudops.app.reading import reading_service
from cloudops.cli.arguments import unicode
from cloudops.cli.options import configure_logs, database_option, load_settings, output_option
from cloudops.cli.tables import age, print_json_rows, print_table
from cloudops.domain.ledger import ScopeStatus


@click.group("scopes")
def scopes() -> None:
    """Read the ledger: one row a listing, account and region."""


@scopes.command("list")
@database_option
@click.option("--status", type=click.Choice([status.value for status in ScopeStatus]), default=None)
@click.option("--account", default="", callback=unicode, help="Account id.")
@output_option("table", "json")
def list_(database_url: str, status: str | None, account: str, output: str) -> None:
    """List planned scopes; PERMISSION is what to grant where one was denied."""
    settings = load_settings(database_url=database_url)
    configure_logs(settings, service=False)
    rows = reading_service(settings).ledger(status=status or "", account=account)
    if output == "json":
        print_json_rows(asdict(row) for row in rows)
        return
    print_table(
        (
            "ACCOUNT",
            "REGION",
            "LISTING",
            "STATUS",
            "ITEMS",
            "COMPLETE",
            "HELD",
            "CODE",
            "PERMISSION",
        ),
        (
            (
                row.account_id,
                row.region,
                row.listing,
                row.status,
                row.item_count,
                age(row.last_complete_at),
                row.held_count or "",
                row.error_code,
                row.error_permission,
            )
            for row in rows
        ),
    )
