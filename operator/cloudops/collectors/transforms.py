"""Rows compiled once a process, whoever asks for them."""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar, cast

from cloudops.collectors.detailing import DetailTransform
from cloudops.collectors.redaction import Redactor
from cloudops.collectors.transform import ListingTransform
from cloudops.collectors.vocabulary import Listing

T = TypeVar("T", ListingTransform, DetailTransform)


class Transforms:
    """Thread-safe. A row is known by its name, and by which of its types are asked for."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._made: dict[tuple[str, ...], ListingTransform | DetailTransform] = {}
        self._lock = Lock()

    def listing(self, row: Listing) -> ListingTransform:
        """For the answers of a list."""
        return self._of(row, ListingTransform)

    def details(self, row: Listing) -> DetailTransform:
        """For what is told of single items."""
        return self._of(row, DetailTransform.of)

    def _of(self, row: Listing, make: Callable[[Listing, Redactor], T]) -> T:
        key = (row.name, *row.types)
        with self._lock:
            if key not in self._made:
                self._made[key] = make(row, self._redactor)
            return cast("T", self._made[key])
