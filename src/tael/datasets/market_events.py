"""What analysts and visitors say and do about the simulated companies: drawn before the prices are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.market_calendar import Days, Floats, Ints, at_hour, bar_that_knows
from tael.datasets.market_companies import Companies
from tael.datasets.market_stocks import Stocks

RATINGS = ("sell", "reduce", "hold", "accumulate", "buy")
ACTIONS = ("downgrade", "maintain", "upgrade", "initiate")
BROKERS = tuple(f"模拟证券{number:02d}" for number in range(1, 25))


@dataclass(frozen=True)
class Reports:
    """Analysts' reports in the order of their publication, arrays of shape (R,).

    Attributes
    ----------
    stock : int64 array
    published : datetime64[us] array
    broker, rating, before, action : int64 arrays
        Codes into `BROKERS`, `RATINGS` (``before`` is -1 on the first report) and `ACTIONS`.
    estimate_change : float64 array
        Change of the estimated yearly earnings, as a share of the estimate before; NaN on the first report.
    """

    stock: Ints
    published: Days
    broker: Ints
    rating: Ints
    before: Ints
    action: Ints
    estimate_change: Floats


def make_reports(rng: np.random.Generator, stocks: Stocks, companies: Companies, days: Days) -> Reports:
    """Draw the analysts' reports: more on large companies, one rating at a time for each broker and stock.

    Parameters
    ----------
    rng : numpy.random.Generator
    stocks, companies
    days : datetime64[D] array, shape (T,)

    Returns
    -------
    Reports
    """
    cap = stocks.price * stocks.shares
    coverage = np.clip(0.05 * (cap / np.median(cap)) ** 0.3, 0.01, 0.2)
    bars = np.minimum(companies.last, len(days)) - stocks.first
    count = rng.poisson(coverage * np.maximum(bars, 0))
    stock = np.repeat(np.arange(len(stocks)), count)
    row = stocks.first[stock] + np.floor(rng.random(len(stock)) * bars[stock]).astype(np.int64)
    published = at_hour(days[row], 7 + 14 * rng.random(len(stock)))
    followers = np.clip(np.round(coverage * 60), 2, len(BROKERS)).astype(np.int64)
    broker = (np.floor(rng.random(len(stock)) * followers[stock]).astype(np.int64) + stock) % len(BROKERS)
    rating, before = _ratings(rng, stock, broker, published)
    action = np.where(before < 0, 3, 1 + np.sign(rating - before))
    change = 0.03 * (rating - before) + 0.06 * rng.standard_normal(len(stock))
    order = np.lexsort((stock, published))
    return Reports(
        stock=stock[order],
        published=published[order],
        broker=broker[order],
        rating=rating[order],
        before=before[order],
        action=action[order],
        estimate_change=np.where(before < 0, np.nan, change)[order],
    )


def _ratings(rng: np.random.Generator, stock: Ints, broker: Ints, published: Days) -> tuple[Ints, Ints]:
    """Walk each broker's rating of each stock: it stays in half of the reports, else moves a step."""
    order = np.lexsort((published, broker, stock))
    step = rng.choice([-1, 0, 1], len(stock), p=[0.22, 0.5, 0.28])
    start = rng.integers(1, 5, len(stock))
    rating, before = np.empty(len(stock), dtype=np.int64), np.full(len(stock), -1)
    now, previous = 0, (-1, -1)
    for i in order.tolist():
        here = (int(stock[i]), int(broker[i]))
        if here == previous:
            before[i] = now
            now = min(max(now + int(step[i]), 0), len(RATINGS) - 1)
        else:
            now = int(start[i])
        rating[i], previous = now, here
    return rating, before


def running_totals(reports: Reports, companies: Companies, days: Days) -> dict[str, Floats]:
    """Add up, at each bar, what was published before its close.

    Parameters
    ----------
    reports : Reports
    companies : Companies
    days : datetime64[D] array, shape (T,)

    Returns
    -------
    dict of float64 arrays, shape (T, N)
        ``upgrades``: how many; ``surprises``: the sum of the standardised earnings surprises. Both count from the
        beginning of the data (a surprise announced earlier counts too), so only differences in time mean something.
    """
    t, n = len(days), companies.income.shape[1]
    upgrades, surprises = np.zeros((t + 1, n)), np.zeros((t + 1, n))
    up = reports.action == 2
    np.add.at(upgrades, (bar_that_knows(days, reports.published[up]), reports.stock[up]), 1.0)
    stock = np.broadcast_to(np.arange(n), companies.announced.shape)
    np.add.at(surprises, (bar_that_knows(days, companies.announced), stock), companies.surprise)
    return {"upgrades": np.cumsum(upgrades[:-1], axis=0), "surprises": np.cumsum(surprises[:-1], axis=0)}
