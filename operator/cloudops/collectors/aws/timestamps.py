"""Times on the wire: fast for the usual form, and never the end of a page."""

from datetime import UTC, datetime
from typing import Any

from botocore.utils import parse_timestamp as parse_any_timestamp


def parse_timestamp(value: Any) -> Any:
    """Parse as botocore does, but let a broken time through as it is.

    botocore's parser raises, and with it goes the whole page; the transform
    quarantines just the item.
    """
    if isinstance(value, str) and value[4:5] == "-":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            pass  # another of the forms that AWS uses
        else:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return parse_any_timestamp(value)
    except (ValueError, TypeError, OverflowError, RuntimeError):
        return value
