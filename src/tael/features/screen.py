"""Screening: what each candidate says about the residual, tested against chance and in both halves of time."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.kernels.gain import between, bin_codes

EDGE_SAMPLE = 4096


@dataclass(frozen=True)
class Screening:
    """What a candidate scored.

    Attributes
    ----------
    score : float
        Standard deviations above what chance gives: (chi² - d) / sqrt(2 d).
    agreement : float
        The same of the product of the two halves of time: positive if both halves say the same.
    coverage : float
        Share of observations with a value.
    constant : bool
    """

    score: float
    agreement: float
    coverage: float
    constant: bool


class Screen:
    """Scores columns against residuals.

    Parameters
    ----------
    residual : ndarray of float64, shape (n, k)
        One column a task: y - p for each class but the first, or a regression's residual.
    variance : ndarray of float64, shape (n, k)
        Of each residual.
    half : ndarray of uint8, shape (n,)
        0 for the earlier half of the rows in time, 1 for the later.
    n_bins : int
        Quantile bins of a column, besides one for missing.
    n_threads : int

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=2000)
    >>> y = (rng.random(2000) < 1 / (1 + np.exp(-x))).astype(float)
    >>> p = np.full(2000, y.mean())
    >>> screen = Screen((y - p)[:, None], (p * (1 - p))[:, None], np.arange(2000) % 2)
    >>> told, noise = screen(np.stack([x, rng.normal(size=2000)]).astype(np.float32))
    >>> told.score > 20, abs(noise.score) < 4
    (True, True)
    """

    def __init__(
        self,
        residual: NDArray[np.float64],
        variance: NDArray[np.float64],
        half: NDArray,
        *,
        n_bins: int = 16,
        n_threads: int = 1,
    ) -> None:
        self.residual = np.asfortranarray(residual)
        self.variance = np.asfortranarray(variance)
        self.half = np.ascontiguousarray(half, dtype=np.uint8)
        self.n_bins, self.n_threads = n_bins, n_threads
        step = max(1, len(half) // EDGE_SAMPLE)
        self._sample = np.arange(0, len(half), step)

    def __call__(self, columns: NDArray[np.float32]) -> list[Screening]:
        """Score the rows of ``columns``, shape (m, n)."""
        if self.n_threads == 1 or len(columns) < 2:
            return [self._one(column) for column in columns]
        with ThreadPoolExecutor(self.n_threads) as pool:
            return list(pool.map(self._one, columns))

    def codes(self, column: NDArray[np.float32]) -> tuple[NDArray[np.uint8], int]:
        """Quantile bins of a column and their number, the bin for missing included."""
        edges = self._edges(column)
        codes = np.empty(len(column), dtype=np.uint8)
        bin_codes(np.ascontiguousarray(column, dtype=np.float32), edges, codes)
        return codes, len(edges) + 2

    def _edges(self, column: NDArray[np.float32]) -> NDArray[np.float32]:
        sample = column[self._sample]
        sample = np.sort(sample)  # missing values come last
        sample = sample[: np.searchsorted(sample, np.nan)]
        if len(sample) < 2:
            present = column[~np.isnan(column)]
            return np.unique(present)[:1].astype(np.float32)
        distinct = _distinct(sample)
        if len(distinct) <= self.n_bins:
            edges = distinct[:-1]
        else:
            at = np.linspace(0, len(sample) - 1, self.n_bins + 1)[1:-1].astype(np.int64)
            edges = _distinct(sample[at])
        return edges[:62].astype(np.float32)

    def _one(self, column: NDArray[np.float32]) -> Screening:
        codes, n_bins = self.codes(column)
        first = codes[0] if len(codes) else 0
        if len(codes) == 0 or (codes == first).all():
            present = column[~np.isnan(column)]
            if len(present) == 0 or bool((present == present[0]).all()):
                return Screening(0.0, 0.0, float(len(present) > 0), constant=True)
        best, agreement, coverage = -np.inf, 0.0, 0.0
        out = np.empty(5)
        for k in range(self.residual.shape[1]):
            between(codes, n_bins, self.residual[:, k], self.variance[:, k], self.half, out)
            freedom = max(out[1] - 1.0, 1.0)
            score = (out[0] - freedom) / np.sqrt(2.0 * freedom)
            if score > best:
                best, agreement = float(score), float(out[2] / np.sqrt(max(out[3], 1.0)))
            coverage = float(out[4])
        return Screening(best, agreement, coverage, constant=False)


def _distinct(ordered: NDArray[np.float32]) -> NDArray[np.float32]:
    """The different values of a sorted array."""
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]]


def residuals(
    y: NDArray, probability: NDArray | None = None, *, classification: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Residuals of a label and their variances, one column a class beyond the first.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Class numbers from 0, or numbers.
    probability : ndarray, shape (n, n_classes) or (n,), optional
        What a model foretells; left out: the base rate or the mean.
    classification : bool
    """
    if not classification:
        centre = np.full(len(y), y.mean()) if probability is None else probability
        rest = (y - centre).astype(np.float64)
        return rest[:, None], np.full((len(y), 1), max(float(rest.var()), 1e-300))
    classes = np.arange(int(y.max()) + 1 if len(y) else 2)
    if probability is None:
        probability = np.tile(np.bincount(y.astype(np.int64), minlength=len(classes)) / max(len(y), 1), (len(y), 1))
    told = (y[:, None] == classes[None, 1:]).astype(np.float64)
    p = np.clip(np.asarray(probability, dtype=np.float64)[:, 1:], 1e-6, 1 - 1e-6)
    return told - p, p * (1 - p)


def chunks(items: list, size: int) -> Iterable[list]:
    """Cut a list into runs of at most ``size``."""
    for start in range(0, len(items), max(size, 1)):
        yield items[start : start + size]
