"""What people write on the command line, made into values."""

import re
from datetime import datetime, timedelta
from typing import Final

import click

from cloudops.domain.errors import InvalidInputError
from cloudops.domain.reading import Since

_AGE: Final = re.compile(r"([0-9]{1,5})([smhdw])", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def since(ctx: click.Context, parameter: click.Parameter, text: str) -> Since | None:
    """A callback of an option: an RFC 3339 time, or an age as `90m`, `2h`, `3d`; "" is None.

    Raises:
        InvalidInputError: It is neither.
    """
    del ctx
    age = _AGE.fullmatch(text)
    if age or not text:
        return timedelta(**{_UNITS[age[2]]: int(age[1])}) if age else None
    option = f"{parameter.opts[0]} {text}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(
            f"{option}: write a time as 2026-11-24T10:00:00Z, or an age as 90m, 2h or 3d"
        ) from error
    if moment.tzinfo is None:
        raise InvalidInputError(f"{option}: write the time with its offset, or Z for UTC, behind")
    return moment


def unicode(
    ctx: click.Context, parameter: click.Parameter, value: str | tuple[str, ...]
) -> str | tuple[str, ...]:
    """A callback: bytes that are no UTF-8 can't be asked for, since none are stored.

    Raises:
        InvalidInputError: There are such bytes.
    """
    for text in (value,) if isinstance(value, str) else value:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            hint = parameter.get_error_hint(ctx)
            raise InvalidInputError(f"{hint}: {text!a} is not UTF-8: write it so") from error
    return value
