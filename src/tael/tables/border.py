"""The border: frames of other libraries come in as Polars, through narwhals."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pyarrow as pa

from tael.errors import TablesError
from tael.tables.places import Place, clipped


def native_of(frame: Any) -> str:
    """Name the library that a frame belongs to: ``pandas``, ``polars`` or ``pyarrow``.

    >>> native_of(pl.DataFrame())
    'polars'
    """
    return str(nw.from_native(frame, eager_only=True).implementation).rsplit(".", 1)[-1].lower()


def polars_of(frame: Any, name: str) -> pl.DataFrame:
    """Take a frame of any library as Polars, without copying where memory allows.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
        A pandas index that has names is taken as columns.
    name : str
        Of the table, for the messages.

    Raises
    ------
    TablesError
        No frame, a lazy one, duplicated or unnamed columns, values of several kinds in one column.
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    try:
        wide = nw.from_native(frame, eager_only=True)
    except nw.exceptions.NarwhalsError as error:
        raise TablesError(
            "Some columns have the same name.",
            got=clipped(str(error), 200),
            where=str(Place(name)),
            fix="Name them apart before.",
        ) from error
    except (TypeError, ValueError) as error:
        lazy = hasattr(frame, "collect")
        raise TablesError(
            "A table is not a frame that tael can take.",
            expected="a pandas, Polars or PyArrow frame in memory",
            got=type(frame).__name__ if not isinstance(error, ValueError) else clipped(str(error), 200),
            where=str(Place(name)),
            fix="Call .collect() on it first." if lazy else "Pass a frame, or read files with tael.read_tables.",
        ) from error
    names = getattr(getattr(wide.to_native(), "index", None), "names", [None])
    if any(one is not None and one not in wide.columns for one in names):
        wide = nw.from_native(wide.to_native().reset_index(), eager_only=True)
    odd = [column for column in wide.columns if not isinstance(column, str)]
    if odd:
        raise TablesError(
            "Column names must be text.",
            got=", ".join(map(repr, odd[:5])),
            where=str(Place(name)),
            fix="Name the columns: frame.columns = [...].",
        )
    _one_clock(wide, name)
    try:
        return wide.to_polars()
    except (pa.ArrowException, TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        raise _mixed(wide, name, error) from error


def _one_clock(wide: nw.DataFrame[Any], name: str) -> None:
    """Python's own times in a column of objects: Arrow would take those without a zone as UTC, and say nothing."""
    for column in wide.columns:
        if wide[column].dtype != nw.Object:
            continue
        times = [value for value in wide[column].to_list() if isinstance(value, datetime) and value == value]
        zoned = sum(value.tzinfo is not None for value in times)
        if 0 < zoned < len(times):
            raise TablesError(
                "Some times have a time zone and some have none.",
                expected="all with a zone, or none",
                got=f"{zoned} with, {len(times) - zoned} without, such as "
                f"{next(value for value in times if value.tzinfo is None)}",
                where=str(Place(name, column)),
                fix="Give those without a zone theirs before: time.tz_localize(...).",
            )


def _mixed(wide: nw.DataFrame[Any], name: str, error: Exception) -> TablesError:
    """Find the column that would not pass, and say what is in it."""
    if isinstance(error, OverflowError):
        return TablesError(
            "A column holds integers beyond 64 bits.",
            expected="integers of 64 bits, or text",
            got=clipped(str(error), 200),
            where=str(Place(name)),
            fix="Convert it to text before: frame[column].astype(str).",
        )
    for column in wide.columns:
        values = wide[column].to_list() if wide[column].dtype == nw.Object else []
        kinds = Counter(type(value).__name__ for value in values if value is not None and value == value)
        if len(kinds) < 2:
            continue
        rare = min(kinds, key=lambda kind: kinds[kind])
        rows = [row for row, value in enumerate(values) if type(value).__name__ == rare and value == value]
        shown = ", ".join(f"row {row + 1} {clipped(values[row])}" for row in rows[:5])
        return TablesError(
            "A column mixes values of several kinds.",
            expected="one kind in a column",
            got=", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) + f"; {rare}: {shown}",
            where=str(Place(name, column)),
            fix=f'Convert it before: frame["{column}"].astype(str), or pandas.to_numeric(...).',
        )
    return TablesError(
        "A table could not be taken over.",
        got=clipped(str(error), 200),
        where=str(Place(name)),
        fix="Convert it before.",
    )
