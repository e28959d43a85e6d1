"""`cloudops resources`."""

from dataclasses import asdict, fields

import click

from cloudops.app import reading_service
from cloudops.cli.options import configure_logs, database_option, load_settings, output_option
from cloudops.cli.tables import age, print_csv, print_json_rows, print_table
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.reading import ResourceFilter, ResourceRow


@click.group("resources")
def resources() -> None:
    """Read the inventory."""


@resources.command("list")
@database_option
@click.option("--type", "type_", default="", help="Type or kind, globs allowed: 'AWS::EC2::*'.")
@click.option("--account", default="", help="Account id.")
@click.option("--region", default="", help="Region, globs allowed: 'eu-*'.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="May be repeated: all.")
@output_option("table", "json", "csv")
def list_(
    database_url: str, type_: str, account: str, region: str, tags: tuple[str, ...], output: str
) -> None:
    """List live resources; AS OF is the age of the listing that showed them."""
    settings = load_settings(database_url=database_url)
    configure_logs(settings, service=False)
    wanted = ResourceFilter(type_, account, region, dict(_tag(tag) for tag in tags))
    rows = reading_service(settings).resources(wanted)
    if output == "json":
        print_json_rows(asdict(row) for row in rows)
    elif output == "csv":
        header = [field.name for field in fields(ResourceRow)]
        print_csv(header, (list(asdict(row).values()) for row in rows))
    else:
        print_table(
            ("TYPE", "NAME", "ACCOUNT", "REGION", "STATE", "TAGS", "AS OF", "ID"),
            (
                (
                    row.type,
                    row.name,
                    row.account_id,
                    row.region,
                    row.state,
                    "<unknown>" if row.tags is None else row.tags,
                    age(row.as_of),
                    row.canonical_id,
                )
                for row in rows
            ),
        )


def _tag(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise InvalidInputError(f"--tag {text}: write KEY=VALUE")
    return key, value
