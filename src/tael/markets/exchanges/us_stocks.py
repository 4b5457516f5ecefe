"""Stocks in the United States: no daily price limits, single shares, the SEC's fee on sells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tael.markets.bars import Bars
from tael.markets.exchanges.rules import Exchange, Fees, by_date

SECTION_31 = (
    ("2005-01-01", 22.4),
    ("2014-03-18", 22.1),
    ("2015-02-14", 18.4),
    ("2016-02-16", 21.8),
    ("2017-07-04", 23.1),
    ("2018-05-22", 13.0),
    ("2019-04-16", 20.7),
    ("2020-02-18", 22.1),
    ("2021-02-25", 5.1),
    ("2022-05-14", 22.9),
    ("2023-02-27", 8.0),
    ("2024-05-22", 27.8),
    ("2025-05-14", 0.0),
    ("2026-04-04", 20.6),
)
"""USD for a million of sales. The years before 2014 are told as one cautious rate: it was between 12.7 and 22.4."""


def dress(bars: Bars) -> Bars:
    """Fill in lots of one share, ticks of a cent, and no limits.

    The bands of Limit Up-Limit Down move within the day and halt trading for minutes: daily bars cannot tell them.

    >>> price = np.ones((1, 1))
    >>> dress(Bars(np.array(["2024-01-02"], dtype="M8[D]"), ("AAPL",), price, price, price, price)).tick
    array([0.01])
    """
    n = bars.shape[1]
    return replace(
        bars,
        board=np.full(n, "us"),
        lot=np.ones(n, dtype=np.int64),
        min_lot=np.ones(n, dtype=np.int64),
        tick=np.full(n, 0.01),
        limit_up=np.full(bars.shape, np.inf),
        limit_down=np.zeros(bars.shape),
    )


def fees(days: Any) -> Fees:
    """Section 31's fee on sells on each day; no commission.

    Source: the SEC's fee rate advisories (Section 31 of the Securities Exchange Act of 1934).

    >>> fees(["2025-01-02", "2025-06-02"]).stamp_sell
    array([2.78e-05, 0.00e+00])
    """
    sell = by_date(days, SECTION_31, "Section 31 fees") / 1e6
    return Fees(np.zeros(len(sell)), sell, np.zeros(len(sell)), commission=0.0, minimum=0.0)


EXCHANGE = Exchange(
    name="us_stocks",
    title="US stocks",
    title_zh="美股",
    currency="USD",
    calendar="XNYS",
    sellable_after=0,
    short_selling=False,
    dress=dress,
    fees=fees,
    sources=("Securities Exchange Act of 1934, Section 31; SEC fee rate advisories",),
)
