"""Whether there is anything to find: what one half of time teaches, tried on the other half."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from tael.features.select import ranks
from tael.formulas.syntax import Node

TAUGHT = 40  # formulas that each half chooses by itself
CLEAR = 3.5  # standard deviations: seldomer than one time in four thousand by chance


class Halves:
    """Gathers what each half of time says of the candidates alone.

    Single formulas may each be too weak to stand out among twenty thousand, and yet together foretell rows that had no
    part in choosing them. So each half chooses formulas and weights, and the other half judges their sum: that is one
    test, however many were tried.

    Parameters
    ----------
    half : ndarray of uint8, shape (n,)
    block : ndarray of int, shape (n,)
        Runs of time; within them the label is compared, so that drift alone proves nothing.
    """

    def __init__(self, half: NDArray[np.uint8], block: NDArray[np.int64]) -> None:
        self.half, self.block = half, block
        self._told: list[tuple[float, float]] = []
        self._nodes: list[Node] = []

    def note(self, node: Node, told: tuple[float, float]) -> None:
        """Take down a candidate's scores in the halves."""
        self._nodes.append(node)
        self._told.append(told)

    def proof(self, evaluate: Callable[[list[Node]], NDArray[np.float32]], label: NDArray[np.float64]) -> float:
        """How clearly each half foretells the other, in standard deviations; NaN where a half has nothing to teach.

        Parameters
        ----------
        evaluate : callable
            Computes formulas for all rows: (m, n).
        label : ndarray, shape (n, k)
            Less its mean.
        """
        if not self._nodes:
            return float("nan")
        told = np.array(self._told)
        z = []
        for teacher in (0, 1):
            order = np.argsort(-told[:, teacher], kind="stable")[:TAUGHT]
            table = np.stack([ranks(column) for column in evaluate([self._nodes[i] for i in order])], axis=1)
            learn, judge = self.half == teacher, self.half != teacher
            if min(learn.sum(), judge.sum()) < TAUGHT:
                return float("nan")
            table = table * np.sqrt(len(table))  # each column has variance 1
            model = RidgeCV(alphas=np.logspace(1, 5, 9)).fit(table[learn], label[learn])
            foretold = model.predict(table[judge]).reshape(judge.sum(), -1)
            z.append(agreement(foretold, label[judge], self.block[judge]))
        # both directions weigh much the same products of two rows' labels, so they are not two witnesses but one
        return float(np.mean(z))


def halves_of(cutoff: NDArray[np.int64], seed: int = 0) -> NDArray[np.uint8]:
    """0 for the earlier half of the observations, 1 for the later; rows of one cutoff are split by lot.

    Their order in the table (by customer number, or by the label itself) is no order of time.

    >>> halves_of(np.array([1, 2, 3, 4])).tolist()
    [0, 0, 1, 1]
    >>> int(halves_of(np.zeros(10, dtype=np.int64)).sum())
    5
    """
    n = len(cutoff)
    half = np.zeros(n, dtype=np.uint8)
    half[np.lexsort((np.random.default_rng(seed).random(n), cutoff))[n // 2 :]] = 1
    return half


def agreement(foretold: NDArray[np.float64], label: NDArray[np.float64], block: Sequence[int] | NDArray) -> float:
    """How far a prediction's covariance with a label lies above that with a shuffled one, in standard deviations.

    The label is shuffled within blocks; mean and variance over all orders are known without shuffling (Pitman, 1937).

    >>> x = np.arange(50.0)[:, None]
    >>> round(float(agreement(x, x, np.zeros(50, dtype=int))), 6)
    7.0
    """
    total = variance = 0.0
    for one in np.unique(block):
        rows = block == one
        if rows.sum() < 2:
            continue
        f, y = foretold[rows] - foretold[rows].mean(axis=0), label[rows] - label[rows].mean(axis=0)
        total += float((f * y).sum())
        variance += float(((f.T @ f) * (y.T @ y)).sum()) / (rows.sum() - 1)
    return total / np.sqrt(variance) if variance > 0.0 else 0.0
