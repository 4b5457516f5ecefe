"""Screening: what each candidate says about the residual, tested against chance and in both halves of time."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.features.chance import SHUFFLES, Chance, above_chance
from tael.kernels.gain import between, between_shuffled, bin_codes

EDGE_SAMPLE = 4096


@dataclass(frozen=True)
class Screening:
    """What a candidate scored.

    Attributes
    ----------
    score : float
        Standard deviations above what chance gives; candidates are ranked by it.
    agreement : float
        The same of the product of the two halves of time: positive if both halves say the same.
    coverage : float
        Share of observations with a value.
    constant : bool
    test : float
        The score once drift in time is taken out of the label: what is compared with chance.
    halves : (float, float)
        The score against the plain label (not what is left of it) in either half of time alone.
    """

    score: float
    agreement: float
    coverage: float
    constant: bool
    test: float = float("nan")
    halves: tuple[float, float] = (float("nan"), float("nan"))


RARE = 1.0
"""Of labels of several classes, each of which may be rare: see ``pad`` of :func:`tael.kernels.gain.between`."""


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
    chance : Chance, optional
        Is told each candidate's score beside its scores on shuffled residuals.
    plain : (ndarray, ndarray), optional
        The label less its mean and its variance, both of shape (n, k): what either half of time alone is asked about.
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
    >>> told.score > 10, abs(noise.score) < 4
    (True, True)
    """

    def __init__(
        self,
        residual: NDArray[np.float64],
        variance: NDArray[np.float64],
        half: NDArray,
        chance: Chance | None = None,
        *,
        plain: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
        n_bins: int = 16,
        n_threads: int = 1,
    ) -> None:
        self.residual = np.asfortranarray(residual)
        self.variance = np.asfortranarray(variance)
        self.half = np.ascontiguousarray(half, dtype=np.uint8)
        self.chance = chance
        self.plain = None if plain is None else np.asfortranarray(plain[0])
        self.plain_variance = np.asfortranarray(np.empty((0, 0)) if plain is None else plain[1])
        self.n_bins, self.n_threads = n_bins, n_threads
        self.pad = RARE if residual.shape[1] > 1 else 0.0
        step = max(1, len(half) // EDGE_SAMPLE)
        self._sample = np.arange(0, len(half), step)
        if chance is not None:
            self._centred = np.asfortranarray(_without_drift(self.residual, chance.block))
            orders = chance.orders()
            self._shuffled = [
                (
                    np.ascontiguousarray(self._centred[chance.rows, k][orders], dtype=np.float32),
                    np.ascontiguousarray(self.variance[chance.rows, k][orders], dtype=np.float32),
                )
                for k in range(self.residual.shape[1])
            ]

    def __call__(self, columns: NDArray[np.float32]) -> list[Screening]:
        """Score the rows of ``columns``, shape (m, n)."""
        if self.n_threads == 1 or len(columns) < 2:
            told = [self._one(column) for column in columns]
        else:
            with ThreadPoolExecutor(self.n_threads) as pool:
                told = list(pool.map(self._one, columns))
        if self.chance is not None:
            for one, shuffled in told:
                if shuffled is not None:
                    self.chance.note(one.test, shuffled)
        return [one for one, _ in told]

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

    def _one(self, column: NDArray[np.float32]) -> tuple[Screening, NDArray[np.float64] | None]:
        codes, n_bins = self.codes(column)
        first = codes[0] if len(codes) else 0
        if len(codes) == 0 or (codes == first).all():
            present = column[~np.isnan(column)]
            if len(present) == 0 or bool((present == present[0]).all()):
                return Screening(0.0, 0.0, float(len(present) > 0), constant=True), None
        best, agreement, coverage, test = -np.inf, 0.0, 0.0, -np.inf
        shuffled = None if self.chance is None else np.full(SHUFFLES, -np.inf)
        out = np.empty(9)
        halves = np.full(2, -np.inf)
        for k in range(self.residual.shape[1]):
            between(codes, n_bins, self.residual[:, k], self.variance[:, k], self.half, out, self.pad)
            score = float(above_chance(out[:1], max(out[1] - 1.0, 1.0))[0])
            if score > best:
                best, agreement = score, float(out[2] / np.sqrt(max(out[3], 1.0)))
            coverage = float(out[4])
            if shuffled is not None:
                between(codes, n_bins, self._centred[:, k], self.variance[:, k], self.half, out, self.pad)
                test = max(test, float(above_chance(out[:1], max(out[1] - 1.0, 1.0))[0]))
                np.maximum(shuffled, self._by_chance(codes, n_bins, k), out=shuffled)
        if self.plain is not None:
            for residual, variance in zip(self.plain.T, self.plain_variance.T, strict=True):
                between(codes, n_bins, residual, variance, self.half, out, self.pad)
                told = [above_chance(out[i : i + 1], max(out[i + 1] - 1.0, 1.0))[0] for i in (5, 7)]
                np.maximum(halves, told, out=halves)
        return Screening(best, agreement, coverage, False, test, (float(halves[0]), float(halves[1]))), shuffled

    def _by_chance(self, codes: NDArray[np.uint8], n_bins: int, k: int) -> NDArray[np.float64]:
        assert self.chance is not None
        told = np.empty(SHUFFLES + 1)
        sampled = codes if len(self.chance.rows) == len(codes) else codes[self.chance.rows]
        between_shuffled(sampled, n_bins, *self._shuffled[k], told, self.pad)
        return above_chance(told[:-1], max(told[-1] - 1.0, 1.0))


def _without_drift(residual: NDArray[np.float64], block: NDArray[np.int64]) -> NDArray[np.float64]:
    """Residuals less their means in each block of time."""
    size = np.maximum(np.bincount(block), 1)
    return np.stack([r - (np.bincount(block, weights=r) / size)[block] for r in residual.T], axis=1)


def _distinct(ordered: NDArray[np.float32]) -> NDArray[np.float32]:
    """The different values of a sorted array."""
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]]


def chunks(items: list, size: int) -> Iterable[list]:
    """Cut a list into runs of at most ``size``."""
    for start in range(0, len(items), max(size, 1)):
        yield items[start : start + size]
