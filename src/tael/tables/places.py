"""Where in the tables something is: the words that every message of this room uses."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

SHOWN = 5


@dataclass(frozen=True)
class Place:
    """A table and, where there is one, a column.

    >>> str(Place("loans", "amount"))
    'table loans, column amount'
    """

    table: str
    column: str | None = None

    def __str__(self) -> str:
        return f"table {self.table}" + (f", column {self.column}" if self.column is not None else "")


def clipped(value: object, width: int = 40) -> str:
    """A value as text, no longer than ``width`` characters.

    >>> clipped("a" * 50, 10)
    "'aaaaa..."
    """
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= width else f"{text[: width - 4]}..."


def examples(series: pl.Series, mask: pl.Series, shown: int = SHOWN) -> str:
    """The first rows of ``series`` that ``mask`` marks, counted from 1 below the header.

    >>> examples(pl.Series(["1", "x", "y"]), pl.Series([False, True, True]))
    "2 values: row 2 'x', row 3 'y'"
    """
    rows = mask.arg_true()
    first = ", ".join(f"row {row + 1} {clipped(series[row])}" for row in rows.head(shown))
    more = ", ..." if len(rows) > shown else ""
    return f"{len(rows)} value{'s' if len(rows) != 1 else ''}: {first}{more}"
