"""Columns as codes between few, round thresholds, dense in the tails, where fraud lives."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tael.models.logistic import Floats
from tael.models.rules_terms import RuleTerm

Codes = NDArray[np.int16]
Key = tuple[int, int, int, int]
"""Column, low and high code (``low < code <= high``, -1 and the number of edges where open), missing (0 or 1)."""

_TAILS = np.array([0.005, 0.01, 0.02, 0.03, 0.045, 0.06, 0.08])
_SHARES = np.concatenate([_TAILS, np.arange(0.1, 0.905, 0.04), 1 - _TAILS[::-1]])


@dataclass(frozen=True)
class Grid:
    """The thresholds of each column.

    Parameters
    ----------
    edges : tuple of ndarray
        Rising; code k of a value means ``edges[k - 1] < value <= edges[k]``.
    gaps : ndarray of bool, shape (p,)
        Whether the column had missing values.
    """

    edges: tuple[Floats, ...]
    gaps: NDArray[np.bool_]

    def codes(self, X: Floats) -> Codes:
        """Codes of X's values, shape (n, p); -1 is missing."""
        out = np.empty(X.shape, dtype=np.int16, order="F")
        for j, edges in enumerate(self.edges):
            out[:, j] = np.searchsorted(edges, X[:, j], side="left")
            out[np.isnan(X[:, j]), j] = -1
        return out

    def term(self, key: Key) -> RuleTerm:
        """A condition on codes as one on values."""
        j, low, high, missing = key
        edges = self.edges[j]
        if low >= len(edges):
            return RuleTerm(j, np.inf, np.inf, True)
        return RuleTerm(
            j,
            float(edges[low]) if low >= 0 else -np.inf,
            float(edges[high]) if high < len(edges) else np.inf,
            bool(missing),
        )


def make_grid(X: Floats) -> Grid:
    """Thresholds from the columns' own values (no label is looked at), shape of X (n, p)."""
    return Grid(tuple(_edges(X[:, j]) for j in range(X.shape[1])), np.asarray(np.asarray(np.isnan(X).any(axis=0))))


def _edges(x: Floats) -> Floats:
    known = np.sort(x[~np.isnan(x)])
    if not len(known) or known[0] == known[-1]:
        return np.empty(0)
    values = np.unique(known)
    if len(values) <= len(_SHARES):
        return np.array([_roundest(float(a), float(b)) for a, b in pairwise(values)])
    # Each edge may move a third of the way to its neighbours, to the roundest number there.
    left = _SHARES - np.diff(_SHARES, prepend=0.0) / 3
    right = _SHARES + np.diff(_SHARES, append=1.0) / 3
    lows, highs = (known[np.floor(share * (len(known) - 1)).astype(np.int64)] for share in (left, right))
    after = np.append(values[1:], values[-1])[np.searchsorted(values, highs)]
    found = [_roundest(float(a), float(b if b > a else c)) for a, b, c in zip(lows, highs, after, strict=True) if c > a]
    edges = np.unique(np.array(found))
    return edges[(edges >= known[0]) & (edges < known[-1])]


def _roundest(low: float, high: float) -> float:
    """The shortest number v with low <= v < high.

    >>> _roundest(1234.0, 1310.0), _roundest(3.0, 4.0), _roundest(0.0, 1.0)
    (1300.0, 3.0, 0.0)
    """
    for digits in range(1, 17):
        for value in (float(f"{high:.{digits}g}"), float(f"{low:.{digits}g}")):
            if low <= value < high:
                return value
    return low
