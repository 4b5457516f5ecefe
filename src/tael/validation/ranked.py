"""Rows sorted once by score, so that hundreds of re-weightings cost a few cumulative sums each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.validation.arrays import Floats, codes, same_length

CHUNK = 2_000_000  # elements of one block of resamples: 16 MB as float64


@dataclass(frozen=True)
class Ranked:
    """Rows in descending order of score, with equal scores marked as one step.

    Parameters
    ----------
    y, p : ndarray of shape (n,)
        Labels and scores, sorted.
    ends : ndarray of shape (n_steps,)
        Last row of every run of equal scores.
    weight : ndarray of shape (n_samples, n)
        One row of weights for each re-weighting, in the sorted order.
    true, false : ndarray of shape (n_samples, n_steps)
        Weight of events and non-events at or above each step.
    """

    y: Floats
    p: Floats
    ends: NDArray[np.int64]
    weight: Floats
    true: Floats
    false: Floats

    @property
    def events(self) -> Floats:
        """Weight of the events, shape (n_samples,)."""
        return self.true[:, -1]

    @property
    def others(self) -> Floats:
        """Weight of the non-events, shape (n_samples,)."""
        return self.false[:, -1]


class Sorter:
    """Sorts labels and scores once; `ranked` then re-weights them."""

    def __init__(self, y: Floats, p: Floats) -> None:
        self.order = np.argsort(-p, kind="stable")
        self.y, self.p = y[self.order], p[self.order]
        self.ends = np.flatnonzero(np.append(np.diff(self.p) != 0, True))

    def ranked(self, weight: Floats) -> Ranked:
        """Rows under one or several weightings, each in the original order (shape (n,) or (n_samples, n))."""
        sorted_weight = np.atleast_2d(weight)[:, self.order]
        true = np.cumsum(sorted_weight * self.y, axis=1)[:, self.ends]
        false = np.cumsum(sorted_weight * (1.0 - self.y), axis=1)[:, self.ends]
        return Ranked(self.y, self.p, self.ends, sorted_weight, true, false)


def resample(
    n: int,
    n_boot: int,
    rng: np.random.Generator,
    *,
    groups: object = None,
    strata: Floats | None = None,
) -> Iterator[Floats]:
    """Bootstrap counts in blocks of shape (some, n): how often each row is drawn.

    Parameters
    ----------
    n : int
        Number of rows.
    n_boot : int
        Number of resamples.
    rng : numpy.random.Generator
        Source of the draws.
    groups : array-like of shape (n,), optional
        Whole groups (people) are drawn instead of rows; each row without a group is a group of its own.
    strata : ndarray of shape (n,), optional
        Draw within each value, so that the number of each stays as it was. Ignored with `groups`.

    Yields
    ------
    ndarray of shape (block, n)
    """
    member: NDArray[np.int64] | None = None
    if groups is not None:
        member, _ = codes(groups)
        same_length(n, len(member), "groups")
        alone = np.flatnonzero(member < 0)
        member = member.copy()
        member[alone] = member.max(initial=-1) + 1 + np.arange(len(alone))
    block = max(1, min(n_boot, CHUNK // n))
    for start in range(0, n_boot, block):
        counts = np.zeros((min(block, n_boot - start), n))
        for row in counts:
            if member is not None:
                units = int(member.max()) + 1
                row[:] = np.bincount(rng.integers(0, units, units), minlength=units)[member]
            elif strata is not None:
                for value in (0.0, 1.0):
                    place = np.flatnonzero(strata == value)
                    if len(place):
                        drawn = rng.integers(0, len(place), len(place))
                        row[place] = np.bincount(drawn, minlength=len(place))
            else:
                row[:] = np.bincount(rng.integers(0, n, n), minlength=n)
        yield counts


def interval(value: float, draws: Floats, level: float) -> tuple[float, float]:
    """Bias-corrected percentile interval.

    The plain percentile interval is too high for KS, whose estimate is biased upwards in the sample and once more in
    each resample; the correction moves both ends by the bias seen.

    References
    ----------
    Efron, B. (1981). Nonparametric standard errors and confidence intervals. Canadian Journal of Statistics 9(2).
    """
    from scipy.special import ndtr, ndtri

    draws = draws[np.isfinite(draws)]
    if not np.isfinite(value) or len(draws) < 2:
        return float("nan"), float("nan")
    below = np.mean(draws < value) + 0.5 * np.mean(draws == value)
    # beyond one standard deviation of bias, a few hundred draws say nothing about the tail that would be read
    shift = float(np.clip(ndtri(np.clip(below, 1e-6, 1 - 1e-6)), -1.0, 1.0))
    z = float(ndtri(0.5 + level / 2))
    low, high = np.quantile(draws, [float(ndtr(2 * shift - z)), float(ndtr(2 * shift + z))])
    return float(min(low, value)), float(max(high, value))
