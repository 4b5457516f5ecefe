"""What a search will need in memory, said before it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.errors import FeaturesError

MOST = 256
LEAST = 16


@dataclass(frozen=True)
class Forecast:
    """The memory that a search foresees, in bytes.

    Attributes
    ----------
    candidates : int
        Formulas to try.
    batch : int
        Formulas computed at once.
    rows : int
        Sorted child rows with the columns that formulas read.
    columns : int
        The batch and the pool of the best, as float32.
    total : int
    """

    candidates: int
    batch: int
    rows: int
    columns: int

    @property
    def total(self) -> int:
        """All of it, in bytes."""
        return self.rows + self.columns

    def __str__(self) -> str:
        return f"{self.candidates:,} formulas, {self.batch} at once, about {self.total / 1e6:,.0f} MB"


def forecast(engine: Engine, seen: Observed, candidates: int, pool: int, memory: int | None) -> Forecast:
    """Foresee a search's memory; shrink its batches to fit, or refuse.

    Raises
    ------
    FeaturesError
        If not even the smallest batches fit.
    """
    for batch in (MOST, 128, 64, 32, LEAST):
        rows = engine.row_bytes() + engine.batch_bytes(batch, candidates)
        # results in float32, the kernels' own block and the copy for the screen; at its fullest the pool is held twice
        columns = seen.size * 4 * (3 * batch + 2 * pool)
        found = Forecast(candidates, batch, rows, columns)
        if memory is None or found.total <= memory:
            return found
    raise FeaturesError(
        "The search does not fit into its memory budget.",
        expected=f"at most {memory / 1e6:,.0f} MB" if memory else None,
        got=f"a forecast of {found.total / 1e6:,.0f} MB ({rows / 1e6:,.0f} MB of them child rows)",
        where="budget.memory",
        fix="Give it more memory, fewer search_rows, a smaller keep, or forbid tables it does not need.",
    )


_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def parse_count(count: str | int | None) -> int | None:
    """Read a number of candidates.

    >>> parse_count(20_000), parse_count("20000")
    (20000, 20000)
    """
    if count is None:
        return None
    if not str(count).isdigit():
        raise FeaturesError(
            "The budget of candidates cannot be read.",
            expected="a whole number such as 20000, or 0 to search nothing",
            got=repr(count),
            where="budget.candidates",
            fix="Write it like the example.",
        )
    return int(count)


def parse_bytes(text: str | int | None) -> int | None:
    """Read ``"4GB"``.

    >>> parse_bytes("1.5 GB")
    1500000000
    """
    return None if text is None else int(_measure(text, _UNITS, "memory", '"4GB"'))


def parse_seconds(text: str | int | None) -> float | None:
    """Read ``"5min"``.

    >>> parse_seconds("5min")
    300.0
    """
    return None if text is None else _measure(text, _SECONDS, "time", '"5min"')


def _measure(text: str | int, units: dict[str, float] | dict[str, int], name: str, example: str) -> float:
    match = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]+)\s*", str(text))
    if match is None or match[2].lower() not in units or match[1].count(".") > 1 or match[1] == ".":
        raise FeaturesError(
            f"The {name} budget cannot be read.",
            expected=f"a number and one of {', '.join(units)}, such as {example}",
            got=repr(text),
            where=f"budget.{name}",
            fix="Write it like the example.",
        )
    return float(match[1]) * units[match[2].lower()]
