"""A long table (one row for each entity and time) laid out as arrays of time by entity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import MarketError, TablesError, did_you_mean
from tael.tables.border import polars_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Wide:
    """The places of a long table's rows in arrays of shape (T, N).

    Parameters
    ----------
    frame : polars.DataFrame
        The long table.
    times : ndarray of datetime64[us], shape (T,)
        Rising.
    entities : tuple of str
        N names, in their order as text.
    row, column : ndarray of int64
        Where each row of `frame` goes.
    """

    frame: pl.DataFrame
    times: NDArray[np.datetime64]
    entities: tuple[str, ...]
    row: NDArray[np.int64]
    column: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return len(self.times), len(self.entities)

    def __contains__(self, name: str) -> bool:
        return name in self.frame.columns

    def there(self) -> Bools:
        """Where the table has a row at all."""
        found = np.zeros(self.shape, dtype=np.bool_)
        found[self.row, self.column] = True
        return found

    def floats(self, name: str) -> Floats:
        """A column of numbers, (T, N); NaN where there is no row or no value."""
        series = self._column(name)
        if not (series.dtype.is_numeric() or series.dtype == pl.Boolean or series.dtype == pl.Null):
            raise MarketError(
                f"The column {name!r} holds no numbers.",
                expected="numbers",
                got=f"{series.dtype}, such as {series.drop_nulls().head(1).to_list()}",
                fix=f'Convert it before: pl.col("{name}").cast(pl.Float64).',
            )
        out = np.full(self.shape, np.nan)
        out[self.row, self.column] = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
        return out

    def flags(self, name: str) -> Bools:
        """A column of yes and no (or 1 and 0), (T, N); no where there is no row or no value."""
        values = self.floats(name)
        odd = np.isfinite(values) & (values != 0) & (values != 1)
        if odd.any():
            raise MarketError(
                f"The column {name!r} holds more than yes and no.",
                expected="true and false, or 1 and 0",
                got=str(values[odd][0]),
            )
        return values == 1

    def constants(self, name: str) -> list[Any]:
        """A column that is the same on all rows of an entity, one value each, None where an entity has none."""
        series = self._column(name)
        pairs = pl.DataFrame({"at": self.column, "value": series}).drop_nulls("value").unique(maintain_order=True)
        twice = pairs.filter(pl.col("at").is_duplicated())
        if len(twice):
            at = twice["at"][0]
            raise MarketError(
                f"The column {name!r} changes within an entity.",
                expected="one value for each entity",
                got=", ".join(map(str, twice.filter(pl.col("at") == at)["value"].head(3).to_list())),
                where=f"entity {self.entities[at]!r}",
                fix="Pass what changes in time as a group or a field.",
            )
        out: list[Any] = [None] * len(self.entities)
        for at, value in pairs.iter_rows():
            out[at] = value
        return out

    def codes(self, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """A column of names as codes, (T, N), -1 where there is none; and the names in their order as text."""
        series = self._column(name).cast(pl.String)
        levels = tuple(series.drop_nulls().unique().sort().to_list())
        out = np.full(self.shape, -1, dtype=np.int32)
        found = series.cast(pl.Enum(levels)).to_physical().cast(pl.Int32).fill_null(-1) if levels else None
        if found is not None:
            out[self.row, self.column] = found.to_numpy()
        return out, levels

    def _column(self, name: str) -> pl.Series:
        needs(self.frame, [name])
        return self.frame[name]


def taken(frame: Any, what: str) -> pl.DataFrame:
    """Take a frame of any library as Polars.

    Raises
    ------
    MarketError
    """
    try:
        return polars_of(frame, what)
    except TablesError as error:
        raise MarketError(
            error.problem, expected=error.expected, got=error.got, where=error.where, fix=error.fix
        ) from error


def needs(frame: pl.DataFrame, names: Iterable[str]) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    MarketError
    """
    for name in names:
        if name not in frame.columns:
            raise MarketError(
                f"The table has no column {name!r}.",
                expected=name,
                got=", ".join(frame.columns[:20]),
                fix=did_you_mean(name, frame.columns),
            )


def pivot(frame: Any, *, time: str = "date", entity: str = "code", what: str = "bars") -> Wide:
    """Find where each row of a long table goes in arrays of time by entity.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
        One row for each entity and time, in any order.
    time : str
        Column of dates or times without a zone, or of ISO text ("2020-01-02", "2020-01-02 09:31:00", "20200102").
    entity : str
        Column of names; integers are taken as text.
    what : str
        Of the table, for the messages.

    Returns
    -------
    Wide

    Raises
    ------
    MarketError
        No rows, rows without a time or a name, times that cannot be read, one entity twice at one time.

    Examples
    --------
    >>> wide = pivot(pl.DataFrame({"date": ["2020-01-02", "2020-01-03"], "code": ["a", "b"], "close": [1.0, 2.0]}))
    >>> wide.floats("close")
    array([[ 1., nan],
           [nan,  2.]])
    """
    table = taken(frame, what)
    needs(table, [time, entity])
    if table.is_empty():
        raise MarketError(f"The table of {what} has no rows.", expected="at least one bar")
    clock = times_of(table[time])
    names = table[entity].cast(pl.String)
    for series, label in ((clock, time), (names, entity)):
        if series.null_count():
            raise MarketError(
                f"{series.null_count()} rows of the table of {what} have no {label!r}.",
                where=f"row {series.is_null().arg_true()[0]}",
                fix="Drop those rows, or fill them in.",
            )
    times, row = np.unique(clock.to_numpy(), return_inverse=True)
    entities = tuple(names.unique().sort().to_list())
    column = names.cast(pl.Enum(entities)).to_physical().cast(pl.Int64).to_numpy()
    _once(table, row, column, len(entities), time, entity, what)
    return Wide(table, times, entities, row.astype(np.int64), column)


def _once(
    table: pl.DataFrame, row: NDArray[Any], column: NDArray[Any], n: int, time: str, entity: str, what: str
) -> None:
    cells = row.astype(np.int64) * n + column
    order = np.argsort(cells, kind="stable")
    again = np.flatnonzero(cells[order][1:] == cells[order][:-1])
    if len(again):
        at = int(order[again[0] + 1])
        raise MarketError(
            f"{len(again)} rows of the table of {what} come twice.",
            expected="one row for each entity and time",
            got=f"{table[entity][at]} at {table[time][at]} again in row {at}",
            fix=f'Keep one of them: frame.unique(["{time}", "{entity}"], keep="last").',
        )


FORMATS: Sequence[str] = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d", "%Y/%m/%d", "%Y-%m-%d %H:%M")


def times_of(series: pl.Series) -> pl.Series:
    """Read dates, times or ISO text as datetimes of microseconds without a zone.

    >>> times_of(pl.Series(["20200102"])).to_list()
    [datetime.datetime(2020, 1, 2, 0, 0)]
    """
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is not None:
        raise MarketError(
            f"The times in {series.name!r} have a time zone.",
            expected="times of the exchange's own clock, without a zone",
            got=str(series.dtype),
            fix='Convert them: .dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None).',
        )
    if series.dtype == pl.Date or isinstance(series.dtype, pl.Datetime):
        return series.cast(pl.Datetime("us"))
    if series.dtype in (pl.String, pl.Int32, pl.Int64, pl.UInt32):
        text = series.cast(pl.String)
        for form in FORMATS:
            read = _read(text, form)
            if read is not None:
                return read
        # 12/31/2012 can be read one way only, 01/02/2012 two ways
        either = [read for form in ("%m/%d/%Y", "%d/%m/%Y") if (read := _read(text, form)) is not None]
        if len(either) == 1:
            return either[0]
    raise MarketError(
        f"The times in {series.name!r} cannot be read.",
        expected="dates, datetimes or ISO text such as 2020-01-02 or 2020-01-02 09:31:00, all written alike",
        got=f"{series.dtype}, such as {series.head(2).to_list()}",
        fix="Convert them to dates before.",
    )


def _read(text: pl.Series, form: str) -> pl.Series | None:
    read = text.str.to_datetime(form, time_unit="us", strict=False)
    return read if read.null_count() == text.null_count() else None
