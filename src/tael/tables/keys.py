"""Keys and the columns that point to them: integers if every frame holds integers, else text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from tael.errors import TablesError
from tael.tables.places import Place, examples
from tael.tables.schema import Schema

EXACT = 2**53


def key_groups(schema: Schema) -> list[set[tuple[str, str]]]:
    """The columns that name the same things, as (table, column): a key and all that points to it.

    A target may be a name without a table; the columns that point to it form a group all the same.

    >>> pointers = {"a_id": {"to": "a"}, "phone": {"to": "phones"}}
    >>> schema = Schema.from_dict({"a": {"key": "id"}, "b": {"columns": pointers}})
    >>> [sorted(group) for group in key_groups(schema)]
    [[('a', 'id'), ('b', 'a_id')], [('b', 'phone')]]
    """
    names: dict[tuple[str, str], set[str]] = {}
    for name, table in schema.tables.items():
        if table.key is not None:
            names.setdefault((name, table.key), set()).add(name)
        for column, promise in table.columns.items():
            if promise.to is not None:
                names.setdefault((name, column), set()).add(promise.to)
    groups: list[tuple[set[str], set[tuple[str, str]]]] = []
    for place, targets in names.items():
        joined, places = set(targets), {place}
        for group in [group for group in groups if group[0] & targets]:
            joined |= group[0]
            places |= group[1]
            groups.remove(group)
        groups.append((joined, places))
    return [places for _, places in groups]


def as_integer(series: pl.Series) -> pl.Series | None:
    """The keys as Int64, or None if they are not all whole numbers.

    >>> as_integer(pl.Series([1.0, None, float("nan")])).to_list()
    [1, None, None]
    >>> as_integer(pl.Series(["1"])) is None
    True
    """
    kind = series.dtype
    if kind == pl.Int64:
        return series
    if series.null_count() == len(series):
        return pl.Series(series.name, [None] * len(series), dtype=pl.Int64)
    if kind.is_integer():
        whole = series.cast(pl.Int64, strict=False)
        return whole if whole.null_count() == series.null_count() else None
    if kind.is_float():
        there = series.fill_nan(None)
        whole = there.cast(pl.Int64, strict=False)
        same = whole.null_count() == there.null_count() and (whole.cast(kind) == there).all()
        return whole if same else None
    if kind.is_decimal():
        whole = series.cast(pl.Int64, strict=False)
        return whole if whole.null_count() == series.null_count() and (whole.cast(kind) == series).all() else None
    return None


def as_text(series: pl.Series) -> pl.Series:
    """The keys as text: whole numbers without a point, empty text as missing.

    >>> as_text(pl.Series([1.0, 2.5, None])).to_list()
    ['1', '2.5', None]
    """
    kind = series.dtype
    if kind == pl.String:
        empty = series == ""
        return series.set(empty, None) if empty.any() else series
    if kind.is_float():
        there = series.fill_nan(None)
        whole = there.cast(pl.Int64, strict=False)
        text = pl.when(whole.cast(kind) == there).then(whole.cast(pl.String)).otherwise(there.cast(pl.String))
        return pl.select(text).to_series().rename(series.name)
    if kind.is_decimal():
        return series.cast(pl.String).str.replace(r"\.0*$", "")
    return series.cast(pl.String)


def normalised_keys(
    frames: Mapping[str, pl.DataFrame],
    groups: Iterable[set[tuple[str, str]]],
    places: Mapping[str, Place] | None = None,
) -> dict[tuple[str, str], pl.Series]:
    """Bring every key column of every group to one type.

    Raises
    ------
    TablesError
        A key of decimal numbers above 2**53, whose last digits are lost already.
    """
    done: dict[tuple[str, str], pl.Series] = {}
    for group in groups:
        columns = {place: frames[place[0]][place[1]] for place in sorted(group)}
        for place, series in columns.items():
            name, column = place
            _exact(series, replace((places or {}).get(name, Place(name)), column=column))
        whole = {place: as_integer(series) for place, series in columns.items()}
        # A column without values fits everything; text without values alone stays text.
        texts = all(series.null_count() == len(series) for series in columns.values()) and any(
            series.dtype == pl.String for series in columns.values()
        )
        if not texts and all(series is not None for series in whole.values()):
            done.update({place: series for place, series in whole.items() if series is not None})
        else:
            done.update({place: as_text(series) for place, series in columns.items()})
    return done


def _exact(series: pl.Series, place: Place) -> None:
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object):
        raise TablesError(
            "A key column holds something that names nothing.",
            expected="whole numbers or text",
            got=str(series.dtype),
            where=str(place),
            fix="Convert it to text before.",
        )
    if series.dtype.is_float():
        huge = (series.abs() > EXACT).fill_null(False) & series.is_not_nan().fill_null(False)
        if huge.any():
            raise TablesError(
                "A key came as decimal numbers too large to be exact; digits are lost and different keys may be one.",
                expected="text, or integers of 64 bits",
                got=examples(series, huge, place),
                where=str(place),
                fix='Read the column as text (pandas: dtype={"' + str(place.column) + '": "string"}).',
            )
