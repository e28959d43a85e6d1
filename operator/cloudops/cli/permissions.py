"""`cloudops permissions`."""

from dataclasses import asdict
from pathlib import Path

import click

from cloudops.app.aws import aws_permissions, aws_selects
from cloudops.cli.documents import read_file
from cloudops.cli.options import filename_option, output_option
from cloudops.cli.tables import print_json
from cloudops.domain.errors import InvalidInputError
from cloudops.domain.permissions import Permissions
from cloudops.domain.provider import ProviderSpec


@click.group("permissions")
def permissions() -> None:
    """Print what to grant, and nothing more, so that a cloud can be read."""


@permissions.command("aws")
@filename_option(help_="Only what this CloudProvider reads")
@click.option(
    "--types",
    multiple=True,
    metavar="GLOB",
    help="Only these types or kinds: 'AWS::EC2::*'. May be repeated: any. Without it, all"
    " that are described; 'other.*' are those that only Cloud Control lists.",
)
@output_option("policy", "json")
def aws(filename: Path | None, types: tuple[str, ...], output: str) -> None:
    """Print the IAM policy for the role that reads an account.

    `-o policy` prints the bare document, for IAM and Terraform. `-o json` prints an
    object: `reader` is a list of such documents, one unless AWS's size limit splits it,
    and `entry` has, for each principal that assumes a role on the way of the CloudProvider
    in the file, or lists its organization, its `principal` and its `policies`.
    """
    spec = _spec(filename, types) if filename else None
    granted = aws_permissions(spec, types)
    if spec and not aws_selects(spec):
        click.echo("note: no listing reads what spec.inventory.types selects", err=True)
    if output == "json":
        print_json(asdict(granted))
        return
    for policy in granted.reader:
        print_json(policy)
    for note in _notes(granted):
        click.echo(f"note: {note}", err=True)


def _spec(filename: Path, types: tuple[str, ...]) -> ProviderSpec:
    if types:
        raise InvalidInputError("--types and -f both select: leave one out")
    spec = read_file(filename)[0].spec.to_domain()
    if spec.aws is None:
        raise InvalidInputError(f"{filename}: the CloudProvider is of type {spec.cloud}, not aws")
    return spec


def _notes(granted: Permissions) -> list[str]:
    notes = []
    if len(granted.reader) > 1:
        notes.append(
            f"{len(granted.reader)} policies, since AWS limits their size: attach each"
            " (-o json has them as a list)"
        )
    if granted.entry:
        principals = "; ".join(entry.principal for entry in granted.entry)
        notes.append(f"the way in needs policies of its own, see -o json, for: {principals}")
    return notes
