"""Times and ages as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import click
import pytest

from cloudops.cli.arguments import since
from cloudops.domain.errors import InvalidInputError

pytestmark = pytest.mark.unit

OPTION = click.Option(["--since"])


def parse(text):
    return since(click.Context(click.Command("test")), OPTION, text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("0s", timedelta()),
        ("90m", timedelta(minutes=90)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("99999w", timedelta(weeks=99_999)),
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (
            "2026-11-24T10:00:00.5-03:30",
            datetime(2026, 11, 24, 10, 0, 0, 500_000, timezone(-timedelta(hours=3, minutes=30))),
        ),
    ],
)
def test_a_time_or_an_age_is_understood(text, meant):
    assert parse(text) == meant


@pytest.mark.parametrize(
    "text",
    ["h", "2", "2H", "-2h", "2 h", "2h ", "100000s", "1.5h", "\u0662h", "2y", "now", "24:00", "\n"],
)
def test_anything_else_is_refused_with_what_to_write(text):
    with pytest.raises(InvalidInputError, match="write a time as 2026"):
        parse(text)


@pytest.mark.parametrize("text", ["2026-11-24", "2026-11-24T10:00:00", "2026-11-24 10:00"])
def test_a_time_without_its_offset_is_refused(text):
    with pytest.raises(InvalidInputError, match="with its offset, or Z"):
        parse(text)
