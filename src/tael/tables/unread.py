"""Cells that do not keep a promise which others of their column keep: missing, and told, where rows are scored."""

from __future__ import annotations

import polars as pl

from tael.errors import TablesError
from tael.tables.choose import without
from tael.tables.columns import FALSE, TRUE, read_numbers
from tael.tables.durations import in_months
from tael.tables.guess_ways import MOSTLY, counts
from tael.tables.numbers import NumberForm
from tael.tables.odd import Odd
from tael.tables.places import Lines, Place
from tael.tables.schema import ColumnSchema, TableSchema, Type
from tael.tables.times import no_times, to_time
from tael.tables.totals import called, plain_word

_WORDS = 50


def without_odd(frame: pl.DataFrame, table: TableSchema, first_line: int | None) -> tuple[pl.DataFrame, list[Odd]]:
    """Blank the cells that are not of their column's kind, where most others are.

    A column of which more than a quarter (and more than one cell) cannot be read is let alone: it is of another kind,
    which is an error, and no matter of a few cells.

    Parameters
    ----------
    frame : DataFrame
        As read, before it is brought to its types; columns under the headers of the file or the names of the schema.
    table : TableSchema
    first_line : int or None
        The line of the file that holds its first row.

    Returns
    -------
    frame : DataFrame
    odd : list of Odd

    Examples
    --------
    >>> promise = TableSchema(columns={"x": ColumnSchema(type=Type.NUMBER)})
    >>> frame, odd = without_odd(pl.DataFrame({"x": ["1", "2", "3", "see file"]}), promise, 2)
    >>> frame["x"].to_list(), odd[0].text()
    (['1', '2', '3', None], "Read as missing: 'see file' (1 row of x: line 5)")
    """
    found: list[Odd] = []
    rows = ~called(frame, set(map(plain_word, table.totals)), table.key) if table.totals else None
    for name, promise in table.columns.items():
        header = promise.header if promise.header in frame.columns else name
        if header not in frame.columns or frame[header].dtype != pl.String:
            continue
        series = without(frame[header], (*table.missing, *promise.missing))
        series = without(series, promise.zero).set(frame[header].str.strip_chars() == "", None)
        series = series if rows is None else series.set(~rows, None)
        found += _unclear(series, promise, name, header, first_line)
        bad = _unreadable(series, promise)
        n = int(bad.sum())
        if not n or n > max(1.0, (1 - MOSTLY) * (len(series) - series.null_count())):
            continue
        found.append(Odd(name, header, "missing", counts(series, bad), Lines.of(bad, first_line)))
        frame = frame.with_columns(frame[header].set(bad, None))
    return frame, found


def _unclear(series: pl.Series, promise: ColumnSchema, name: str, header: str, first_line: int | None) -> list[Odd]:
    """Numbers without a per cent sign that may be shares or per cents, and read as missing."""
    mask = NumberForm.of(promise).unclear(series)
    if not mask.any():
        return []
    example = str(series.filter(mask)[0])
    words = ((example, int(mask.sum())), (example, 1), (example, 1))
    return [Odd(name, header, "unsigned", words, Lines.of(mask, first_line))]


def _unreadable(series: pl.Series, promise: ColumnSchema) -> pl.Series:
    """Mark the cells that are there and are not of the column's kind."""
    there = series.is_not_null()
    if promise.type == Type.NUMBER and promise.duration is not None:
        return there & in_months(series).is_null()
    if promise.type == Type.NUMBER:
        return read_numbers(series, NumberForm.of(promise))[1]
    if promise.type == Type.FLAG and not promise.true:
        return there & ~series.str.strip_chars().str.to_lowercase().is_in(list(TRUE | FALSE)).fill_null(True)
    if promise.type == Type.TIME:
        return series.is_in(_no_times(series, promise)).fill_null(False)
    return pl.repeat(False, len(series), eager=True)


def _no_times(series: pl.Series, promise: ColumnSchema) -> list[str]:
    """The texts of a column of times that are none; none where the column as a whole is of another kind."""
    if _read(series, promise):
        return []
    words: list[str] | None
    if promise.format is None:
        try:
            words = no_times(series.drop_nulls(), most=_WORDS)
        except TablesError:
            return []
    else:
        words = [word for word in series.drop_nulls().unique() if not _read(pl.Series([word]), promise)]
    rest = series.set(series.is_in(words or []).fill_null(False), None)
    return words if words and _read(rest, promise) else []


def _read(series: pl.Series, promise: ColumnSchema) -> bool:
    try:
        to_time(series, Place("", ""), format=promise.format, month=promise.month)
    except TablesError:
        return False
    return True
