"""What a bench promises to measure, what it measured, and the record that is kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound of the value itself, or of its ratio to the baseline."""

    of: Literal["value", "ratio"]
    at_least: float | None = None
    at_most: float | None = None

    def is_met(self, value: float | None, ratio: float | None) -> bool:
        """What could not be measured is not met."""
        number = value if self.of == "value" else ratio
        if number is None:
            return False
        least = self.at_least is None or number >= self.at_least
        return least and (self.at_most is None or number <= self.at_most)

    def __str__(self) -> str:
        bound = (
            f"≤{self.at_most:g}"
            if self.at_least is None
            else f"≥{self.at_least:g}"
            if self.at_most is None
            else f"{self.at_least:g}"  # both, and the same: exactly
        )
        return bound if self.of == "value" else f"{bound} of the baseline"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table.

    Attributes:
        name: What is measured; no two figures share it.
        unit: Of value and baseline; "" for a plain count.
        how: One sentence on how it is measured.
        limit: One sentence on what limits it.
        baseline: What it is compared with; "" = nothing.
        aim: What it should be; None = it is only watched.
    """

    name: str
    unit: str
    how: str
    limit: str
    baseline: str = ""
    aim: Aim | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure's value; None = it could not be measured, and `note` says why."""

    figure: Figure
    value: float | None
    baseline: float | None = None
    postgres: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        if self.value is None or not self.baseline:
            return None
        return self.value / self.baseline

    @property
    def met(self) -> bool | None:
        """None where there is no aim."""
        return None if self.figure.aim is None else self.figure.aim.is_met(self.value, self.ratio)

    def record(self, machine: Mapping[str, Any]) -> dict[str, Any]:
        """As it is written to build/bench; `note` only where something is to be said."""
        record = {
            "name": self.figure.name,
            "unit": self.figure.unit,
            "value": _rounded(self.value),
            "baseline": _rounded(self.baseline),
            "ratio": _rounded(self.ratio),
            "machine": {**machine, "postgres": self.postgres},
        }
        if self.figure.aim is not None:
            record |= {"aim": str(self.figure.aim), "met": self.met}
        return record | ({"note": self.note} if self.note else {})


class Bench(Protocol):
    """A module that measures one thing; see `catalogue.BENCHES`."""

    FIGURES: tuple[Figure, ...]

    def measure(self, scale: float) -> list[Measured]:
        """Measure all of FIGURES, in their order.

        Args:
            scale: 1 = the sizes that the aims are about; less = a try.
        """
        ...


def _rounded(number: float | None) -> float | None:
    """Four digits are more than any of them repeats."""
    if number is None:
        return None
    short = float(f"{number:.4g}")
    return int(number) if number == int(number) else short
