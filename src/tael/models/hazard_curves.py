"""From hazards to curves: what share has left through each door by each time."""

from __future__ import annotations

import numpy as np

from tael.models.hazard_time import TimeGrid
from tael.models.logistic import Floats


def cumulative_incidence(hazards: Floats) -> Floats:
    r"""Cumulative incidence at the end of each bin.

    .. math:: F_c(k) = \sum_{j \le k} h_c(j) S(j - 1), \qquad S(k) = 1 - \sum_c F_c(k)

    Kept as one running sum, so that no curve falls and their sum never exceeds one, not even by a rounding.

    Parameters
    ----------
    hazards : ndarray of shape (n, C, K)
        Each not negative; over the causes they sum to at most 1.

    Returns
    -------
    ndarray of shape (n, C, K)

    Examples
    --------
    >>> cumulative_incidence(np.full((1, 2, 2), 0.25)).tolist()
    [[[0.25, 0.375], [0.25, 0.375]]]
    """
    n, C, K = hazards.shape
    out = np.empty((n, C, K))
    done = np.zeros((n, C))
    for k in range(K):
        step = done + remaining(done)[:, None] * hazards[:, :, k]
        done = np.where((_total(step) <= 1.0)[:, None], step, done)
        out[:, :, k] = done
    return out


def remaining(incidence: Floats) -> Floats:
    """One minus the causes' sum, along axis 1: added to it, it gives exactly one."""
    return 1.0 - _total(incidence)


def _total(incidence: Floats) -> Floats:
    """Sum over axis 1 in the order of the causes; NumPy's own sum may take another for another shape."""
    total = incidence[:, 0]
    for c in range(1, incidence.shape[1]):
        total = total + incidence[:, c]
    return total


def at_times(incidence: Floats, grid: TimeGrid, times: Floats) -> Floats:
    """Curves at any times, shape (n, C, T): steps on an exact grid, else a constant hazard within a bin.

    Parameters
    ----------
    incidence : ndarray of shape (n, C, K)
    grid : TimeGrid
    times : ndarray of shape (T,)
    """
    k, share = grid.weights(times)
    padded = np.concatenate([np.zeros((*incidence.shape[:2], 1)), incidence], axis=2)
    before, after = padded[:, :, k], padded[:, :, k + 1]
    if not grid.exact:
        # Within a bin the log of survival is straight, so (1 - H)^share of those who entered it are left.
        entered = remaining(before)
        leave = np.divide(entered - remaining(after), entered, out=np.zeros_like(entered), where=entered > 0).clip(
            0.0, 1.0 - 1e-15
        )
        gone = -np.expm1(share * np.log1p(-leave))
        share = np.divide(gone, leave, out=np.broadcast_to(share, gone.shape).copy(), where=leave > 1e-12)[:, None, :]
        share = np.clip(share, 0.0, 1.0)
    value = np.minimum(before + share * (after - before), after)
    value = np.where(share >= 1.0, after, value)
    # Rounding between two curves that are both full could pass one by a bit.
    over = _total(value) > 1.0
    return np.where(over[:, None, :], before, value)
