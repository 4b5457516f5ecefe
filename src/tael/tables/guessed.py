"""One file, and what was guessed about it: the fields of its section and of its columns, each with its reason."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field

import polars as pl

from tael.tables.odd import Odd
from tael.tables.places import Lines
from tael.tables.schema import RESERVED


@dataclass
class Guessed:
    """One file, and what was guessed about it.

    Attributes
    ----------
    name : str
        Of the table.
    frame : DataFrame
        As read, columns under the names that the schema gives them.
    section : dict
        Fields of the table's section (``file``, ``encoding``, ...).
    columns : dict of dict
        Fields of each column.
    reasons : dict
        By field of the section, or by column.
    odd : list of Odd
        Columns with cells that are not of their kind.
    first_line : int or None
        The line of the file that holds its first row; None where rows and lines do not run side by side.
    rows : Series or None
        Which rows of the file the frame holds, where some were left out.
    """

    name: str
    frame: pl.DataFrame
    section: dict[str, object]
    columns: dict[str, dict[str, object]]
    reasons: dict[str, str] = field(default_factory=dict)
    column_reasons: dict[str, list[str]] = field(default_factory=dict)
    odd: list[Odd] = field(default_factory=list)
    first_line: int | None = None
    rows: pl.Series | None = None

    def lines(self, mask: pl.Series) -> Lines:
        """Where the rows stand that a mask marks."""
        return Lines.of(mask, self.first_line, self.rows)

    def say(self, column: str, reason: str, **fields: object) -> None:
        """Set fields of a column, and why."""
        words = [*self.columns[column].get("missing", ()), *fields.pop("missing", ())]  # type: ignore[misc]
        self.columns[column].update({**fields, "missing": words} if words else fields)
        self.column_reasons.setdefault(column, []).append(reason)

    def set(self, name: str, value: object, reason: str) -> None:
        """Set a field of the section, and why."""
        self.section[name] = value
        self.reasons[name] = reason


def identifier(text: str, taken: set[str]) -> str:
    """A name that a formula can hold, near to ``text``, that is not taken.

    >>> identifier("Loan Amount (CNY)", set()), identifier("class", set()), identifier("2024", set())
    ('Loan_Amount_CNY', 'class_', 'c_2024')
    """
    name = re.sub(r"\W+", "_", text).strip("_") or "column"
    name = f"c_{name}" if not (name[0].isalpha() or name[0] == "_") else name
    name = f"{name}_" if keyword.iskeyword(name) or name == RESERVED else name
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
