"""The tests of the contract, one function for each kind of column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from tael.tables.frames import Tables
from tael.tables.overlap import little_overlap
from tael.tables.personal import masked, personal
from tael.tables.personal import shown as shortened_for
from tael.tables.places import SHOWN, Example, clipped
from tael.tables.schema import ColumnSchema, Role, TableSchema, Type
from tael.tables.violations import MESSAGES, Severity, Violation

_CODES = (-1, -7, -8, -9, -97, -98, -99, -997, -998, -999, -9997, -9998, -9999, -99999, -999999)
_TOPS = (999, 9999, 99999, 999999, 9999999, 99999999)
_PAST, _FUTURE = datetime(1900, 1, 1), datetime(2101, 1, 1)


@dataclass(frozen=True)
class _Report:
    """Makes violations of the columns of one table."""

    tables: Tables
    name: str
    frame: pl.DataFrame
    key: str | None
    show: bool

    def __call__(
        self,
        code: str,
        column: str,
        mask: pl.Series,
        detail: str = "",
        severity: Severity | None = None,
        with_values: bool = True,
    ) -> Iterator[Violation]:
        rows = mask.arg_true()
        if len(rows):
            hide = not self.show and column != self.key and personal(column)
            shown = []
            for index in rows.head(SHOWN):
                row, line = self.tables.row_of(self.name, index)
                shown.append(Example(row, self._told(column, index, hide) if with_values else "", line))
            severity = severity or MESSAGES[code][0]
            yield Violation(code, severity, self.name, column, len(rows), tuple(shown), detail)

    def _told(self, column: str, index: int, hide: bool) -> str:
        """A value; of a key that names a person, the ends by which its row is found."""
        value = self.frame[column][index]
        if hide:
            return masked(str(value))
        ends = not self.show and isinstance(value, str | int) and not isinstance(value, bool)
        told = shortened_for(str(value), column) if ends else str(value)
        return clipped(value if told == str(value) else told)


def checked(tables: Tables, name: str, schema: TableSchema, show: bool) -> Iterator[Violation]:
    """All tests of one table; ``show`` leaves personal values unmasked."""
    frame = tables[name]
    if frame.is_empty():
        yield Violation("TAEL-T13", "warning", name, None, 0)
        return

    report = _Report(tables, name, frame, schema.key, show)
    if schema.key is not None:
        key = frame[schema.key]
        yield from report("TAEL-T01", schema.key, key.is_null(), with_values=False)
        yield from report("TAEL-T02", schema.key, key.is_duplicated() & key.is_not_null())
    if schema.time is not None:
        yield from report("TAEL-T08", schema.time, frame[schema.time].is_null(), with_values=False)
    if schema.known_at is not None and schema.known_at != schema.time:
        yield from report("TAEL-T21", schema.known_at, frame[schema.known_at].is_null(), with_values=False)
        if schema.time is not None:
            early = (frame[schema.known_at] < frame[schema.time]).fill_null(False)
            yield from report("TAEL-T09", schema.known_at, early)
    for column, promise in schema.columns.items():
        if (name, column) in tables.absent:
            continue
        series = frame[column]
        missing = series.is_null()
        if promise.required and column != schema.key:
            yield from report("TAEL-T04", column, missing, with_values=False)
        if column == schema.key or promise.to is not None:
            yield from _keys(tables, name, schema, column, promise, report)
            continue
        if promise.role == Role.IGNORE:
            continue
        if missing.all():
            yield Violation("TAEL-T12", "warning", name, column, len(series))
            continue
        # A missing value beside one other value tells something; one value in every row does not.
        if len(series) > 1 and not missing.any() and bool((series == series[0]).all()) and promise.role != Role.LABEL:
            yield Violation("TAEL-T11", "warning", name, column, len(series), (Example(1, clipped(series[0])),))
        yield from _VALUES[promise.type or Type.TEXT](column, series, promise, report)


def _keys(
    tables: Tables, name: str, schema: TableSchema, column: str, promise: ColumnSchema, report: _Report
) -> Iterator[Violation]:
    series = tables[name][column]
    if series.dtype == pl.String:
        yield from report("TAEL-T19", column, (series != series.str.strip_chars()).fill_null(False))
    if promise.to is None:
        return
    if promise.to not in tables:
        yield from _leads_nowhere(tables, name, column, promise.to)
        return
    key = tables.schema.tables[promise.to].key
    if key is None:
        yield Violation("TAEL-T20", "error", name, column, len(series), detail=promise.to)
        return
    if few := little_overlap(series, tables[promise.to][key]):
        yield Violation("TAEL-T23", "warning", name, column, few.missed, detail=few.text(promise.to))
    there = tables[promise.to][key].drop_nulls().unique().to_frame("key").with_columns(known=True)
    orphan = series.to_frame("key").join(there, on="key", how="left", maintain_order="left")["known"].is_null()
    severity: Severity = "error" if promise.required else "warning"
    yield from report("TAEL-T03", column, orphan & series.is_not_null(), promise.to, severity)


def _leads_nowhere(tables: Tables, name: str, column: str, to: str) -> Iterator[Violation]:
    """A ``to`` without a table is lawful, but not where another table's key is called like the column."""
    for other, schema in tables.schema.tables.items():
        if other != name and schema.key == column:
            yield Violation("TAEL-T22", "warning", name, column, tables[name].height, detail=f"{to}; {other}")
            return


def _number(column: str, series: pl.Series, promise: ColumnSchema, report: _Report) -> Iterator[Violation]:
    infinite = series.is_infinite().fill_null(False)
    yield from report("TAEL-T07", column, infinite)
    plain = series.is_not_null() & ~infinite
    if promise.special:
        plain &= ~series.is_in(list(promise.special)).fill_null(False)
    outside = pl.repeat(False, len(series), eager=True)
    if promise.min is not None:
        outside |= (series < promise.min).fill_null(False)
    if promise.max is not None:
        outside |= (series > promise.max).fill_null(False)
    bounds = (
        f"{'' if promise.min is None else f'{promise.min:g}'} .. {'' if promise.max is None else f'{promise.max:g}'}"
    )
    yield from report("TAEL-T05", column, outside & plain, bounds.strip())
    for code in suspicious_codes(series.filter(plain & ~outside)):
        yield from report("TAEL-T14", column, (series == code).fill_null(False), f"{code:g}")


def suspicious_codes(values: pl.Series) -> list[float]:
    """Values that look like codes rather than numbers: -9 where all else is not negative, 9999 far above all else.

    Parameters
    ----------
    values : Series of Float64
        Without missing values.

    Examples
    --------
    >>> suspicious_codes(pl.Series([1.0, 5.0, -9.0, -9.0])), suspicious_codes(pl.Series([-3.0, -9.0, 5.0]))
    ([-9.0], [])
    """
    found: list[float] = []
    negative = values.filter(values < 0).unique().sort()
    if (
        0 < len(negative) <= 4
        and len(negative) < values.n_unique()
        and bool(negative.is_in(list(map(float, _CODES))).all())
    ):
        found.extend(negative.to_list())
    high = values.max()
    if isinstance(high, float) and high in _TOPS and (values == high).sum() > 1:
        rest = values.filter(values != high)
        if len(rest) and high > 9 * abs(rest.max()):  # type: ignore[arg-type,operator]
            found.append(high)
    return found


def _category(column: str, series: pl.Series, promise: ColumnSchema, report: _Report) -> Iterator[Violation]:
    if promise.values is not None:
        outside = series.is_not_null() & ~series.is_in(list(promise.values)).fill_null(False)
        yield from report("TAEL-T06", column, outside)
    distinct = series.drop_nulls().unique(maintain_order=True)
    if len(distinct) > 10_000:
        return
    same = distinct.str.strip_chars().str.to_lowercase()
    twins = distinct.filter(same.is_duplicated())
    if len(twins):
        first = series.is_first_distinct() & series.is_in(twins.to_list()).fill_null(False)
        yield from report("TAEL-T15", column, first)


def _time(column: str, series: pl.Series, promise: ColumnSchema, report: _Report) -> Iterator[Violation]:
    yield from report("TAEL-T10", column, ((series < _PAST) | (series >= _FUTURE)).fill_null(False))


def _nothing(column: str, series: pl.Series, promise: ColumnSchema, report: _Report) -> Iterator[Violation]:
    yield from ()


_VALUES = {
    Type.NUMBER: _number,
    Type.CATEGORY: _category,
    Type.TIME: _time,
    Type.FLAG: _nothing,
    Type.TEXT: _nothing,
}
