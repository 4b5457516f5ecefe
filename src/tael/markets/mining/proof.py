"""What a series of rank ICs proves: a robust t, agreement in time, and what the best of many reaches by chance.

**The null.** Under the hypothesis that no formula foretells anything, a block of bars in which every outcome's rank is
reversed is as likely as the block itself. Reversing turns each IC of the block round, for all formulas at once: signs
drawn for blocks give the t's that the same formulas would have had, with all that they share. It keeps what shuffling
within bars would destroy (industries that move together, outcomes that overlap), and costs one multiplication. The
largest |t| of all formulas, over many draws, is what the best of so many trials reaches by chance (the "max" statistic
of Westfall and Young 1993, by Romano and Wolf 2005 for strategies). Each draw has errors of its own: were they those of
the data, a series whose error is small by chance would pass too often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.kernels.panel import rank_autocorrelation
from tael.markets.performance.regression import bandwidth

Floats = NDArray[np.float64]
LEAST_T = 3.0
"""Harvey, Liu and Zhu (2016): a new factor needs a t above 3, however few were tried here."""
LEVEL = 0.01
DRAWS = 2000
BLOCKS = 10
"""Of time: even ones breed, odd ones prove."""


@dataclass(frozen=True)
class MeanTests:
    """Means of rank IC series and how sure they are; one entry a series.

    Attributes
    ----------
    mean, error, t : float64 array
        Newey-West errors (Bartlett weights), never below those without autocorrelation: with many series, the errors
        that chance makes small would win.
    n : int64 array
        Bars that have an IC.
    """

    mean: Floats
    error: Floats
    t: Floats
    n: NDArray[np.int64]


def mean_tests(ic: Any, lags: int) -> MeanTests:
    """Test the mean of each series against 0; missing bars are left out.

    Parameters
    ----------
    ic : array, shape (series, bars)
    lags : int

    Examples
    --------
    >>> found = mean_tests([[0.1, 0.0, 0.2, 0.1], [0.1, -0.1, np.nan, np.nan]], 0)
    >>> found.mean.round(3).tolist(), found.t.round(3).tolist(), found.n.tolist()
    ([0.1, 0.0], [2.828, 0.0], [4, 2])
    """
    values = np.atleast_2d(np.asarray(ic, np.float64))
    there = np.isfinite(values)
    n = there.sum(axis=1)
    safe = np.maximum(n, 1)
    mean = np.where(there, values, 0.0).sum(axis=1) / safe
    deviation = np.where(there, values - mean[:, None], 0.0)
    plain = (deviation * deviation).sum(axis=1)
    total = plain.copy()
    for lag in range(1, min(lags, values.shape[1] - 1) + 1):
        weight = 2.0 * (1.0 - lag / (lags + 1.0))
        total += weight * (deviation[:, lag:] * deviation[:, :-lag]).sum(axis=1)
    error = np.sqrt(np.maximum(total, plain)) / safe
    t = np.divide(mean, error, out=np.zeros_like(mean), where=(error > 0) & (n > 1))
    return MeanTests(mean, error, t, n)


def overlap_of(outcome: Any, members: Any, most: int = 60) -> int:
    """Over how many bars outcomes overlap: the first lag at which their ranks are no longer alike.

    A return over h bars is alike to that of the bar before in all but one of them.

    Parameters
    ----------
    outcome : array, shape (T, N)
    members : bool array, shape (T, N)
    most : int
        Lags looked at.

    Returns
    -------
    int
        At least 1.
    """
    for lag in range(1, min(most, len(outcome) // 4) + 1):
        alike = rank_autocorrelation(outcome, lag, members)
        if not np.isfinite(alike).any() or float(np.nanmean(alike)) < 0.05:
            return lag
    return most


def lags_of(n_bars: int, overlap: int, every: int = 1) -> int:
    """Lags of the Newey-West errors on every k-th bar: the usual rule, and no fewer than outcomes overlap.

    >>> lags_of(1000, 1), lags_of(1000, 20), lags_of(1000, 20, 5)
    (6, 20, 6)
    """
    return max(bandwidth(max(n_bars, 2)), -(-overlap // every))


@dataclass(frozen=True)
class Times:
    """The bars of a stage, laid out in blocks.

    Parameters
    ----------
    rows : array of int
        The bars.
    bars : int
        Of the whole panel.
    overlap : int
        Bars over which outcomes overlap.

    Examples
    --------
    >>> times = Times(np.arange(100), 100, 2)
    >>> times.breeding.sum(), times.proving.sum(), (times.breeding & times.proving).any()
    (np.int64(50), np.int64(40), np.False_)
    """

    rows: NDArray[np.int64]
    bars: int
    overlap: int

    @property
    def block(self) -> NDArray[np.int64]:
        """Which of the blocks of time each bar is in."""
        return self.rows * BLOCKS // max(self.bars, 1)

    @property
    def breeding(self) -> NDArray[np.bool_]:
        """Bars that may guide the breeding of formulas."""
        return self.block % 2 == 0

    @property
    def proving(self) -> NDArray[np.bool_]:
        """Bars that bred formulas must prove themselves on: none whose outcome is another's in part."""
        first = np.arange(BLOCKS) * self.bars / BLOCKS
        block = self.block
        since = self.rows - first[block]
        until = first[block] + self.bars / BLOCKS - self.rows
        found: NDArray[np.bool_] = (block % 2 == 1) & (since >= self.overlap - 1) & (until > self.overlap - 1)
        return found


def largest_by_chance(
    families: list[tuple[Floats, NDArray[np.bool_]]], times: Times, lags: int, *, draws: int = DRAWS, seed: int = 0
) -> Floats:
    """The largest |t| of all formulas for each draw of the null, sorted.

    Parameters
    ----------
    families : list of (array of shape (series, bars of the stage), bool array of shape (bars of the stage,))
        Rank ICs, and the bars on which the family is tested.
    times : Times
    lags : int
        Of the errors; outcomes are reversed in blocks of twice as many bars.
    draws, seed : int

    Returns
    -------
    float64 array, shape (draws,)

    Examples
    --------
    >>> noise = np.random.default_rng(1).normal(0, 0.1, (200, 500))
    >>> found = largest_by_chance([(noise, np.full(500, True))], Times(np.arange(500), 500, 1), 5)
    >>> bool(2.7 < np.quantile(found, 0.5) < 3.1), bool(3.6 < np.quantile(found, 0.99) < 4.3)
    (True, True)
    """
    rng = np.random.default_rng(seed)
    length = 2 * max(lags, 1)
    signs = rng.choice(np.array([-1.0, 1.0], np.float32), (-(-len(times.rows) // length), draws))
    most = np.zeros(draws)
    for ic, on in families:
        for first in range(0, len(ic), 256):
            series = np.where(on, ic[first : first + 256], np.nan)
            blocks = max(int(on.sum()) / length, 2.0)
            # centred, since what a strong factor foretells is no chance; block sums then lose one degree of freedom
            drawn = _turned(series - mean_tests(series, 0).mean[:, None], signs, length, lags)
            np.maximum(most, np.sqrt(blocks / (blocks - 1)) * drawn.max(axis=0, initial=0.0), out=most)
    return np.sort(most)


def _turned(series: Floats, signs: NDArray[np.float32], length: int, lags: int) -> Floats:
    """The |t| of series whose blocks are turned round, (series, draws): with the error that each has then.

    A product of bars of one block keeps its sign, and one across a border has that of both blocks, so that the errors
    of all draws are one multiplication too.
    """
    there = np.isfinite(series)
    n = there.sum(axis=1)[:, None]
    values = np.where(there, series, 0.0)
    edges = np.arange(0, values.shape[1], length)
    block = np.arange(values.shape[1]) // length
    plain = (values * values).sum(axis=1)[:, None]
    within, weights = plain.copy(), n.astype(np.float64)
    across = np.zeros((len(values), len(edges)))
    for lag in range(1, min(lags, values.shape[1] - 1) + 1):
        weight = 2.0 * (1.0 - lag / (lags + 1.0))
        product = np.zeros_like(values)
        product[:, lag:] = weight * values[:, lag:] * values[:, :-lag]
        border = np.zeros(values.shape[1], bool)
        border[lag:] = block[lag:] != block[:-lag]
        within += np.where(border, 0.0, product).sum(axis=1, keepdims=True)
        across += np.add.reduceat(np.where(border, product, 0.0), edges, axis=1)
        weights += weight * np.maximum(n - lag, 0)
    safe = np.maximum(n, 1)
    mean = (np.add.reduceat(values, edges, axis=1).astype(np.float32) @ signs) / safe
    both = across[:, 1:].astype(np.float32) @ (signs[1:] * signs[:-1])
    centred = plain - n * mean * mean
    error = np.sqrt(np.maximum(np.maximum(within + both - weights * mean * mean, centred), 1e-12 * plain)) / safe
    usable = (error > 0) & (n > 2 * length)
    return np.divide(np.abs(mean), error, out=np.zeros(error.shape), where=usable)


def agreement(ic: Floats, times: Times, k: int = 5) -> tuple[bool, int]:
    """Whether both halves of time have the sign of the whole, and how many of k blocks do.

    >>> agreement(np.array([0.1, 0.2, -0.1, 0.3, 0.1, 0.2]), Times(np.arange(6), 6, 1), 3)
    (True, 3)
    """
    sign = np.sign(np.nansum(ic))

    def alike(parts: int) -> list[bool]:
        number = times.rows * parts // max(times.bars, 1)
        return [bool(np.sign(np.nansum(ic[number == part])) == sign) for part in range(parts)]

    return all(alike(2)), sum(alike(k))
