"""Bars within the day: from ticks, and from minutes with their nights; and days from minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.bars import Bars
from tael.markets.exchanges.calendars import trading_day
from tael.markets.exchanges.products import product_of
from tael.markets.reading.names import find_columns
from tael.markets.reading.pivot import needs, pivot, taken, times_of

WANTED = ("time", "entity", "open", "high", "low", "close", "volume", "amount", "open_interest")
NEEDED = ("time", "entity", "open", "high", "low", "close")


def bars_from_ticks(
    frame: Any,
    *,
    every: str = "1min",
    time: str = "time",
    entity: str = "code",
    price: str = "price",
    volume: str | None = "volume",
    amount: str | None = None,
) -> pl.DataFrame:
    """Gather ticks into bars, a long table: open, high, low, close, volume, amount and the number of ticks.

    A bar holds the ticks from its beginning up to but without its end, and bears its end's time: all of it was known by
    then. Times without a tick have no bar.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
        One row a tick; ticks of the same time in their order.
    every : str
        Length of a bar: "30s", "1min", "5min", "1h".
    time, entity, price : str
        Columns.
    volume, amount : str, optional
        Columns of the tick's own volume and turnover (not the day's running total).

    Returns
    -------
    polars.DataFrame
        Columns time, code, open, high, low, close, volume, amount, ticks.

    Raises
    ------
    MarketError

    Examples
    --------
    >>> from datetime import datetime
    >>> at = [datetime(2021, 1, 4, 9, 30), datetime(2021, 1, 4, 9, 30, 59), datetime(2021, 1, 4, 9, 31)]
    >>> ticks = pl.DataFrame({"time": at, "code": "IF2101", "price": [5230.0, 5232.0, 5231.0], "volume": [1, 2, 3]})
    >>> found = bars_from_ticks(ticks)
    >>> found["time"].dt.strftime("%H:%M").to_list(), found["close"].to_list(), found["volume"].to_list()
    (['09:31', '09:32'], [5232.0, 5231.0], [3.0, 3.0])
    """
    table = taken(frame, "ticks")
    needs(table, [time, entity, price, *(name for name in (volume, amount) if name)])
    span = every.removesuffix("in") if every.endswith("min") else every
    ticks = table.select(
        times_of(table[time]).alias("time"),
        pl.col(entity).cast(pl.String).alias("code"),
        pl.col(price).cast(pl.Float64).alias("price"),
        (pl.col(volume).cast(pl.Float64) if volume else pl.lit(None, dtype=pl.Float64)).alias("volume"),
        (pl.col(amount).cast(pl.Float64) if amount else pl.lit(None, dtype=pl.Float64)).alias("amount"),
    ).sort("code", "time", maintain_order=True)
    falling = ticks.filter(pl.col("volume") < 0)
    if len(falling):
        raise MarketError(
            "A tick has a volume below zero.",
            got=f"{falling['volume'][0]} of {falling['code'][0]} at {falling['time'][0]}",
            fix="Pass each tick's own volume: the differences of the day's running total.",
        )
    try:
        grouped = ticks.group_by_dynamic("time", every=span, closed="left", label="right", group_by="code")
        found = grouped.agg(
            open=pl.col("price").first(),
            high=pl.col("price").max(),
            low=pl.col("price").min(),
            close=pl.col("price").last(),
            volume=pl.col("volume").sum() if volume else pl.lit(None, dtype=pl.Float64),
            amount=pl.col("amount").sum() if amount else pl.lit(None, dtype=pl.Float64),
            ticks=pl.len(),
        )
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise MarketError("No such length of a bar.", expected='such as "30s", "5min"', got=repr(every)) from error
    return found.select("time", "code", "open", "high", "low", "close", "volume", "amount", "ticks").sort(
        "time", "code"
    )


def minute_bars(
    frame: Any, *, columns: Mapping[str, str] | None = None, days: Any = None, futures: bool = True
) -> tuple[Bars, NDArray[np.datetime64]]:
    """Read bars within the day, and tell the trading day of each time: a night belongs to the next trading day.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
        One row for each entity and time.
    columns : mapping of str to str, optional
        Which column stands for time, entity, open, high, low, close, volume, amount, open_interest.
    days : array of datetime64[D], optional
        Trading days; by default the calendar "XSHG".
    futures : bool
        Entities are products or contracts of China's futures: their nights are checked, multipliers filled in.

    Returns
    -------
    bars : Bars
    day : ndarray of datetime64[D], shape (T,)
        Trading day of each row. It never falls.

    Raises
    ------
    MarketError
    """
    table = taken(frame, "bars")
    found = find_columns(table, WANTED, columns, NEEDED)
    wide = pivot(table, time=found["time"], entity=found["entity"])
    grids: dict[str, Any] = {name: wide.floats(found[name]) for name in WANTED[2:] if name in found}
    extra = {"open_interest": grids.pop("open_interest")} if "open_interest" in grids else {}
    day = trading_day(wide.times, None, days)
    given: dict[str, Any] = {}
    if futures:
        products = [product_of(name) for name in wide.entities]
        hour = (wide.times - wide.times.astype("datetime64[D]")).astype("timedelta64[h]").astype(np.int64)
        night = (hour >= 18) | (hour < 4)
        for n, product in enumerate(products):
            odd = night & np.isfinite(grids["close"][:, n])
            if not product.night and odd.any():
                raise MarketError(
                    f"{wide.entities[n]!r} has no night session.",
                    got=str(wide.times[odd][0]).replace("T", " ")[:19],
                    fix="Check the clock of the data.",
                )
        given = {
            "product": np.array([product.code for product in products]),
            "multiplier": np.array([product.multiplier for product in products]),
            "tick": np.array([product.tick for product in products]),
        }
    return Bars(wide.times, wide.entities, **grids, **given, fields=extra), day


def daily_from_minutes(bars: Bars, day: NDArray[np.datetime64]) -> Bars:
    """Gather bars within the day into days, nights with the day that they belong to.

    Parameters
    ----------
    bars : Bars
    day : ndarray of datetime64[D], shape (T,)
        Trading day of each row, as `minute_bars` tells it.

    Returns
    -------
    Bars
        At the last time of each trading day.
    """
    starts = np.flatnonzero(np.concatenate([[True], day[1:] != day[:-1]]))
    stops = np.concatenate([starts[1:], [len(day)]])
    shape = (len(starts), bars.shape[1])
    grids: dict[str, Any] = {
        name: np.full(shape, np.nan) for name in ("open", "high", "low", "close", "volume", "amount")
    }
    for i, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        close = bars.close[start:stop]
        there = np.isfinite(close)
        some = there.any(axis=0)
        first, last = np.argmax(there, axis=0), len(close) - 1 - np.argmax(there[::-1], axis=0)
        at = np.arange(shape[1])
        grids["open"][i] = np.where(some, bars.open[start:stop][first, at], np.nan)
        grids["close"][i] = np.where(some, close[last, at], np.nan)
        grids["high"][i] = np.where(some, np.fmax.reduce(bars.high[start:stop], axis=0), np.nan)
        grids["low"][i] = np.where(some, np.fmin.reduce(bars.low[start:stop], axis=0), np.nan)
        for name in ("volume", "amount"):
            part = getattr(bars, name)[start:stop]
            grids[name][i] = np.where(np.isfinite(part).any(axis=0), np.nansum(part, axis=0), np.nan)
    return Bars(
        bars.times[stops - 1],
        bars.entities,
        **grids,
        product=bars.product,
        multiplier=bars.multiplier,
        tick=bars.tick,
        notes=bars.notes,
    )
