"""Options and settings that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from cloudops import logs
from cloudops.domain.errors import InvalidInputError
from cloudops.settings import Settings

Command = Callable[..., Any]


def database_option(command: Command) -> Command:
    """`--database-url`, over CLOUDOPS_DATABASE_URL."""
    return click.option(
        "--database-url",
        envvar="CLOUDOPS_DATABASE_URL",
        default="",
        help="postgresql://user:password@host/name",
    )(command)


def filename_option(
    *, required: bool = False, help_: str = "YAML file"
) -> Callable[[Command], Command]:
    """`-f`."""
    return click.option(
        "-f",
        "--filename",
        required=required,
        type=click.Path(path_type=Path, allow_dash=True),
        help=f"{help_}; - is standard input.",
    )


def output_option(*formats: str) -> Callable[[Command], Command]:
    """`-o`, with the first of `formats` as the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print.",
    )


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; `overrides` win.

    Raises:
        InvalidInputError: A variable has a value that can't be used.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        mistakes = "; ".join(
            f"CLOUDOPS_{'_'.join(str(part) for part in mistake['loc']).upper()}: {mistake['msg']}"
            for mistake in error.errors()
        )
        raise InvalidInputError(mistakes) from error


def configure_logs(settings: Settings, *, service: bool) -> None:
    """A service logs as it is told; a command says only what went wrong, on stderr."""
    if service:
        logs.configure(log_format=settings.log_format, level=settings.log_level)
    else:
        logs.configure(log_format="console", level="WARNING")
    logs.hide(settings.database_url)
