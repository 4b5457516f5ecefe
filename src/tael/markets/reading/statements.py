"""Statements laid out in time: at each bar what was known of the last period, never its end date alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.reading.pivot import needs, taken, times_of

Floats = NDArray[np.float64]


def statement_fields(
    frame: Any,
    times: Any,
    entities: Iterable[str],
    *,
    entity: str,
    period_end: str,
    fields: Iterable[str],
    known_at: str | None = None,
    lag_days: int = 90,
    upper: bool = False,
) -> Mapping[str, Floats]:
    """Lay statements out as arrays of time by entity.

    A row is known from `known_at` on (its announcement). Where the table has none, from `lag_days` after the end of its
    period: most statements are out by then, their end date itself is far ahead of the news. A value is used strictly
    after it was known. Of what is known the latest period counts, and of that the latest statement: a late correction
    of an older period does not bring that period back.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
        One row for each entity and period.
    times : array of datetime64, shape (T,)
        Of the bars; dates stand for midnight, so that what is announced on a day counts from the next.
    entities : iterable of str
        Of the bars.
    entity, period_end : str
        Columns.
    fields : iterable of str
        Columns of numbers.
    known_at : str, optional
        Column of announcements; a row without one is never known.
    lag_days : int
        Used without `known_at`.
    upper : bool
        Compare names in capitals.

    Returns
    -------
    dict of str to ndarray of shape (T, N)

    Raises
    ------
    MarketError

    Examples
    --------
    >>> table = pl.DataFrame({"t": ["A", "A"], "end": ["2014-12-31", "2015-12-31"], "sales": [1.0, 2.0]})
    >>> days = np.array(["2015-03-31", "2015-04-01", "2016-03-31"], dtype="M8[D]")
    >>> found = statement_fields(table, days, ["a"], entity="t", period_end="end", fields=["sales"], upper=True)
    >>> found["sales"].ravel()
    array([nan,  1.,  2.])
    """
    table = taken(frame, "statements")
    wanted = list(fields)
    needs(table, [entity, period_end, *wanted, *([known_at] if known_at else [])])
    if lag_days < 0:
        raise MarketError("A statement is not known before its period ends.", got=f"lag_days={lag_days}")
    clock = np.asarray(times).astype("datetime64[us]")
    place = {(name.upper() if upper else name): at for at, name in enumerate(entities)}
    names = table[entity].cast(pl.String)
    who = [place.get(name, -1) for name in (names.str.to_uppercase() if upper else names)]
    period = times_of(table[period_end])
    known = times_of(table[known_at]) if known_at else period.dt.offset_by(f"{lag_days}d")
    rows = (
        pl.DataFrame({"who": who, "period": period, "known": known, "row": np.arange(len(table))})
        .filter((pl.col("who") >= 0) & pl.col("known").is_not_null() & pl.col("period").is_not_null())
        .sort("who", "known", "period", maintain_order=True)
        .filter(pl.col("period") >= pl.col("period").cum_max().over("who"))
    )
    early = rows.filter(pl.col("known") < pl.col("period"))
    if len(early):
        raise MarketError(
            "A statement is known before its period ends.",
            got=f"{early['known'][0]} for {early['period'][0]}",
            where=f"row {early['row'][0]}",
            fix="Check which column is the announcement.",
        )
    values = {name: table[name].cast(pl.Float64).to_numpy() for name in wanted}
    out = {name: np.full((len(clock), len(place)), np.nan) for name in wanted}
    for (n,), part in rows.group_by("who", maintain_order=True):
        at = np.searchsorted(part["known"].to_numpy(), clock, side="left") - 1
        source = part["row"].to_numpy()[np.maximum(at, 0)]
        for name in wanted:
            out[name][:, int(str(n))] = np.where(at >= 0, values[name][source], np.nan)
    return out
