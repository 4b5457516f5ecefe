"""Bars of dated contracts: the curve's prices as far as ticks and the day's limits let them."""

from __future__ import annotations

import numpy as np

from tael.datasets.futures_products import Contracts, Products
from tael.datasets.market_calendar import Floats

YEAR = 243
"""Trading days in a year."""

SPEED = 1.5
"""How fast the convenience yield returns, a year."""

_AFTER_A_LOCK = 1.5
"""How much wider limits are on the day after a close at the limit."""


class Book:
    """Bars of all contracts, filled day by day; arrays of shape (T, N), NaN where a contract is not listed.

    Parameters
    ----------
    rng : numpy.random.Generator
    products, contracts
    n_days : int

    Attributes
    ----------
    open, high, low, close, settle : float64 arrays
    preclose, presettle : float64 arrays
        Close and settlement price of the day before; the price of reference on the first day.
    limit_up, limit_down : float64 arrays
        From the settlement price before, cut to the tick towards it.
    """

    def __init__(self, rng: np.random.Generator, products: Products, contracts: Contracts, n_days: int) -> None:
        self._rng, self._products, self._contracts = rng, products, contracts
        shape = (n_days, len(contracts))
        self.open, self.high, self.low, self.close = (np.full(shape, np.nan) for _ in range(4))
        self.settle, self.preclose, self.presettle = (np.full(shape, np.nan) for _ in range(3))
        self.limit_up, self.limit_down = np.full(shape, np.nan), np.full(shape, np.nan)
        self._fair = np.full(len(contracts), np.nan)

    def day(self, t: int, s: Floats, y: Floats, level: Floats, sigma: Floats) -> None:
        """Deal all contracts on day t.

        Parameters
        ----------
        t : int
        s, y, level, sigma : float64 arrays, shape (P,)
            Logarithm of the spot price, convenience yield, its mean, standard deviation of the day.
        """
        at = np.flatnonzero((self._contracts.first <= t) & (t <= self._contracts.last))
        p = self._contracts.product[at]
        n, tick, move = len(at), self._products.tick[p], sigma[p]
        left = (self._contracts.last[at] - t) / YEAR
        bend = -np.expm1(-SPEED * left) / SPEED
        fair = np.exp(s[p] - level[p] * left - (y - level)[p] * bend)
        if t == 0:
            yesterday = settled = np.full(n, np.nan)
        else:
            yesterday, settled = self.close[t - 1, at], self.settle[t - 1, at]
        reference = ticked(fair * np.exp(0.5 * move * self._rng.standard_normal(n)), tick)
        new = np.isnan(settled)
        yesterday, settled = np.where(new, reference, yesterday), np.where(new, reference, settled)
        up, down = self._limits(t, at, settled, tick)

        before = np.where(new, yesterday, self._fair[at])
        night = before * (fair / before) ** 0.4 * np.exp(0.25 * move * self._rng.standard_normal(n))
        opening, closing = (np.clip(ticked(price, tick), down, up) for price in (night, fair))
        reach = 0.45 * move * np.abs(self._rng.standard_normal((2, n)))
        locked = (opening == closing) & ((closing == up) | (closing == down))
        reach[:, locked] = 0
        top, bottom = np.maximum(opening, closing), np.minimum(opening, closing)
        high = np.clip(ticked(top * (1 + reach[0]), tick), top, up)
        low = np.clip(ticked(bottom * (1 - reach[1]), tick), down, bottom)
        weights = self._rng.dirichlet((3, 2, 2, 3), n).T
        average = (weights * np.stack([opening, high, low, closing])).sum(axis=0)
        self._fair[at] = fair
        for name, values in (
            ("open", opening), ("high", high), ("low", low), ("close", closing), ("preclose", yesterday),
            ("presettle", settled), ("settle", np.clip(ticked(average, tick), low, high)), ("limit_up", up),
            ("limit_down", down),
        ):  # fmt: skip
            getattr(self, name)[t, at] = values

    def _limits(self, t: int, at: np.ndarray, settled: Floats, tick: Floats) -> tuple[Floats, Floats]:
        rate = self._products.limit[self._contracts.product[at]]
        if t > 0:
            close = self.close[t - 1, at]
            locked = (close == self.limit_up[t - 1, at]) | (close == self.limit_down[t - 1, at])
            rate = np.where(locked, _AFTER_A_LOCK * rate, rate)
        up = np.round(np.floor(settled * (1 + rate) / tick + 1e-6) * tick, 6)
        down = np.round(np.ceil(settled * (1 - rate) / tick - 1e-6) * tick, 6)
        return up, np.maximum(down, tick)


def ticked(price: Floats, tick: Floats) -> Floats:
    """Round to the tick.

    >>> ticked(np.array([3801.6, 380.031]), np.array([1.0, 0.02])).tolist()
    [3802.0, 380.04]
    """
    return np.maximum(np.round(np.round(price / tick) * tick, 6), tick)
