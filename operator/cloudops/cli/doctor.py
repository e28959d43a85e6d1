"""`cloudops doctor`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from cloudops.app.aws import aws_grants
from cloudops.app.worker import doctor_service
from cloudops.cli.documents import note_suspension, read_file, refuse_what_needs_more
from cloudops.cli.options import configure_logs, filename_option, load_settings, output_option
from cloudops.cli.tables import print_document, print_fields, print_json, print_table, printable
from cloudops.domain.diagnosis import AccountDiagnosis, Diagnosis, Trouble
from cloudops.domain.permissions import Grant
from cloudops.services.access import Keyring

NOT_ALL_READ: Final = 3
NAMED_UNTRIED: Final = 10


@click.command("doctor")
@filename_option(required=True)
@click.option(
    "--all-regions",
    is_flag=True,
    help="Try regional listings in every region, not only in the first that has it.",
)
@output_option("table", "json")
@click.pass_context
def doctor(ctx: click.Context, filename: Path, output: str, *, all_regions: bool) -> None:
    """Try what the CloudProvider in a file asks for, and say what is missing.

    Asks who the credentials are, enters each account, and makes one cheap call for each
    listing. It stores nothing and needs neither cluster nor database. Secrets may stand
    in the same file, or come from the environment (AWS_ACCESS_KEY_ID, …). Exits with 0
    when everything can be read or is not there, 3 when something can't, 2 on bad input.
    """
    provider, secrets = read_file(filename)
    refuse_what_needs_more(filename, provider)
    note_suspension(provider)
    settings, spec = load_settings(), provider.spec.to_domain()
    configure_logs(settings, service=False)
    service = doctor_service(settings, Keyring(secrets))
    diagnosis = service.examine(
        provider.metadata.namespace, spec, everywhere=all_regions, told=_tell
    )
    grants = aws_grants(spec, diagnosis)
    if output == "json":
        print_json(
            {
                **asdict(diagnosis),
                "healthy": diagnosis.healthy,
                "unselected": _unselected(diagnosis),
                "grants": grants,
            }
        )
    else:
        _print(diagnosis, grants)
    ctx.exit(0 if diagnosis.healthy else NOT_ALL_READ)


def _tell(text: str) -> None:
    click.echo(f"trying: {printable(text)}", err=True)


def _print(diagnosis: Diagnosis, grants: Sequence[Grant]) -> None:
    if diagnosis.identity:
        print_fields(
            [
                ("principal", diagnosis.identity.principal),
                ("organization", diagnosis.identity.organization_id),
            ]
        )
        click.echo()
        print_table(
            ("ACCOUNT", "NAME", "ENTERED", "REGIONS", "TRIED", "UNREADABLE"),
            (_account_row(account) for account in diagnosis.accounts),
        )
    problems = list(_problem_rows(diagnosis))
    if problems:
        click.echo()
        print_table(("PROBLEM", "ACCOUNT", "REGION", "LISTING", "PERMISSION", "MESSAGE"), problems)
    for grant in grants:
        click.echo(f"\nto grant to {printable(grant.principal)}:")
        for policy in grant.policies:
            print_document(policy)
    if diagnosis.healthy:
        click.echo(f"\nEverything that was tried can be read{_but_for(diagnosis.untried)}.")


def _but_for(untried: Sequence[str]) -> str:
    if not untried:
        return ""
    named = ", ".join(untried[:NAMED_UNTRIED])
    others = len(untried) - NAMED_UNTRIED
    more = f" and {others} more (-o json names all)" if others > 0 else ""
    listings = "1 listing" if len(untried) == 1 else f"{len(untried)} listings"
    return f"; {listings} had nothing to try: {named}{more}"


def _unselected(diagnosis: Diagnosis) -> dict[str, str] | None:
    nothing = diagnosis.unselected
    return dict(zip(("reason", "message"), nothing, strict=True)) if nothing else None


def _account_row(account: AccountDiagnosis) -> tuple[Any, ...]:
    regions = None if account.regions is None else len(account.regions)
    entered = "yes" if account.principal else "no"
    tried, unread = len(account.checks), len(account.unread)
    return account.account_id, account.name, entered, regions, tried, unread


def _problem_rows(diagnosis: Diagnosis) -> Iterator[tuple[str, ...]]:
    if diagnosis.trouble:
        yield _problem(diagnosis.trouble)
    if diagnosis.unselected:
        reason, message = diagnosis.unselected
        yield reason, "", "", "", "", message
    for account in diagnosis.accounts:
        if account.trouble:
            yield _problem(account.trouble, account.account_id)
        for check in account.unread:
            if check.trouble:
                yield _problem(check.trouble, account.account_id, check.region, check.listing)


def _problem(
    trouble: Trouble, account: str = "", region: str = "", listing: str = ""
) -> tuple[str, ...]:
    return trouble.reason, account, region, listing, trouble.permission, trouble.message
