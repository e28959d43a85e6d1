"""`cloudops crds`: the CustomResourceDefinitions as files."""

import difflib
from collections.abc import Mapping
from pathlib import Path

import click

from cloudops.api.v1alpha1.crd import crd_files
from cloudops.domain.errors import InvalidInputError


@click.command("crds")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("crds"),
    show_default=True,
    help="Where the files are.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file is out of date.")
@click.pass_context
def crds(ctx: click.Context, directory: Path, *, check: bool) -> None:
    """Write one CustomResourceDefinition a file, e.g. for `kubectl apply --server-side -f`."""
    files = crd_files()
    if check:
        difference = _difference(directory, files)
        click.echo(difference, nl=False)
        ctx.exit(1 if difference else 0)
    for name, text in files.items():
        _write(directory / name, text)
        click.echo(directory / name)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInputError(f"--directory: {path}: {error.strerror}") from error


def _difference(directory: Path, files: Mapping[str, str]) -> str:
    """Unified diff from what is there to what should be; files of no kind count too."""
    there = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.yaml")}
    return "".join(
        line
        for name in sorted(there.keys() | files.keys())
        for line in difflib.unified_diff(
            there.get(name, "").splitlines(keepends=True),
            files.get(name, "").splitlines(keepends=True),
            fromfile=str(directory / name),
            tofile="generated",
        )
    )
