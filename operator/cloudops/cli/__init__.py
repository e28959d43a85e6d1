"""The command line: parse, call a service, print. One module a command."""

import errno
import os
import sys
from importlib import import_module
from typing import Any, Final

import click

from cloudops import __version__
from cloudops.cli.tables import printable
from cloudops.domain.errors import CloudOpsError, InvalidInputError

BAD_INPUT: Final = 2
FAILED: Final = 1

# A reader that went away is none of these: click ends quietly then.
_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})

# Loaded when asked for: `cloudops worker` needs no kopf, `controller` no SDK.
_COMMANDS: Final = {
    "collect": "One full sync of a CloudProvider in a file, without a cluster.",
    "controller": "Watch custom resources, write the plan and their status.",
    "crds": "Write the CustomResourceDefinitions as files.",
    "doctor": "Try what a CloudProvider in a file asks for, and say what is missing.",
    "migrate": "Bring the database schema up to date.",
    "permissions": "Print what to grant so that a cloud can be read.",
    "resources": "Read the inventory.",
    "run": "Controller and worker together, with an embedded PostgreSQL.",
    "scopes": "Read the ledger: what was read, when, and why not.",
    "types": "Show which types of resources are read, and how.",
    "worker": "Read clouds: takes leases on due work.",
}


class _Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"cloudops.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Expected failures become one line on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except InvalidInputError as error:
            _say(error)
            ctx.exit(BAD_INPUT)
        except CloudOpsError as error:
            _say(error)
            ctx.exit(FAILED)
        except OSError as error:
            if error.errno not in _UNWRITABLE:
                raise
            click.echo(f"error: the output can't be written: {error.strerror}", err=True)
            # What is left of it goes nowhere, or the interpreter would try it once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(FAILED)


def _say(error: CloudOpsError) -> None:
    click.echo("error: " + printable(" ".join(str(error).splitlines())), err=True)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cloudops")
def main() -> None:
    """CloudOps Central: what runs in your clouds, what it costs and whether it follows the rules.

    Exit codes: 0 done, 1 failed, 2 bad input, 3 something could not be read.
    Settings come from CLOUDOPS_* environment variables.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
