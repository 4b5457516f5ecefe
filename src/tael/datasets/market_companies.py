"""The companies behind the simulated stocks: quarters, announcements, warnings, delistings, dividends.

All of it is drawn before the prices are, from what companies do and not from how their shares move. What follows from
an announcement (a risk warning, a delisting) takes effect after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.datasets.market_calendar import Days, Flags, Floats, Ints, at_hour, bar_that_knows, quarter_ends
from tael.datasets.market_stocks import Stocks

Small = NDArray[np.float32]

# Days after the end of a quarter by which it must be announced (first, second, third, fourth quarter).
_DEADLINE = np.array([30, 62, 31, 120])
_SHORTEST = np.array([12, 20, 12, 25])
_QUARTERS_BEFORE = 3 * 4
_DELISTING_BARS = 30
"""Bars between the announcement of a third yearly loss and the last day of trading."""


@dataclass(frozen=True)
class Companies:
    """Quarterly books, shape (Q, N), and what follows from them.

    Attributes
    ----------
    ends : datetime64[D] array, shape (Q,)
        Ends of the quarters, which begin three years before the simulated period.
    announced : datetime64[us] array, shape (Q, N)
        After the close of a day, within the exchange's deadline; two weeks before the listing what was before it.
    income, revenue, equity, assets : float64 arrays, shape (Q, N)
        CNY, of the quarter or at its end, for the shares of the first bar.
    consensus : float64 array, shape (Q, N)
        Net income that analysts expected before the announcement.
    surprise : float64 array, shape (Q, N)
        Income less consensus in units of its usual spread.
    warned : bool array, shape (T, N)
        Under risk warning (ST) that day.
    last : int64 array, shape (N,)
        Row of the last bar (T where the stock is still listed).
    dividend : float32 array, shape (T, N)
        Cash paid as a share of the price, on ex-dates; else 0.
    bonus : float32 array, shape (T, N)
        New shares for each share held, on ex-dates; else 0.
    """

    ends: Days
    announced: Days
    income: Floats
    revenue: Floats
    equity: Floats
    assets: Floats
    consensus: Floats
    surprise: Floats
    warned: Flags
    last: Ints
    dividend: Small
    bonus: Small


def make_companies(rng: np.random.Generator, stocks: Stocks, days: Days) -> Companies:
    """Draw the companies' quarters and what follows from them.

    Parameters
    ----------
    rng : numpy.random.Generator
    stocks : Stocks
    days : datetime64[D] array, shape (T,)

    Returns
    -------
    Companies
    """
    n, first_year = len(stocks), int(str(days[0])[:4]) - _QUARTERS_BEFORE // 4
    ends = quarter_ends(first_year, days[-1].item())
    shape = (len(ends), n)
    usual = rng.normal(0.020, 0.0135, n)
    spread = 0.006 * np.exp(rng.normal(0, 0.3, n))
    innovation = rng.standard_normal(shape)
    gap, profit, expected = np.zeros(n), np.empty(shape), np.empty(shape)
    for q in range(shape[0]):
        expected[q] = usual + 0.6 * gap
        profit[q] = expected[q] + spread * innovation[q]
        gap = profit[q] - usual
    # Equity at the first bar is book x market value; earlier and later quarters follow from what was earned and kept.
    kept = np.where(profit > 0, 0.7, 1.0) * profit
    growth = np.cumprod(1 + np.clip(kept, -0.3, 0.3), axis=0)
    anchor = max(int(np.searchsorted(ends, days[0])) - 1, 0)
    equity = stocks.book * stocks.price * stocks.shares * growth / growth[anchor]
    before = equity / growth * np.vstack([np.ones(n), growth[:-1]])
    margin = np.clip(np.exp(rng.normal(np.log(0.09), 0.5, n)), 0.02, 0.6)
    sales = np.maximum(np.abs(usual), 0.01) / margin * np.exp(rng.normal(0, 0.05, shape))
    quarter = np.arange(shape[0]) % 4
    latest, soonest = _DEADLINE[quarter][:, None], _SHORTEST[quarter][:, None]
    # Bad news comes late.
    lateness = np.clip(rng.beta(3, 2, shape) - 0.08 * innovation, 0, 1)
    delay = np.floor(soonest + (latest - soonest) * lateness).astype(np.int64)
    evening = 17 + 5 * rng.random(shape)
    announced = at_hour(ends[:, None] + delay.astype("timedelta64[D]"), evening)
    # What was before the listing is told by the prospectus.
    announced = np.maximum(announced, at_hour(stocks.listed - np.timedelta64(14, "D"), 18))
    warned, last = _fates(profit, ends, announced, stocks, days)
    dividend, bonus = _payouts(rng, profit, ends, stocks, days)
    return Companies(
        ends=ends,
        announced=announced,
        income=profit * before,
        revenue=sales * before,
        equity=equity,
        assets=equity * np.exp(rng.normal(np.log(2.0), 0.35, n)),
        consensus=expected * before,
        surprise=innovation,
        warned=warned,
        last=last,
        dividend=dividend,
        bonus=bonus,
    )


def _fates(profit: Floats, ends: Days, announced: Days, stocks: Stocks, days: Days) -> tuple[Flags, Ints]:
    """Warn after two losing years in a row, delist after a third, free again after a year with a profit."""
    n, t = len(stocks), len(days)
    warned, last = np.zeros((t, n), dtype=bool), np.full(n, t)
    losses, under = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool)
    for q in range(3, len(ends), 4):
        lost = profit[q - 3 : q + 1].sum(axis=0) < 0
        # A company that is not listed yet would not have been let in with losses.
        losses = np.where(lost & (stocks.listed < announced[q]), losses + 1, 0)
        row = bar_that_knows(days, announced[q])
        now = losses >= 2
        for i in np.flatnonzero(now != under):
            warned[row[i] :, i] = now[i]
        for i in np.flatnonzero((losses >= 3) & (row > 0) & (last == t)):
            last[i] = min(row[i] + _DELISTING_BARS, t)
        under = now
    return warned, last


def _payouts(rng: np.random.Generator, profit: Floats, ends: Days, stocks: Stocks, days: Days) -> tuple[Small, Small]:
    """Pay dividends of profitable years between May and July; now and then with new shares."""
    n, t = len(stocks), len(days)
    dividend, bonus = np.zeros((t, n), dtype=np.float32), np.zeros((t, n), dtype=np.float32)
    for q in range(3, len(ends), 4):
        earned = profit[q - 3 : q + 1].sum(axis=0)
        row = np.searchsorted(days, ends[q] + rng.integers(135, 210, n).astype("timedelta64[D]"))
        cash = np.clip(0.15 * np.maximum(earned, 0) * stocks.book * rng.random(n) * 2, 0, 0.08)
        shares = rng.choice([0, 0, 0, 0, 0, 0, 0, 0, 0.2, 0.3, 0.4, 1.0], n)
        pays = (earned > 0) & (row < t) & (row > stocks.first) & (rng.random(n) < 0.8)
        dividend[row[pays], np.flatnonzero(pays)] = cash[pays]
        bonus[row[pays], np.flatnonzero(pays)] = shares[pays]
    return dividend, bonus
