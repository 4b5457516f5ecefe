"""What moves all stocks of a simulated market together: regimes, sectors, styles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.market_calendar import Floats, Ints
from tael.datasets.market_stocks import SECTORS

REGIMES = ("bull", "bear", "crisis")
STYLES = ("size", "value", "momentum", "volatility")

_DRIFT = np.array([0.0009, -0.0005, -0.0012])
_SPREAD = np.array([0.0085, 0.0115, 0.0240])
_STAY = np.array([[0.9935, 0.0050, 0.0015], [0.0060, 0.9900, 0.0040], [0.0150, 0.0150, 0.9700]])
_SECTOR_SPREAD = 0.0065
_STYLE_SPREAD = np.array([0.0030, 0.0018, 0.0025, 0.0025])


@dataclass(frozen=True)
class Factors:
    """Returns of the common factors, day by day.

    Attributes
    ----------
    regime : int64 array, shape (T,)
        Codes into `REGIMES`.
    market : float64 array, shape (T,)
    sectors : float64 array, shape (T, S)
    styles : float64 array, shape (T, 4)
        For one unit of standardised exposure; no style is paid on average, so that only what is planted is.
    """

    regime: Ints
    market: Floats
    sectors: Floats
    styles: Floats


def make_factors(rng: np.random.Generator, n_days: int) -> Factors:
    """Draw the factors: a Markov chain of regimes, GARCH(1, 1) within them (Bollerslev 1986), fat tails.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_days : int

    Returns
    -------
    Factors

    Examples
    --------
    >>> make_factors(np.random.default_rng(0), 100).styles.shape
    (100, 4)
    """
    regime = np.zeros(n_days, dtype=np.int64)
    steps = np.cumsum(_STAY, axis=1)
    for t, u in enumerate(rng.random(n_days - 1)):
        regime[t + 1] = np.searchsorted(steps[regime[t]], u)
    shocks = fat_tailed(rng, n_days, 6)
    heat, market = 1.0, np.empty(n_days)
    for t in range(n_days):
        market[t] = _SPREAD[regime[t]] * np.sqrt(heat) * shocks[t]
        heat = 0.05 + 0.07 * heat * shocks[t] ** 2 + 0.88 * heat
    tension = np.where(regime == 2, 1.6, 1.0)[:, None]
    return Factors(
        regime=regime,
        market=market + _DRIFT[regime],
        sectors=_SECTOR_SPREAD * tension * fat_tailed(rng, (n_days, len(SECTORS)), 6),
        styles=_STYLE_SPREAD * tension * rng.standard_normal((n_days, len(STYLES))),
    )


def fat_tailed(rng: np.random.Generator, size: int | tuple[int, ...], freedom: int) -> Floats:
    """Draw Student's t with `freedom` degrees, cut at 8 and brought to variance 1 (before the cut)."""
    return np.clip(rng.standard_t(freedom, size) * np.sqrt((freedom - 2) / freedom), -8, 8)
