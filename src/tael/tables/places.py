"""Where in the tables something is: the words that every message of this room uses."""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from tael.tables.personal import shown as as_shown
from tael.tables.schema import Language

SHOWN = 5


@dataclass(frozen=True)
class Place:
    """A table and, where there is one, a column.

    Parameters
    ----------
    table : str
    column : str, optional
    file : str, optional
        From which the table was read.
    first_line : int, optional
        The line of the file that holds row 1; None where rows and lines do not run side by side.

    Examples
    --------
    >>> str(Place("loans", "amount")), str(Place("loans", "amount", "loans.csv", 2))
    ('table loans, column amount', 'table loans, column amount, file loans.csv')
    """

    table: str
    column: str | None = None
    file: str | None = None
    first_line: int | None = None

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column is not None else ""
        return f"table {self.table}{column}" + (f", file {self.file}" if self.file is not None else "")

    def row(self, index: int) -> str:
        """A row, counted from 1 below the header, and its line in the file.

        >>> Place("loans").row(0), Place("loans", first_line=2).row(0)
        ('row 1', 'row 1 (line 2)')
        """
        return row_text(index + 1, None if self.first_line is None else self.first_line + index)


@dataclass(frozen=True)
class Lines:
    """Which rows of a file are spoken of.

    Parameters
    ----------
    numbers : tuple of int
        Of the first of them: lines of the file, or rows counted from 1 where lines are not known.
    more : bool
        Whether there are others.
    in_file : bool
        Whether they are lines.

    Examples
    --------
    >>> Lines.of(pl.Series([False, True, True]), 2).text(), Lines.of(pl.Series([True]), None).text("zh")
    ('lines 3 and 4', '数据第 1 行')
    """

    numbers: tuple[int, ...] = ()
    more: bool = False
    in_file: bool = True

    @classmethod
    def of(cls, mask: pl.Series, first_line: int | None, rows: pl.Series | None = None) -> Lines:
        """The rows that a mask marks; ``rows`` says which rows of the file they are, where some were left out."""
        marked = mask.fill_null(False).arg_true()
        found = marked.head(SHOWN) if rows is None else rows.gather(marked.head(SHOWN))
        start = 1 if first_line is None else first_line
        return cls(tuple(row + start for row in found.to_list()), len(marked) > SHOWN, first_line is not None)

    def text(self, lang: Language = "en") -> str:
        """``line 3``, ``lines 3 and 4``, ``lines 3, 4, 9, 12, 15, ...``."""
        told = [str(one) for one in self.numbers]
        if lang == "zh":
            return f"{'' if self.in_file else '数据'}第 {'、'.join(told)} 行{'等' if self.more else ''}"
        word = "line" if self.in_file else "row"
        if len(told) == 1 and not self.more:
            return f"{word} {told[0]}"
        return f"{word}s " + (", ".join(told) + ", ..." if self.more else f"{', '.join(told[:-1])} and {told[-1]}")


@dataclass(frozen=True)
class Example:
    """A row, counted from 1 below the header, what stands there, and the line of the file where that is known."""

    row: int
    value: str
    line: int | None = None


def row_text(row: int, line: int | None, words: tuple[str, str] = ("row {}", "line {}")) -> str:
    """Name a row, and its line in the file where that is known.

    >>> row_text(6, 7), row_text(6, None)
    ('row 6 (line 7)', 'row 6')
    """
    return words[0].format(row) + (f" ({words[1].format(line)})" if line is not None else "")


def clipped(value: object, width: int = 40) -> str:
    """A value as text, no longer than ``width`` characters.

    >>> clipped("a" * 50, 10)
    "'aaaaa..."
    """
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= width else f"{text[: width - 4]}..."


def toml(value: object) -> str:
    """Text, a truth, a number or a list of them, as TOML writes it.

    >>> toml(["¥", "元"]), toml(True)
    ('["¥", "元"]', 'true')
    """
    return json.dumps(value, ensure_ascii=False)


def examples(series: pl.Series, mask: pl.Series, place: Place | None = None, shown: int = SHOWN) -> str:
    """The first rows of ``series`` that ``mask`` marks, from 1 below the header; what names a person is shortened.

    >>> examples(pl.Series(["1", "x", "y"]), pl.Series([False, True, True]))
    "2 values: row 2 'x', row 3 'y'"
    """
    rows = mask.arg_true()
    where = place or Place("")
    values = [
        value if not isinstance(value, str) else as_shown(value, where.column)
        for value in series.gather(rows.head(shown))
    ]
    first = ", ".join(f"{where.row(row)} {clipped(value)}" for row, value in zip(rows.head(shown), values, strict=True))
    more = ", ..." if len(rows) > shown else ""
    return f"{len(rows)} value{'s' if len(rows) != 1 else ''}: {first}{more}"
