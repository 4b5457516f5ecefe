"""Long frames to panels: one row for each time and entity becomes one cell of every field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from tael.errors import PanelError, did_you_mean
from tael.panels.panel import Array, Panel
from tael.tables.border import polars_of
from tael.tables.columns import EXACT
from tael.tables.places import Place
from tael.tables.schema import Language
from tael.tables.times import to_time


def from_frame(
    frame: Any,
    *,
    time: str,
    entity: str,
    fields: Sequence[str] | None = None,
    groups: Sequence[str] = (),
    listed: str | None = None,
    suspended: str | None = None,
    members: str | None = None,
    dtype: Any = np.float64,
    bar: str = "1d",
    titles: Mapping[str, Mapping[Language, str]] | None = None,
    units: Mapping[str, str] | None = None,
) -> Panel:
    """Make a panel of a long frame.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
        One row for each time and entity, in any order. A row that is absent is a bar that the entity does not have.
    time, entity : str
        Columns. Times may be text; entities may be whole numbers and become text.
    fields : sequence of str, optional
        Columns of numbers; left out: all that hold numbers and are not named otherwise.
    groups : sequence of str
        Columns of text or whole numbers: sectors, boards, indices, as they were known at each row's time.
    listed, suspended, members : str, optional
        Columns of flags. Without ``listed`` an entity is listed where it has a row. Fields of a suspended row become
        missing: its prices are yesterday's.
    dtype : {float64, float32}
    bar, titles, units
        See :class:`tael.panels.Panel`.

    Returns
    -------
    Panel
        Entities sorted by name.

    Raises
    ------
    PanelError
        No such column, a time and entity twice, times or entities that are missing, fields that hold no numbers.

    Examples
    --------
    >>> bars = pl.DataFrame({"day": ["2024-01-02", "2024-01-03"], "code": ["A", "A"], "close": [1.0, 1.1]})
    >>> Panel.from_frame(bars, time="day", entity="code").fields["close"].tolist()
    [[1.0], [1.1]]
    """
    table = polars_of(frame, "panel")
    flags = [name for name in (listed, suspended, members) if name is not None]
    for name in (time, entity, *(fields or ()), *groups, *flags):
        if name not in table.columns:
            raise PanelError("There is no such column.", got=repr(name), fix=did_you_mean(name, table.columns))
    taken = {time, entity, *groups, *flags}
    if fields is None:
        fields = [
            n for n in table.columns if n not in taken and (table[n].dtype.is_numeric() or table[n].dtype == pl.Boolean)
        ]
    if not table.height:
        raise PanelError("The frame has no rows.", expected="one row for each time and entity", got="0 rows")
    times, row = _ordered_times(table[time])
    entities, column = _ordered_entities(table[entity])
    shape = len(times), len(entities)
    cell = row * shape[1] + column
    _no_doubles(cell, table, time, entity)
    there = _flags(table[listed], cell, shape) if listed else _flags(None, cell, shape)
    away = _flags(table[suspended], cell, shape) if suspended else np.zeros(shape, np.bool_)
    found = {name: _numbers(table[name], cell, shape, np.dtype(dtype)) for name in fields}
    for values in found.values():
        values[away] = np.nan
    codes, levels = {}, {}
    for name in groups:
        codes[name], levels[name] = _coded(table[name], cell, shape)
    universe = _flags(table[members], cell, shape) if members else None
    return Panel(
        times, entities, found, codes, levels, there, away, universe,  # type: ignore[arg-type]
        bar=bar, titles=titles or {}, units=units or {},
    )  # fmt: skip


def _ordered_times(series: pl.Series) -> tuple[Array, Array]:
    moments = to_time(series, Place("panel", column=series.name)).values
    if moments.null_count():
        raise PanelError(
            "A row has no time.",
            got=f"{moments.null_count()} of {len(moments)} rows",
            where=f'column "{series.name}", row {int(moments.is_null().arg_true()[0]) + 1}',
            fix="Take these rows out, or fill them.",
        )
    return np.unique(moments.to_numpy(), return_inverse=True)


def _ordered_entities(series: pl.Series) -> tuple[tuple[str, ...], Array]:
    if series.null_count():
        raise PanelError(
            "A row has no entity.",
            got=f"{series.null_count()} of {len(series)} rows",
            where=f'column "{series.name}", row {int(series.is_null().arg_true()[0]) + 1}',
            fix="Take these rows out, or fill them.",
        )
    if series.dtype.is_float():
        whole = bool((series == series.round(0)).all())
        if not whole or not bool((series.abs() < EXACT).all()):
            raise PanelError(
                "Entities are named by fractions, or by whole numbers that a float does not hold exactly.",
                expected="text or whole numbers",
                got=f"{series.dtype}, such as {series[0]!r}",
                where=f'column "{series.name}"',
                fix="Read the column as text.",
            )
        series = series.cast(pl.Int64)
    if series.dtype.is_nested() or series.dtype == pl.Object:
        raise PanelError("Entities are named by text.", got=str(series.dtype), where=f'column "{series.name}"')
    names = series.cast(pl.String)
    unique, column = np.unique(names.to_numpy().astype(str), return_inverse=True)
    return tuple(unique.tolist()), column


def _no_doubles(cell: Array, table: pl.DataFrame, time: str, entity: str) -> None:
    order = np.argsort(cell, kind="stable")
    same = np.flatnonzero(np.diff(cell[order]) == 0)
    if len(same):
        first, second = order[same[0]], order[same[0] + 1]
        raise PanelError(
            "A time and entity stand there twice.",
            expected="one row for each time and entity",
            got=f"{table[entity][int(first)]} at {table[time][int(first)]}; {len(same)} such rows in all",
            where=f"rows {first + 1} and {second + 1}",
            fix=f'Keep one of them: frame.unique(["{time}", "{entity}"]).',
        )


def _numbers(series: pl.Series, cell: Array, shape: tuple[int, int], dtype: np.dtype[Any]) -> Array:
    if not series.dtype.is_numeric() and series.dtype not in (pl.Boolean, pl.Null):
        raise PanelError(
            f"`{series.name}` does not hold numbers.", expected="numbers", got=str(series.dtype),
            fix="Convert it before, or name it in `groups`.",
        )  # fmt: skip
    out = np.full(shape[0] * shape[1], np.nan, dtype)
    values = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
    out[cell] = np.where(np.isfinite(values), values, np.nan)
    return out.reshape(shape)


def _flags(series: pl.Series | None, cell: Array, shape: tuple[int, int]) -> Array:
    out = np.zeros(shape[0] * shape[1], np.bool_)
    if series is None:
        out[cell] = True
        return out.reshape(shape)
    odd = series.dtype.is_numeric() and not bool(series.drop_nulls().is_in([0, 1]).all())
    if odd or not (series.dtype.is_numeric() or series.dtype == pl.Boolean):
        raise PanelError(
            f"`{series.name}` is no flag.", expected="true and false, or 0 and 1", got=str(series.dtype),
            fix=f'Make one: frame.with_columns(pl.col("{series.name}") == ...).',
        )  # fmt: skip
    out[cell] = series.cast(pl.Boolean).fill_null(False).to_numpy()
    return out.reshape(shape)


def _coded(series: pl.Series, cell: Array, shape: tuple[int, int]) -> tuple[Array, tuple[str, ...]]:
    if series.dtype.is_float() or series.dtype.is_nested() or series.dtype == pl.Object:
        raise PanelError(
            f"`{series.name}` is no group.", expected="text, flags or whole numbers", got=str(series.dtype),
            fix="Convert it to text before.",
        )  # fmt: skip
    texts = series.cast(pl.String)
    levels = texts.drop_nulls().unique().sort().to_list()
    codes = texts.replace_strict(levels, range(len(levels)), default=-1, return_dtype=pl.Int32) if levels else None
    out = np.full(shape[0] * shape[1], -1, np.int32)
    if codes is not None:
        out[cell] = codes.fill_null(-1).to_numpy()
    return out.reshape(shape), tuple(levels)
