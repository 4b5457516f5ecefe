"""The market scenarios on real data: a page each beside this module, and how its tables are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tael.runs.markets.plan import MarketPlan
from tael.tables.frames import Tables

HERE = Path(__file__).resolve().parent


def _ashare(data: Path) -> Tables:
    frame = pl.read_parquet(data / "market" / "ashare_daily" / "csi800_2016_2021.parquet")
    return Tables({"bars": frame}, {"bars": {"time": "date", "title": {"en": "daily bars", "zh": "日线行情"}}})


def _contracts(data: Path) -> Tables:
    frame = pl.read_parquet(data / "market" / "futures" / "contracts_daily.parquet")
    frame = frame.filter(pl.col("交易所") == "DCE")
    told = {"time": "日期", "title": {"en": "dated contracts, daily", "zh": "分合约日线行情"}}
    return Tables({"bars": frame}, {"bars": told})


def _level2(data: Path) -> Tables:
    from tael.markets.intraday import level2_snapshots

    folder, days = data / "market" / "ashare_level2", ("2023-02-01", "2023-02-02")
    frames = []
    for day in days:
        for stem in ("600519_{}_MarketData", "000333_{}_snapshot"):
            frame = pl.read_parquet(folder / f"{stem.format(day.replace('-', ''))}.parquet")
            frames.append(level2_snapshots(frame, day))
    return _books(pl.concat(frames))


def _lobster(data: Path) -> Tables:
    from tael.markets.intraday import lobster

    stem = data / "market" / "lobster" / "AAPL_2012-06-21_{}_10_first_rows.csv"
    made = lobster(str(stem).format("message"), str(stem).format("orderbook"), "2012-06-21", "AAPL")
    return _books(made)


def _minutes(data: Path) -> Tables:
    frame = pl.read_parquet(data / "market" / "futures" / "minute_37_commodities.parquet")
    frame = frame.with_columns(pl.col("time").str.to_datetime())
    told = {"time": "time", "title": {"en": "minute bars, stamped with the end of the minute", "zh": "分钟行情"}}
    return Tables({"bars": frame}, {"bars": told})


def _ticks(data: Path) -> Tables:
    from tael.markets.intraday import futures_ticks

    return _books(futures_ticks(pl.read_parquet(data / "market" / "futures" / "IF2101_ticks_2021-01-04_05.parquet")))


def _books(frame: pl.DataFrame) -> Tables:
    told = {"time": "time", "title": {"en": "snapshots of the order book", "zh": "订单簿快照"}}
    return Tables({"snapshots": frame}, {"snapshots": told})


@dataclass(frozen=True)
class Case:
    """One real market.

    Parameters
    ----------
    name : str
        Of the page.
    read : callable
        From the folder of real data to tables.
    """

    name: str
    read: Callable[[Path], Tables]

    @property
    def plan(self) -> MarketPlan:
        """The page."""
        return MarketPlan.from_toml(HERE / f"{self.name}.toml")

    @property
    def text(self) -> str:
        """The page as written."""
        return (HERE / f"{self.name}.toml").read_text(encoding="utf-8")


CASES = {
    case.name: case
    for case in (
        Case("ashare_daily", _ashare),
        Case("futures_daily", _contracts),
        Case("level2", _level2),
        Case("lobster", _lobster),
        Case("minutes", _minutes),
        Case("if_ticks", _ticks),
    )
}
