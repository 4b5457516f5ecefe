"""Types out of text: which columns of a CSV are numbers."""

from __future__ import annotations

import polars as pl

from tael.tables.choose import without
from tael.tables.keys import EXACT
from tael.tables.schema import TableSchema

_ZEROS = r"^[+-]?0\d"
_WIDE = "[０-９．－＋\u2212]"
_LETTERED = r"(?i)^\s*[+-]?(?:[0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?|\.[0-9]+|inf|infinity|nan)\s*$"
_SAMPLE = 1000


def typed(frame: pl.DataFrame, table: TableSchema) -> pl.DataFrame:
    """Make numbers of the text columns whose type the schema leaves open and whose values are all numbers.

    Text stays text where a number would not give it back: leading zeros (``00123``), integers beyond 2**53.

    >>> frame = pl.DataFrame({"a": ["1", None], "code": ["007", "12"], "key": ["1", "2"]})
    >>> typed(frame, TableSchema(key="key")).dtypes
    [Int64, String, String]
    """
    held = {table.key, table.time, table.known_at} | {column.known_at for column in table.columns.values()}
    renamed = {promise.header: name for name, promise in table.columns.items() if promise.header is not None}
    done: dict[str, pl.Series] = {}
    for series in frame.get_columns():
        name = renamed.get(series.name, series.name)
        promise = table.column(name)
        told = promise.type is not None or promise.to is not None or promise.values is not None
        told |= (
            bool(promise.true or promise.zero)
            or promise.format is not None
            or promise.spelled
            or promise.pad is not None
        )
        fixed = name in held or told or series.dtype != pl.String
        done[series.name] = series if fixed else numeric(without(series, (*table.missing, *promise.missing)))
    return pl.DataFrame(done)


def numeric(series: pl.Series) -> pl.Series:
    """The numbers that a text column spells, or the column itself."""
    there = series.drop_nulls()
    if there.is_empty():
        return series
    if there.str.contains(_WIDE).any():
        # Digits of full width, as Chinese keyboards write them; only a column that is all numbers is changed.
        narrow = numeric(series.str.normalize("NFKC").str.replace_all("\u2212", "-"))
        return narrow if narrow.dtype.is_numeric() else series
    for part in (there.head(_SAMPLE), there):
        # Infinity and NaN are spelled in letters; a column of names may hold "Nan".
        if not part.str.contains(r"^\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$").all():
            if not part.str.contains(_LETTERED).all():
                return series
            if not part.str.contains(r"\d").any():
                return series
        if part.str.contains(_ZEROS).any():
            return series
    text = series.str.strip_chars()
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == series.null_count():
        return series if bool((whole.abs() > EXACT).any()) else whole
    if there.str.contains(r"^\s*[+-]?\d{17,}\s*$").any():
        return series
    return text.cast(pl.Float64, strict=False)
