"""How long a CUSUM runs before it rings: exactly for normal observations, by resampling for any others."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from tael.errors import MarketError

Floats = NDArray[np.float64]
STATES = 200


def average_run_length(threshold: float, allowance: float = 0.5, shift: float = 0.0) -> float:
    """Mean number of observations until a one-sided CUSUM of normal observations crosses its threshold.

    ``S = max(0, S + z - allowance)`` with z normal of mean `shift` and variance 1, until ``S > threshold``. Brook and
    Evans 1972, "An approach to the probability distribution of CUSUM run length": the statistic as a Markov chain on a
    fine grid.

    Parameters
    ----------
    threshold : float
        In standard deviations.
    allowance : float
        Half of the shift that is to be found, in standard deviations.
    shift : float
        0: the false alarms' run length. Positive: how long a change of this size goes unnoticed.

    Returns
    -------
    float

    Examples
    --------
    >>> round(average_run_length(4.0), 0), round(average_run_length(4.0, shift=1.0), 1)
    (335.0, 8.4)
    """
    if not threshold > 0:
        raise MarketError("A threshold is positive.", got=str(threshold))
    width = 2.0 * threshold / (2 * STATES - 1)
    centre = np.arange(STATES) * width
    # from the centre of one cell to each cell; the first holds everything that falls back to zero
    edges = centre[None, :] + width / 2 - centre[:, None] + allowance - shift
    below = norm.cdf(edges)
    moves = np.diff(np.concatenate((np.zeros((STATES, 1)), below), axis=1), axis=1)
    lengths = np.linalg.solve(np.eye(STATES) - moves, np.ones(STATES))
    return float(lengths[0])


def threshold_for(run_length: float, allowance: float = 0.5) -> float:
    """The threshold whose false alarms come every so many normal observations on average.

    >>> round(threshold_for(335.4), 2)
    4.0
    """
    if not run_length > 2:
        raise MarketError("A run length is more than two observations.", got=str(run_length))
    low, high = 1e-3, 1.0
    while average_run_length(high, allowance) < run_length:
        low, high = high, 2.0 * high
    return float(brentq(lambda h: math.log(average_run_length(h, allowance) / run_length), low, high, xtol=1e-6))


def resampled(x: Floats, length: int, block: float, draws: int, seed: int) -> Floats:
    """Series of any length that look like this one, (draws, length): blocks of geometric length that wrap around.

    Politis and Romano 1994, "The stationary bootstrap".
    """
    random = np.random.default_rng(seed)
    starts = random.integers(0, len(x), (draws, length))
    fresh = random.random((draws, length)) < 1.0 / block
    fresh[:, 0] = True
    since = np.maximum.accumulate(np.where(fresh, np.arange(length), 0), axis=1)
    found: Floats = x[(np.take_along_axis(starts, since, axis=1) + np.arange(length) - since) % len(x)]
    return found


def highest(z: Floats, allowance: float) -> Floats:
    """The highest value so far of a CUSUM that starts at 0, for each path (axis 0) and observation (axis 1)."""
    found = np.empty_like(z)
    now, most = np.zeros(len(z)), np.zeros(len(z))
    for t in range(z.shape[1]):
        now = np.maximum(0.0, now + z[:, t] - allowance)
        most = np.maximum(most, now)
        found[:, t] = most
    return found


def resampled_threshold(
    z: Floats, run_length: float, allowance: float, *, block: float, paths: int = 400, seed: int = 0
) -> float:
    """The threshold whose false alarms come every so many observations on average, of series that look like this one.

    Paths of four run lengths are drawn in blocks (`resampled`), so fat tails and autocorrelation count. The
    run length is the time watched by the alarms rung, which does not mind the paths that never ring.

    Parameters
    ----------
    z : ndarray of shape (n,)
        Standardised observations of the undisturbed state.
    run_length : float
    allowance : float
    block : float
        Mean length of blocks.
    paths, seed : int

    Returns
    -------
    float
    """
    length = math.ceil(4 * run_length)
    so_far = highest(resampled(z, length, block, paths, seed), allowance)

    def measured(threshold: float) -> float:
        rings = np.sum(so_far <= threshold, axis=1)  # observations before the alarm
        rung = rings < length
        return float(np.sum(np.minimum(rings + 1, length)) / max(1, rung.sum()))

    low, high = 0.0, float(so_far.max())
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if measured(middle) < run_length else (low, middle)
    return high
