"""What chance alone would give: the screen's scores on shuffled labels, and the score that a find must beat."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri

from tael.features.halves import CLEAR, TAUGHT

SHUFFLES = 8
ROWS = 8192  # the statistic's law hardly depends on the number of rows: these are enough to shuffle
BLOCKS, LEAST_BLOCK = 20, 25
FALSE_SHARE = 0.1  # of what passes, at most so much is expected to be chance
OF_FEW = 0.5  # the same where there are too few cases to prove much one by one, though something is there
SELDOM = 0.001  # how often the best of all candidates may look like a find where there is nothing


@dataclass(frozen=True)
class Null:
    """What chance alone reaches on these data.

    Attributes
    ----------
    trials : int
        Candidates tested.
    shuffles : int
        How often the label was shuffled (within blocks of time, so that drift alone is no signal).
    by_chance : float
        Score of the best of all candidates on shuffled labels, on average.
    needed : float
        Score that the best of all candidates must reach for the search to keep anything.
    best : float
        Score that it did reach.
    across : float
        How clearly what one half of time teaches foretells the other half, in standard deviations: where it is clear,
        something is kept although no single formula stands out.
    threshold : float
        Score from which at most a tenth of the candidates (half of them where cases are few) are expected to be
        chance; infinity if nothing was found.
    """

    trials: int
    shuffles: int
    by_chance: float
    needed: float
    best: float
    across: float
    threshold: float

    @property
    def found(self) -> bool:
        """Whether anything beats chance."""
        return bool(np.isfinite(self.threshold))


@dataclass
class Chance:
    """Gathers candidates' scores and those of the same candidates on shuffled labels.

    Parameters
    ----------
    cutoff : ndarray of int64, shape (n,)
        Of the observations, in their order of time.
    groups : ndarray of int, shape (n,), optional
        A ranking's: labels are shuffled within them.
    """

    cutoff: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None
    seed: int = 0
    _scores: list[float] = field(default_factory=list)
    _shuffled: list[NDArray[np.float64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.block = time_blocks(self.cutoff) if self.groups is None else np.unique(self.groups, return_inverse=True)[1]
        n = len(self.block)
        self.rows = np.arange(n) if n <= ROWS else np.linspace(0, n - 1, ROWS).astype(np.int64)

    def orders(self) -> NDArray[np.int64]:
        """Shuffled places of ``rows`` within their blocks, shape (len(rows), SHUFFLES); new at each call."""
        rng = np.random.default_rng([self.seed, len(self._shuffled)])
        block = self.block[self.rows]
        home = np.argsort(block, kind="stable")
        out = np.empty((len(block), SHUFFLES), dtype=np.int64)
        for j in range(SHUFFLES):
            out[home, j] = np.lexsort((rng.random(len(block)), block))
        return out

    def note(self, score: float, shuffled: NDArray[np.float64]) -> None:
        """Take down a candidate's score, and its scores on shuffled labels."""
        self._scores.append(score)
        self._shuffled.append(shuffled)

    def null(self, across: float = float("nan"), *, few: bool = False) -> Null:
        """What it takes to beat chance.

        Parameters
        ----------
        across : float
            What :class:`tael.features.halves.Halves` says.
        few : bool
            Whether there are few cases to learn from: then up to half of what passes may be chance, as long as the best
            is not.
        """
        if not self._scores:
            return Null(0, SHUFFLES, 0.0, 0.0, 0.0, across, float("inf"))
        scores, shuffled = np.sort(self._scores), np.stack(self._shuffled)
        best = shuffled.max(axis=0)
        needed = max(_quantile_of_best(float(best.mean())), float(best.max()))
        alone, together = bool(scores[-1] >= needed), bool(across >= CLEAR)
        threshold = float("inf")
        if alone or together:
            false = np.sort(shuffled.ravel())
            above = len(scores) - np.arange(len(scores))
            expected = (len(false) - np.searchsorted(false, scores)) / SHUFFLES
            passing = np.flatnonzero(expected <= (OF_FEW if few else FALSE_SHARE) * above)
            threshold = float(scores[passing[0]]) if len(passing) else float(scores[-1])
            if together:  # the sum of many is proven, if none of them alone
                threshold = min(threshold, float(scores[-min(TAUGHT, len(scores))]))
        return Null(len(scores), SHUFFLES, float(best.mean()), needed, float(scores[-1]), across, threshold)


def _quantile_of_best(mean: float) -> float:
    """The score that the best of all reaches seldom, from the score that it reaches on average.

    The scores are nearly normal; the mean of the largest tells how many independent ones the candidates amount to
    (P(largest < mean) is about 0.5264 for many), and these how large the largest seldom gets.
    """
    # beyond 37 standard deviations even the logarithm is no number any more; what was the largest holds then
    many = max(np.log(0.5264) / log_ndtr(min(mean, 37.0)), 1.0)
    return float(-ndtri(-np.expm1(np.log1p(-SELDOM) / many)))


def time_blocks(cutoff: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of up to twenty runs of time of about equal size; equal times stay together.

    >>> time_blocks(np.repeat([1, 2, 3], 40)).tolist() == [0] * 40 + [1] * 40 + [2] * 40
    True
    """
    n = len(cutoff)
    blocks = max(min(BLOCKS, n // LEAST_BLOCK), 1)
    ordered = np.sort(cutoff)
    edges = np.unique(ordered[np.linspace(0, n, blocks + 1).astype(np.int64)[1:-1]]) if n else ordered
    edges = edges[edges > ordered[0]] if n else edges
    return np.searchsorted(edges, cutoff, side="right")


def above_chance(statistic: NDArray[np.float64], freedom: float) -> NDArray[np.float64]:
    """A chi-square as standard deviations above what chance gives.

    Wilson and Hilferty, The distribution of chi-square, PNAS 17 (1931): its cube root is nearly normal, so that
    statistics of different degrees of freedom can be compared far out in the tail.

    >>> [round(float(above_chance(np.array([x]), d)[0]), 2) for x, d in ((3.841, 1.0), (24.996, 15.0))]
    [1.67, 1.65]
    """
    part = 2.0 / (9.0 * freedom)
    return (np.cbrt(statistic / freedom) - (1.0 - part)) / np.sqrt(part)
