"""Order books as vendors tell them, brought to one long table of snapshots: LOBSTER, A-share level 2, futures ticks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tael.errors import MarketError
from tael.markets.reading.pivot import needs, taken

LOBSTER_UNIT = 10_000
"""LOBSTER writes prices in ten thousandths of a dollar."""
_NOBODY = 9_999_999_999
"""LOBSTER's price of a level at which nobody waits (negative on the side of the bids)."""
_KINDS = ("submission", "cancellation", "deletion", "execution", "hidden execution", "cross", "halt")


def book_columns(levels: int) -> list[str]:
    """The names of a book's columns, best level first.

    >>> book_columns(1)
    ['bid_price1', 'bid_volume1', 'ask_price1', 'ask_volume1']
    """
    return [
        f"{name}{k}" for k in range(1, levels + 1) for name in ("bid_price", "bid_volume", "ask_price", "ask_volume")
    ]


def lobster(messages: str | Path, book: str | Path, day: str, code: str, levels: int = 10) -> pl.DataFrame:
    """Read the two files of LOBSTER: the events, and the book after each of them.

    Parameters
    ----------
    messages, book : path
        ``..._message_10.csv`` and ``..._orderbook_10.csv``: no header, row k of one belongs to row k of the other.
    day : str
        ``YYYY-MM-DD``; the files tell seconds after midnight, local time.
    code : str
    levels : int
        How many the book has.

    Returns
    -------
    polars.DataFrame
        A row an event: ``code``, ``time``, the book's columns (prices in dollars, shares), ``last`` (price of the
        last execution), ``volume`` (shares executed so far, hidden ones too), ``kind`` and ``side`` (1: the order is
        a buy). An execution of a sell order was bought, and the other way round.

    Raises
    ------
    MarketError
        If the files do not belong together, or are no LOBSTER files.

    References
    ----------
    Huang and Polak (2011), "LOBSTER: limit order book reconstruction system".
    """
    try:
        told = pl.read_csv(messages, has_header=False)
        rows = pl.read_csv(book, has_header=False)
    except pl.exceptions.PolarsError as error:
        raise MarketError("A file cannot be read as CSV.", got=str(error).splitlines()[0], where=str(book)) from None
    if told.width < 6 or rows.width != 4 * levels or len(told) != len(rows):
        raise MarketError(
            "These are not the two files of one LOBSTER day.",
            expected=f"six columns of messages, {4 * levels} of the book, as many rows",
            got=f"{told.shape} and {rows.shape} (rows, columns)",
            where=f"{messages}, {book}",
            fix="Pass the message file first, and as many levels as the book has.",
        )
    time, kind, size, price, side = (told.to_series(k).to_numpy() for k in (0, 1, 3, 4, 5))
    if not (np.isin(kind, np.arange(1, 8)).all() and np.isin(side, (-1, 1)).all() and (np.diff(time) >= 0).all()):
        raise MarketError(
            "The messages are not LOBSTER's.",
            expected="seconds that do not fall, kinds 1 to 7, sides -1 and 1",
            got=f"kinds {np.unique(kind)[:8].tolist()}, sides {np.unique(side)[:4].tolist()}",
            where=str(messages),
        )
    columns: dict[str, Any] = {"code": pl.repeat(code, len(time), eager=True)}
    columns["time"] = np.datetime64(day, "us") + np.rint(time * 1e6).astype("timedelta64[us]")
    for k in range(levels):
        for place, name in enumerate(("ask_price", "ask_volume", "bid_price", "bid_volume")):
            columns[f"{name}{k + 1}"] = rows.to_series(4 * k + place).cast(pl.Float64).to_numpy()
        for of in ("ask", "bid"):
            nobody = np.abs(columns[f"{of}_price{k + 1}"]) == _NOBODY
            columns[f"{of}_price{k + 1}"] = np.where(nobody, np.nan, columns[f"{of}_price{k + 1}"] / LOBSTER_UNIT)
            columns[f"{of}_volume{k + 1}"] = np.where(nobody, np.nan, columns[f"{of}_volume{k + 1}"])
    dealt = np.isin(kind, (4, 5))
    columns["last"] = pl.Series(np.where(dealt, price / LOBSTER_UNIT, np.nan)).fill_nan(None).forward_fill()
    columns["volume"] = np.cumsum(np.where(dealt, size, 0)).astype(np.float64)
    columns["kind"] = [_KINDS[one - 1] for one in kind.tolist()]
    columns["side"] = side
    return pl.DataFrame(columns).select("code", "time", *book_columns(levels), "last", "volume", "kind", "side")


HOURS = (("09:30:00", "11:30:00"), ("13:00:00", "14:57:00"))
"""Continuous trading in Shanghai and Shenzhen."""


def level2_snapshots(
    frame: Any, day: str, levels: int = 10, *, hours: tuple[tuple[str, str], ...] = HOURS
) -> pl.DataFrame:
    """Bring snapshots of Shanghai's or Shenzhen's level 2 (``BidPrice1``, ``UpdateTime``, ...) to one table.

    Shanghai calls the running volume ``TradVolume``, Shenzhen ``Volume``. In auctions the book is empty (null, or 0):
    missing. After the close, and at noon in Shanghai, it is still shown though nobody can deal: outside `hours`, and
    outside continuous trading by ``InstruStatus`` or ``TradingPhaseCode``, the book is missing too.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
        One day, one or more securities.
    day : str
        ``YYYY-MM-DD``; ``UpdateTime`` tells the time of the day.
    levels : int
    hours : tuple of (str, str)
        Continuous trading, times of the day.

    Returns
    -------
    polars.DataFrame
        Columns ``code``, ``time``, the book's, ``last``, ``volume`` and ``amount`` (running totals).

    Raises
    ------
    MarketError
    """
    table = taken(frame, "snapshots")
    total = "TradVolume" if "TradVolume" in table.columns else "Volume"
    vendor = {f"{side}_{what}{k}": f"{side.title()}{what.title()}{k}" for k in range(1, levels + 1)
              for side in ("bid", "ask") for what in ("price", "volume")}  # fmt: skip
    needs(table, ["UpdateTime", "SecurityID", "LastPrice", total, "Turnover", *vendor.values()])
    time = (pl.lit(f"{day} ") + pl.col("UpdateTime")).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False)
    floats = {name: pl.col(column).cast(pl.Float64) for name, column in vendor.items()}
    made = table.select(
        pl.col("SecurityID").cast(pl.String).str.zfill(6).alias("code"),
        time.dt.cast_time_unit("us").alias("time"),
        *(floats[name].alias(name) for name in book_columns(levels)),
        pl.when(pl.col("LastPrice") > 0).then("LastPrice").cast(pl.Float64).alias("last"),
        pl.col(total).cast(pl.Float64).alias("volume"),
        pl.col("Turnover").cast(pl.Float64).alias("amount"),
    )
    if made["time"].null_count():
        raise MarketError(
            "A time of the day cannot be read.",
            expected="such as 09:30:03.000, and a day as YYYY-MM-DD",
            got=f"{table['UpdateTime'].to_list()[made['time'].is_null().arg_max() or 0]!r} on {day!r}",
            where="UpdateTime",
        )
    return _levels_there(made, levels, _continuous(table, hours))


def _continuous(table: pl.DataFrame, hours: tuple[tuple[str, str], ...]) -> pl.Series:
    """Whether orders are dealt as they come: within the hours, in Shanghai's phase TRADE, Shenzhen's T."""
    clock = table["UpdateTime"].str.slice(0, 12)
    dealt = pl.Series([False] * len(table))
    for begin, end in hours:
        dealt |= (clock >= f"{begin}.000") & (clock <= f"{end}.000")
    if "InstruStatus" in table.columns:
        dealt &= table["InstruStatus"].str.strip_chars() == "TRADE"
    if "TradingPhaseCode" in table.columns:
        dealt &= table["TradingPhaseCode"].str.starts_with("T")
    return dealt


def futures_ticks(frame: Any) -> pl.DataFrame:
    """Bring half-second ticks of a futures contract (``action_date``, ``action_time``, ``bid_price0``) to one table.

    Times are the exchange's own: HHMMSSmmm of the calendar day (not of the trading day, to which a night belongs).

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame

    Returns
    -------
    polars.DataFrame
        Columns ``code``, ``time``, the best level, ``last``, ``volume``, ``amount`` (running totals) and
        ``open_interest``.

    Raises
    ------
    MarketError
    """
    table = taken(frame, "ticks")
    sides = [f"{side}_{what}0" for side in ("bid", "ask") for what in ("price", "qty")]
    needs(
        table,
        ["code", "price", "total_volume", "total_turnover", "open_interest", "action_date", "action_time", *sides],
    )
    clock = pl.col("action_time").cast(pl.Int64)
    seconds = clock // 10_000_000 * 3600 + clock // 100_000 % 100 * 60 + clock // 1000 % 100
    day = pl.col("action_date").cast(pl.String).str.to_date("%Y%m%d", strict=False).cast(pl.Datetime("us"))
    made = table.select(
        pl.col("code").cast(pl.String),
        (day + pl.duration(milliseconds=seconds * 1000 + clock % 1000)).cast(pl.Datetime("us")).alias("time"),
        *(pl.col(f"{side}_{was}0").cast(pl.Float64).alias(f"{side}_{what}1")
          for side in ("bid", "ask") for what, was in (("price", "price"), ("volume", "qty"))),
        pl.when(pl.col("price") > 0).then("price").cast(pl.Float64).alias("last"),
        pl.col("total_volume").cast(pl.Float64).alias("volume"),
        pl.col("total_turnover").cast(pl.Float64).alias("amount"),
        pl.col("open_interest").cast(pl.Float64),
    )  # fmt: skip
    if made["time"].null_count():
        raise MarketError(
            "A day cannot be read.", expected="YYYYMMDD", got=str(table["action_date"][0]), where="action_date"
        )
    return _levels_there(made, 1)


def _levels_there(made: pl.DataFrame, levels: int, trading: pl.Series | None = None) -> pl.DataFrame:
    """A level without a price or without volume is missing whole; all are where nobody trades."""
    sides = [(f"{side}_price{k}", f"{side}_volume{k}") for k in range(1, levels + 1) for side in ("bid", "ask")]
    there = {price: (pl.col(price) > 0) & (pl.col(volume) > 0) for price, volume in sides}
    if trading is not None:
        there = {price: both & pl.lit(trading) for price, both in there.items()}
    return made.with_columns(
        pl.when(there[price]).then(pl.col(name)).alias(name) for price, volume in sides for name in (price, volume)
    )
