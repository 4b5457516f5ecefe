"""Term structures of simulated futures, day by day: spot, convenience yield, contracts, and premia that are paid.

The curve is that of Gibson and Schwartz (1990), "Stochastic convenience yield and the pricing of oil contingent
claims": with s the logarithm of the spot price and y the convenience yield (net of interest and storage), which returns
to m at the speed k,

    log F(tau) = s - m tau - (y - m) (1 - exp(-k tau)) / k.

If s is expected to fall by the yield then no contract is expected to move: what is expected beyond is the premium, and
all contracts of a product earn it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.futures_book import SPEED, YEAR, Book
from tael.datasets.futures_products import Contracts, Products
from tael.datasets.market_calendar import Floats, Ints
from tael.datasets.market_factors import fat_tailed

LAG = 2
"""Bars from the close after which a premium is known to the close at which it is paid."""

MOMENTUM_DAYS = 120
_YIELD_SPREAD = 0.09
_COMMON, _SECTOR = 0.30, 0.45
"""Loadings of a product's moves on what all share and on what its sector shares."""

_SCARCITY = 0.4
"""Correlation of the moves of spot and yield: scarcity makes both rise."""


@dataclass(frozen=True)
class Curves:
    """What happened to the products, arrays of shape (T, P).

    Attributes
    ----------
    spot, convenience : float64 arrays
        Price at the places of delivery; convenience yield a year, as a share.
    main, following : int64 arrays
        The contract with the most open interest after the close, and the next to expire.
    returns : float64 array
        Of the contract that was the main one the day before, close to close.
    volatility : float64 array
        True standard deviation of the spot's move of the day.
    carry, momentum : float64 arrays
        Scores after the close: the slope between main and following contract, standardised among the products;
        the return of 120 days in units of its spread, cut at 2.
    premium : float64 array
        What both add to the return from the next close to the one after, in daily standard deviations.
    """

    spot: Floats
    convenience: Floats
    main: Ints
    following: Ints
    returns: Floats
    volatility: Floats
    carry: Floats
    momentum: Floats
    premium: Floats


def make_curves(
    rng: np.random.Generator,
    products: Products,
    contracts: Contracts,
    book: Book,
    main: Ints,
    following: Ints,
    sharpe: tuple[float, float],
) -> Curves:
    """Live through the days, and fill the book of the contracts.

    Parameters
    ----------
    rng : numpy.random.Generator
    products, contracts
    book : Book
        Filled in place.
    main, following : int64 arrays, shape (T, P)
    sharpe : (float, float)
        Yearly Sharpe ratios of carry and of momentum, each held by itself in proportion to score over volatility.

    Returns
    -------
    Curves
    """
    t_all, p_all = main.shape
    names = ("spot", "convenience", "returns", "volatility", "carry", "momentum", "premium")
    q = {name: np.zeros((t_all, p_all)) for name in names}
    level: Floats = rng.normal(0.01, 0.03, (p_all,))
    y = level + _YIELD_SPREAD * rng.standard_normal(p_all)
    s, heat = np.log(products.price) + 0.15 * rng.standard_normal(p_all), np.zeros(p_all)
    decay = np.exp(-SPEED / YEAR)
    step = _YIELD_SPREAD * np.sqrt(1 - decay**2)
    likeness = _likeness(products)
    for t in range(t_all):
        heat = 0.98 * heat + 0.07 * rng.standard_normal(p_all)
        sigma = products.volatility / np.sqrt(YEAR) * np.exp(heat - 0.06)
        shock = _shocks(rng, products)
        wind = _SCARCITY * shock + np.sqrt(1 - _SCARCITY**2) * rng.standard_normal(p_all)
        paid = q["premium"][t - LAG] if t >= LAG else 0.0
        s = s - level / YEAR - (y - level) * (1 - decay) / SPEED + np.log1p(np.maximum(sigma * (shock + paid), -0.5))
        y = level + (y - level) * decay + step * wind
        q["spot"][t], q["convenience"][t], q["volatility"][t] = np.exp(s), y, sigma
        book.day(t, s, y, level, sigma)

        held = main[max(t - 1, 0)]
        q["returns"][t] = book.close[t, held] / book.preclose[t, held] - 1
        q["carry"][t] = _carry(book, contracts, t, main[t], following[t])
        q["momentum"][t] = _momentum(q["returns"][max(t - MOMENTUM_DAYS + 1, 0) : t + 1])
        for score, ratio in ((q["carry"][t], sharpe[0]), (q["momentum"][t], sharpe[1])):
            if score.any():
                # Positions x earn b x'x at a risk of sqrt(x'Cx): b is what makes that the Sharpe ratio.
                risk = np.sqrt(score @ likeness @ score)
                q["premium"][t] += ratio / np.sqrt(YEAR) * risk / (score @ score) * score
    return Curves(**q, main=main, following=following)


def _shocks(rng: np.random.Generator, products: Products) -> Floats:
    sectors = fat_tailed(rng, int(products.group.max()) + 1, 6)
    own = np.sqrt(1 - _COMMON**2 - _SECTOR**2) * fat_tailed(rng, len(products), 5)
    return _COMMON * fat_tailed(rng, 1, 6) + _SECTOR * sectors[products.group] + own


def _likeness(products: Products) -> Floats:
    """Return the correlations of the products' moves."""
    same = products.group[:, None] == products.group
    return np.where(np.eye(len(products), dtype=bool), 1.0, _COMMON**2 + _SECTOR**2 * same)


def _carry(book: Book, contracts: Contracts, t: int, near: Ints, far: Ints) -> Floats:
    years = (contracts.expiry[far] - contracts.expiry[near]).astype(np.float64) / 365
    slope = np.log(book.close[t, near] / book.close[t, far]) / years
    spread = slope.std()
    return (slope - slope.mean()) / spread if spread > 1e-12 else np.zeros(len(near))


def _momentum(past: Floats) -> Floats:
    if len(past) < MOMENTUM_DAYS // 2:
        return np.zeros(past.shape[1])
    return np.clip(past.sum(axis=0) / np.sqrt((past**2).sum(axis=0) + 1e-12), -2, 2)
