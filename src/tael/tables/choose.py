"""Before a table is brought to its types: which columns it must have, what is missing, which rows go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from tael.errors import TablesError, did_you_mean
from tael.tables.keys import as_text
from tael.tables.places import Place
from tael.tables.schema import Absent, Role, Schema, TableSchema


def same_tables(frames: Mapping[str, Any], schema: Schema) -> None:
    """See that every table of the schema came.

    Raises
    ------
    TablesError
    """
    missing = [name for name in schema.tables if name not in frames]
    if missing:
        raise TablesError(
            "A table that the schema describes did not come.",
            expected=", ".join(schema.tables),
            got=", ".join(frames) or "no table",
            where=", ".join(missing),
            fix="Give a frame for it (an empty one will do), or take its section out of the schema.",
        )


def chosen(frame: pl.DataFrame, table: TableSchema, place: Place, absent: Absent = "error") -> pl.DataFrame:
    """Give columns the names of the schema, and see that all that it names are there.

    With ``absent="label"`` columns of role label and ignore come as columns without values where they are not there,
    and so does a time that says of such columns alone when they became known.

    Raises
    ------
    TablesError
        Columns that are not there and must be.
    """
    renamed = {
        promise.header: column
        for column, promise in table.columns.items()
        if promise.header is not None and promise.header in frame.columns and column not in frame.columns
    }
    frame = frame.rename(renamed) if renamed else frame
    own = [column for column in (table.key, table.time, table.known_at) if column is not None]
    known = [promise.known_at for promise in table.columns.values() if promise.known_at is not None]
    missing = [column for column in dict.fromkeys([*own, *table.columns, *known]) if column not in frame.columns]
    if absent == "label":
        gone = [column for column in missing if column not in own and _may_be_absent(column, table)]
        needed = {promise.known_at for column, promise in table.columns.items() if column not in gone}
        free = [one for one in missing if one in gone or not (one in own or one in table.columns or one in needed)]
        frame = frame.with_columns(pl.lit(None).alias(column) for column in free)
        missing = [column for column in missing if column not in free]
    if missing:
        raise _missing(missing, frame, table, place, absent)
    return frame


def _may_be_absent(column: str, table: TableSchema) -> bool:
    return column in table.columns and table.columns[column].role in (Role.LABEL, Role.IGNORE)


def _missing(missing: list[str], frame: pl.DataFrame, table: TableSchema, place: Place, absent: Absent) -> TablesError:
    one = missing[0]
    header = table.column(one).header
    called = f"{one} (in the file: {header})" if header is not None else one
    fix = f"Put {called} into the table, or take what names it out of [{place.table}] in tables.toml."
    if frame.columns:
        fix += f" {did_you_mean(header or one, frame.columns)}"
    if absent == "error" and all(_may_be_absent(column, table) for column in missing):
        fix += ' To score rows without an outcome, read them with `tael score` or read_tables(..., absent="label").'
    return TablesError(
        f"{'Columns' if len(missing) > 1 else 'A column'} named in the schema "
        f"{'are' if len(missing) > 1 else 'is'} not in the table.",
        expected=", ".join(missing) + (" (role label and ignore may be absent)" if absent == "label" else ""),
        got=", ".join(frame.columns[:20]) + (" ..." if len(frame.columns) > 20 else "") or "no column",
        where=str(place),
        fix=fix,
    )


def padded(series: pl.Series, width: int) -> pl.Series:
    """Keys as text, filled with zeros on the left.

    >>> padded(pl.Series([123, None]), 6).to_list()
    ['000123', None]
    """
    return as_text(series).str.zfill(width)


def without(series: pl.Series, missing: tuple[str, ...]) -> pl.Series:
    """Blank the text that means missing."""
    if not missing or series.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return series
    found = series.cast(pl.String).is_in(list(missing))
    return series.cast(pl.String).set(found, None) if found.any() else series


def repeated(frame: pl.DataFrame, key: str, keep: str) -> pl.Series:
    """Mark the rows that go because the row kept, the first or the last, has their key.

    >>> repeated(pl.DataFrame({"k": [1, 1, None, None]}), "k", "last").to_list()
    [True, False, False, False]
    """
    first = keep == "first"
    return frame[key].is_not_null() & ~(frame[key].is_first_distinct() if first else frame[key].is_last_distinct())


def conflicts(frame: pl.DataFrame, gone: pl.Series, key: str) -> int:
    """How many of the rows that went say something else than the row that stayed.

    >>> frame = pl.DataFrame({"k": [1, 1, 1], "x": [5, 5, 6]})
    >>> conflicts(frame, pl.Series([False, True, True]), "k")
    1
    """
    stayed = frame.filter(~gone)
    return frame.filter(gone).join(stayed, on=frame.columns, how="anti", nulls_equal=True).height
