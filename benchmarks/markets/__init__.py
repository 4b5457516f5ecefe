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


CASES = {case.name: case for case in (Case("ashare_daily", _ashare),)}
