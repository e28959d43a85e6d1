"""`cloudops collect`."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cloudops.api.v1alpha1.cloudprovider import CloudProvider
from cloudops.app.worker import collecting_service, worker_app
from cloudops.cli.documents import FileSecrets, note_suspension, read_file, refuse_what_needs_more
from cloudops.cli.options import (
    configure_logs,
    database_option,
    filename_option,
    load_settings,
    output_option,
)
from cloudops.cli.tables import print_json, print_table, printable
from cloudops.domain.snapshot import EntryState
from cloudops.domain.summary import SyncSummary
from cloudops.metrics import PROVIDER_API_CALLS
from cloudops.services.access import Keyring
from cloudops.settings import Settings
from cloudops.store.embedded import embedded_postgres
from cloudops.store.migrate import prepare, upgrade
from cloudops.worker.once import Progress as Report
from cloudops.worker.once import run_once

NOT_ALL_READ: Final = 3


@click.command("collect")
@filename_option(required=True)
@database_option
@output_option("table", "json")
@click.pass_context
def collect(ctx: click.Context, filename: Path, database_url: str, output: str) -> None:
    """Sync the CloudProvider in a file once, completely, without a cluster.

    Secrets that it refers to may stand in the same file, or come from the
    environment (AWS_ACCESS_KEY_ID, …). Exits with 0 when every scope was read
    or is unsupported, 3 when something could not be read, 2 on bad input.
    """
    provider, secrets = read_file(filename)
    refuse_what_needs_more(filename, provider)
    note_suspension(provider)
    with _database(load_settings(database_url=database_url)) as settings:
        configure_logs(settings, service=False)
        summary = _sync(settings, provider, secrets)
    if output == "json":
        print_json({**asdict(summary), "complete": summary.complete})
    else:
        _print(summary)
    ctx.exit(0 if summary.complete else NOT_ALL_READ)


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Settings]:
    if settings.database_url:
        # Others may live there: their schema is changed by `cloudops migrate` alone.
        prepare(settings.database_url)
        yield settings
        return
    folder = settings.data_dir / "postgresql"
    with embedded_postgres(folder, lambda text: click.echo(text, err=True)) as url:
        upgrade(url)
        yield settings.model_copy(update={"database_url": url})


def _sync(settings: Settings, provider: CloudProvider, secrets: FileSecrets) -> SyncSummary:
    namespace, name = provider.metadata.namespace, provider.metadata.name
    app, collecting = worker_app(settings, Keyring(secrets)), collecting_service(settings)
    spec = provider.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    provider_id = collecting.plan(namespace, name, spec)
    before = _api_calls()
    try:
        with _progress_bar() as report:
            run_once(app, collecting, provider_id, report)
    finally:
        collecting.rest(provider_id)
    return collecting.summary(namespace, name, provider_id, _api_calls() - before)


@contextlib.contextmanager
def _progress_bar() -> Iterator[Report]:
    """A bar on a terminal, silence in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _left: None
        return
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("leases", total=None)
        yield lambda done, left: bar.update(task, completed=done, total=done + left)


def _api_calls() -> int:
    samples = (sample for metric in PROVIDER_API_CALLS.collect() for sample in metric.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))


def _print(summary: SyncSummary) -> None:
    if summary.entry.state is not EntryState.ACCEPTED:
        entry = summary.entry
        click.echo(printable(f"not entered: {entry.reason}: {entry.message}") + "\n")
    print_table(("SCOPES", "COUNT"), summary.scopes_by_status.items())
    click.echo()
    print_table(("TYPE", "RESOURCES"), summary.resources.items())
    if summary.problems:
        click.echo()
        print_table(
            ("PROBLEM", "LISTING", "PERMISSION", "ACCOUNTS", "EXAMPLE", "MESSAGE"),
            (
                (
                    problem.reason,
                    problem.listing,
                    problem.permission,
                    problem.accounts,
                    "/".join(filter(None, (problem.example_account, problem.example_region))),
                    problem.message,
                )
                for problem in summary.problems
            ),
        )
    hidden = summary.problems_total - len(summary.problems)
    if hidden:
        click.echo(f"… and {hidden} more: cloudops scopes list")
    click.echo(f"\nAPI calls made: {summary.api_calls}")
