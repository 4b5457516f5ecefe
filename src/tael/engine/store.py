"""Columns of tables as arrays for the kernels, and the rows that foreign keys point to. Computed once, then kept."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import TablesError
from tael.formulas.values import NAT, Values
from tael.tables.frames import Tables
from tael.tables.schema import Type

NEVER = np.iinfo(np.int64).max


class Link:
    """The ids behind the values of a key: row numbers of a table, then codes of values that other columns share.

    Rows are related by the values that they share, whether or not the table that the values name has such a row:
    a customer without demographics still has earlier loans.

    Parameters
    ----------
    key : polars.Series or None
        A table's key, whose first occurrence counts; None for a name without a table.
    others : polars.Series
        Values of the columns that point to it.
    """

    def __init__(self, key: pl.Series | None, others: pl.Series) -> None:
        beyond = others.drop_nulls().unique().sort().rename("value")
        if key is None:
            values, self.n_rows = beyond, 0
        else:
            key = key.rename("value")
            self.n_rows = len(key)
            values = pl.concat([key, beyond.filter(~beyond.is_in(key.implode()))])
        self.dtype, self.size = values.dtype, len(values)
        known = pl.DataFrame({"value": values, "id": np.arange(len(values), dtype=np.int64)})
        self._ids = known.drop_nulls().unique("value", keep="first", maintain_order=True)
        self._as_text: pl.DataFrame | None = None

    def ids(self, values: pl.Series) -> NDArray[np.int64]:
        """The id of each value; -1 for missing and unknown values."""
        values = values.rename("value")
        ids = self._ids
        if values.dtype != self.dtype:
            # whole numbers are compared with text as text: "7" is 7, "007" and "7.5" are not
            if self.dtype == pl.String:
                values = values.cast(pl.String)
            elif values.null_count() == len(values):
                values = values.cast(self.dtype, strict=False)
            else:
                if self._as_text is None:
                    self._as_text = self._ids.with_columns(pl.col("value").cast(pl.String))
                ids = self._as_text
        found = values.to_frame().join(ids, on="value", how="left", maintain_order="left")["id"]
        return found.fill_null(-1).to_numpy()


class Store:
    """What the engine reads of tables.

    Parameters
    ----------
    tables : Tables
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._values: dict[tuple[str, str], Values] = {}
        self._owners: dict[tuple[str, str], NDArray[np.int64]] = {}
        self._parents: dict[tuple[str, str], NDArray[np.int64]] = {}
        self._links: dict[str, Link] = {}

    def values(self, table: str, column: str) -> Values:
        """A column as an array; special codes and infinities read as missing."""
        at = (table, column)
        if at not in self._values:
            promise = self.tables.schema.tables[table].column(column)
            kind = promise.type or Type.TEXT
            self._values[at] = to_values(self.tables[table][column], kind, promise.special)
        return self._values[at]

    def column_known(self, table: str, column: str) -> NDArray[np.int64] | None:
        """When each value of the column became known, if the column has a time of its own."""
        name = self.tables.schema.tables[table].column(column).known_at
        return None if name is None else self._moments(table, name)

    def row_known(self, table: str) -> NDArray[np.int64] | None:
        """When each row became known; None for a timeless table."""
        name = self.tables.schema.tables[table].known
        return None if name is None else self._moments(table, name)

    def row_used(self, table: str) -> NDArray[np.int64] | None:
        """From when on another row may use each row (T1): it has happened and is known; None for a timeless table."""
        known, time = self.row_known(table), self.row_time(table)
        if known is None or time is None or known is time:
            return known
        return np.maximum(known, time)

    def row_time(self, table: str) -> NDArray[np.int64] | None:
        """When each row happened (missing: never); None for a timeless table."""
        name = self.tables.schema.tables[table].time
        return None if name is None else self._moments(table, name)

    def _moments(self, table: str, column: str) -> NDArray[np.int64]:
        moments = self.values(table, column).data
        return np.where(moments == NAT, NEVER, moments)

    def target(self, table: str, column: str) -> str:
        """The name that a foreign key points to."""
        to = self.tables.schema.tables[table].column(column).to
        if to is None:
            raise TablesError(
                "A relation goes through a column that points nowhere.",
                expected=f'{column} = {{ to = "..." }}',
                where=f"{table}.{column}",
                fix="Declare the relation in tables.toml.",
            )
        return to

    def link(self, target: str) -> Link:
        """The ids of a table's keys, or of the values that all columns pointing to a name without a table share."""
        if target not in self._links:
            schema = self.tables.schema
            promise = schema.tables.get(target)
            key = self.tables[target][promise.key] if promise is not None and promise.key else None
            pointing = [
                self.tables[name][column].rename("value")
                for name, table in schema.tables.items()
                for column, detail in table.columns.items()
                if detail.to == target
            ]
            empty = pl.Series("value", [], key.dtype if key is not None else pl.String)
            self._links[target] = Link(key, pl.concat(pointing) if pointing else empty)
        return self._links[target]

    def owners(self, table: str, column: str) -> NDArray[np.int64]:
        """The id that each row of ``table`` points to through ``column``; -1: none."""
        at = (table, column)
        if at not in self._owners:
            self._owners[at] = self.link(self.target(table, column)).ids(self.tables[table][column])
        return self._owners[at]

    def row_ids(self, table: str) -> NDArray[np.int64]:
        """The id of each row's own key; of a doubled key that of its first row, of a table without a key none."""
        at = (table, "")
        if at not in self._owners:
            key = self.tables.schema.tables[table].key
            frame = self.tables[table]
            none = np.full(len(frame), -1, dtype=np.int64)
            self._owners[at] = none if key is None else self.link(table).ids(frame[key])
        return self._owners[at]

    def parents(self, table: str, column: str) -> NDArray[np.int64]:
        """The row number that each row of ``table`` points to through ``column``; -1: there is no such row."""
        at = (table, column)
        if at not in self._parents:
            owners = self.owners(table, column)
            self._parents[at] = np.where(owners < self.link(self.target(table, column)).n_rows, owners, -1)
        return self._parents[at]

    def forget(self) -> None:
        """Free the arrays (they come back when asked for)."""
        self._values.clear()
        self._owners.clear()
        self._parents.clear()
        self._links.clear()


def to_values(series: pl.Series, kind: Type, special: tuple[float, ...] = ()) -> Values:
    """Turn a normalised column into the array form of its type.

    Examples
    --------
    >>> to_values(pl.Series([1.0, -9.0, None]), Type.NUMBER, (-9.0,)).data
    array([ 1., nan, nan])
    >>> to_values(pl.Series(["b", "a", None]), Type.CATEGORY)
    Values(type=<Type.CATEGORY: 'category'>, data=array([ 1,  0, -1], dtype=int32), levels=('a', 'b'))
    """
    if kind in (Type.NUMBER, Type.FLAG):
        numbers = series.cast(pl.Float64).to_numpy()
        bad = ~np.isfinite(numbers)
        for code in special:
            bad |= numbers == code
        return Values(kind, np.where(bad, np.nan, numbers) if bad.any() else numbers)
    if kind == Type.TIME:
        return Values(kind, series.cast(pl.Datetime("us")).to_physical().fill_null(NAT).to_numpy())
    text = series.cast(pl.String)
    if kind == Type.TEXT:
        return Values(kind, text.to_numpy())
    levels = text.drop_nulls().unique().sort()
    codes = text.cast(pl.Enum(levels)).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    return Values(kind, codes, tuple(levels.to_list()))


def take(values: Values, rows: NDArray[np.int64]) -> Values:
    """The values of the rows named; missing where the row is -1."""
    if len(values.data) == 0:
        return Values(values.type, np.full(len(rows), missing(values.type), dtype=values.data.dtype), values.levels)
    data = values.data[rows]
    absent = rows < 0
    if absent.any():
        data = data.copy()
        data[absent] = missing(values.type)
    return Values(values.type, data, values.levels)


def mask(values: Values, hide: NDArray[np.bool_]) -> Values:
    """The values with some of them missing."""
    if not hide.any():
        return values
    data = values.data.copy()
    data[hide] = missing(values.type)
    return Values(values.type, data, values.levels)


def missing(kind: Type) -> float | int | None:
    """What stands for missing in the array form of a type."""
    if kind in (Type.NUMBER, Type.FLAG):
        return float("nan")
    if kind == Type.TIME:
        return NAT
    return -1 if kind == Type.CATEGORY else None
