"""Intervals of any figure of a series that follows itself: the stationary block bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.performance.arrays import Floats, series


@dataclass(frozen=True)
class Interval:
    """A figure, its interval, and the draws behind it.

    Parameters
    ----------
    estimate, low, high : float
    level : float
    block : float
        Mean length of the blocks.
    draws : ndarray of shape (n,)
    """

    estimate: float
    low: float
    high: float
    level: float
    block: float
    draws: Floats


def block_length(values: Any) -> float:
    """Mean block length that serves the variance of the mean best, for the stationary bootstrap.

    Politis and White 2004, "Automatic block-length selection for the dependent bootstrap", with the correction of
    Patton, Politis and White 2009; at least 1.

    >>> r = np.random.default_rng(0).normal(size=1000)
    >>> block_length(r) < 3 < block_length(np.convolve(r, np.ones(10)))
    True
    """
    x = series(values, "values", least=10)
    n = len(x)
    d = x - x.mean()
    if not float(d @ d) > 0:
        return 1.0
    run = max(5, int(np.sqrt(np.log10(n))))
    most = min(int(np.ceil(np.sqrt(n))) + run, n - 1)
    gamma = np.array([float(d[k:] @ d[: n - k]) / n for k in range(most + 1)])
    quiet = np.abs(gamma[1:] / gamma[0]) < 2.0 * np.sqrt(np.log10(n) / n)
    # The first lag from which on a run of autocorrelations is no more than noise.
    last = next((k for k in range(len(quiet)) if quiet[k : k + run].all() and k + run <= len(quiet)), None)
    if last is None:
        loud = np.flatnonzero(~quiet)
        last = int(loud[-1]) + 1 if len(loud) else 0
    m = min(2 * max(last, 1), most)
    k = np.arange(-m, m + 1)
    share = np.abs(k) / m
    weight = np.where(share <= 0.5, 1.0, 2.0 * (1.0 - share))
    both = gamma[np.abs(k)]
    g, spectrum = float(np.sum(weight * np.abs(k) * both)), float(np.sum(weight * both))
    if spectrum == 0.0:
        return 1.0
    best = (2.0 * g**2 / (2.0 * spectrum**2)) ** (1.0 / 3.0) * n ** (1.0 / 3.0)
    return float(min(max(best, 1.0), np.ceil(min(3.0 * np.sqrt(n), n / 3.0))))


def stationary_indices(n: int, block: float, draws: int, seed: int) -> NDArray[np.int64]:
    """Periods of resampled series, (draws, n): blocks of geometric length that wrap around (Politis and Romano 1994).

    >>> stationary_indices(5, 1e9, 1, seed=0).tolist()
    [[4, 0, 1, 2, 3]]
    """
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, (draws, n))
    fresh = rng.random((draws, n)) < 1.0 / block
    fresh[:, 0] = True
    since = np.where(fresh, np.arange(n), 0)
    np.maximum.accumulate(since, axis=1, out=since)
    found: NDArray[np.int64] = (np.take_along_axis(starts, since, axis=1) + np.arange(n) - since) % n
    return found


def bootstrap(
    values: Any,
    statistic: Callable[[Floats], float],
    *,
    level: float = 0.95,
    draws: int = 1000,
    block: float | None = None,
    seed: int = 0,
) -> Interval:
    """Percentile interval of a statistic of a series by the stationary bootstrap.

    Parameters
    ----------
    values : (T,) or (T, K)
        Rows are drawn whole, so that a benchmark stays beside its strategy.
    statistic : callable
        Of an array shaped like `values`.
    block : float, optional
        Mean block length; by default `block_length` of the (first) column.
    seed : int

    Examples
    --------
    >>> r = np.random.default_rng(1).normal(0.1, 1.0, 500)
    >>> found = bootstrap(r, np.mean, draws=200)
    >>> found.low < found.estimate < found.high
    True
    """
    x = np.asarray(values, dtype=np.float64)
    first = series(x if x.ndim == 1 else x[:, 0], "values", least=10)
    if not 0.0 < level < 1.0 or draws < 2:
        raise MarketError("An interval needs a level and draws.", expected="0 < level < 1", got=f"{level}, {draws}")
    length = block_length(first) if block is None else float(block)
    if not length >= 1.0:
        raise MarketError("Blocks have a length of at least 1.", got=str(block))
    found = np.empty(draws)
    done = 0
    while done < draws:  # some at a time: all indices at once may not fit
        some = min(draws - done, max(1, 4_000_000 // len(x)))
        for rows in stationary_indices(len(x), length, some, seed + done):
            found[done] = float(statistic(x[rows]))
            done += 1
    there = found[np.isfinite(found)]
    if not len(there):
        raise MarketError("The statistic is missing on every draw.", fix="Look at what it does with a constant series.")
    low, high = np.quantile(there, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(float(statistic(x)), float(low), float(high), level, length, found)
