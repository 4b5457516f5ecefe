"""One view of the rejected: a score of everybody, a bad rate of the rejected in any region, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tael.models.logistic import Floats
from tael.validation.ranked import interval


@dataclass(frozen=True)
class Book:
    """The applicants: outcomes and weights of the accepted, weights of the rejected."""

    y: Floats
    w: Floats
    w_rejected: Floats

    @property
    def total(self) -> float:
        """Weight of all applicants."""
        return float(self.w.sum() + self.w_rejected.sum())


@dataclass(frozen=True)
class View:
    """What one method says.

    Parameters
    ----------
    method : str
    factor : float or None
        Of parcelling.
    score, score_rejected : ndarray of shape (n,) and (m,)
        Probability of going bad, to rank and to cut by; of the accepted out of fold.
    rate_rejected : ndarray of shape (m,) or None
        Inferred bad rate of each rejected person.
    lent : ndarray of shape (n,) or None
        Where there is no rate a person: weights with which the outcomes of the accepted stand for the rejected.
    """

    method: str
    factor: float | None
    score: Floats
    score_rejected: Floats
    rate_rejected: Floats | None = None
    lent: Floats | None = None

    def _bad(self, book: Book, counts: Floats, counts_rejected: Floats) -> tuple[float, float, float]:
        """Expected bad weight of the accepted and of the rejected, and the weight of both, rows counted so often."""
        w, v = counts * book.w, counts_rejected * book.w_rejected
        heavy = float(v.sum())
        if self.rate_rejected is not None:
            inferred = float(v @ self.rate_rejected)
        else:
            lent = counts * (book.w if self.lent is None else self.lent)
            # where nobody accepted stands for the rejected, nothing can be said of them
            rate = float(lent @ book.y) / float(lent.sum()) if lent.sum() > 0 else float("nan")
            inferred = heavy * rate if heavy > 0 else 0.0
        return float(w @ book.y), inferred, float(w.sum()) + heavy

    def _below(self, cutoff: float) -> tuple[Floats, Floats]:
        return (self.score <= cutoff).astype(np.float64), (self.score_rejected <= cutoff).astype(np.float64)

    def rate(self, book: Book, cutoff: float = np.inf) -> float:
        """Expected bad rate of those whose score is not above the cut-off; NaN where nobody is."""
        bad, inferred, total = self._bad(book, *self._below(cutoff))
        return (bad + inferred) / total if total > 0 else float("nan")

    def rejected_rate(self, book: Book) -> float:
        """Expected bad rate of the rejected."""
        _, inferred, _ = self._bad(book, *self._below(np.inf))
        return inferred / float(book.w_rejected.sum())

    def approval(self, book: Book, cutoff: float) -> float:
        """Share of all applicants whose score is not above the cut-off."""
        one, two = self._below(cutoff)
        return float(one @ book.w + two @ book.w_rejected) / book.total

    def limits(
        self, book: Book, cutoff: float, n_boot: int, level: float, seed: int
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Bootstrap limits of the bad rate of all, and of those below the cut-off; the models are held as they are."""
        rng, draws = np.random.default_rng(seed), np.full((2, n_boot), np.nan)
        one, two = self._below(cutoff)
        n, m = len(book.w), len(book.w_rejected)
        for k in range(n_boot):
            counts = np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)
            rejected = np.bincount(rng.integers(0, m, m), minlength=m).astype(np.float64)
            for place, region in enumerate(((counts, rejected), (counts * one, rejected * two))):
                bad, inferred, total = self._bad(book, *region)
                draws[place, k] = (bad + inferred) / total if total > 0 else np.nan
        return interval(self.rate(book), draws[0], level), interval(self.rate(book, cutoff), draws[1], level)

    def cutoff_for_approval(self, book: Book, approval: float) -> float:
        """The smallest cut-off that approves at least this share of all applicants."""
        score, w, _ = self._sorted(book)
        share, ends = np.cumsum(w) / w.sum(), _ends(score)
        return float(score[ends[min(int(np.searchsorted(share[ends], approval - 1e-12)), len(ends) - 1)]])

    def cutoff_for_limit(self, book: Book, limit: float) -> float | None:
        """The largest cut-off with an expected bad rate of the approved within a limit; None where there is none."""
        score, w, bad = self._sorted(book)
        ends = _ends(score)
        known = self.rate_rejected is not None
        rate = np.cumsum(bad)[ends] / np.cumsum(w)[ends] if known else self._lent_rates(book, ends)
        within = ends[rate <= limit]
        return float(score[within[-1]]) if len(within) else None

    def _order(self) -> NDArray[np.int64]:
        return np.argsort(np.concatenate([self.score, self.score_rejected]), kind="stable")

    def _sorted(self, book: Book) -> tuple[Floats, Floats, Floats]:
        """Everybody from the lowest score up: score, weight, expected bad weight (lent rates: the accepted's)."""
        order = self._order()
        rates = np.zeros(len(book.w_rejected)) if self.rate_rejected is None else self.rate_rejected
        columns = (
            [self.score, self.score_rejected], [book.w, book.w_rejected], [book.w * book.y, book.w_rejected * rates]
        )  # fmt: skip
        score, w, bad = (np.concatenate(column)[order] for column in columns)
        return score, w, bad

    def _lent_rates(self, book: Book, ends: NDArray[np.int64]) -> Floats:
        """Expected bad rate up to each place, where the accepted's outcomes stand for the rejected."""
        order, none = self._order(), np.zeros(len(book.w_rejected))
        weights = book.w if self.lent is None else self.lent
        columns = (
            [weights, none], [weights * book.y, none], [np.zeros(len(book.w)), book.w_rejected],
            [book.w * book.y, none], [book.w, none],
        )  # fmt: skip
        lent, hit, rejected, bad, own = (np.cumsum(np.concatenate(column)[order])[ends] for column in columns)
        rate = np.divide(hit, lent, out=np.full(len(lent), np.nan), where=lent > 0)
        return (bad + np.where(rejected > 0, rejected * rate, 0.0)) / (own + rejected)


def _ends(score: Floats) -> NDArray[np.int64]:
    """Last place of each run of equal scores."""
    return np.flatnonzero(np.append(np.diff(score) > 0, True))


def bands(
    book: Book, score: Floats, score_rejected: Floats, parcels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Score band of each accepted and of each rejected person; bands hold about equal weights of all applicants."""
    everybody = np.concatenate([score, score_rejected])
    w = np.concatenate([book.w, book.w_rejected])
    order = np.argsort(everybody, kind="stable")
    reached = np.cumsum(w[order]) / w.sum()
    at = np.searchsorted(reached, np.arange(1, parcels) / parcels, side="left")
    edges = np.unique(everybody[order][at])
    return np.searchsorted(edges, score, side="left"), np.searchsorted(edges, score_rejected, side="left")


def parcel_rates(book: Book, score: Floats, score_rejected: Floats, parcels: int) -> Floats:
    """Bad rate of the accepted in the score band of each rejected person.

    A band in which nobody was accepted takes the rate of the nearest band of lower risk that has somebody, or else of
    higher risk.
    """
    place, place_rejected = bands(book, score, score_rejected, parcels)
    size = 1 + int(max(place.max(), place_rejected.max()))
    total = np.bincount(place, book.w, size)
    known = np.flatnonzero(total > 0)
    rate = np.bincount(place, book.w * book.y, size)[known] / total[known]
    nearest = np.maximum(np.searchsorted(known, place_rejected, side="right") - 1, 0)
    return np.asarray(rate[nearest])


def band_acceptance(book: Book, score: Floats, score_rejected: Floats, parcels: int) -> tuple[Floats, Floats]:
    """Share that was accepted in the score band of each accepted and of each rejected person."""
    place, place_rejected = bands(book, score, score_rejected, parcels)
    size = 1 + int(max(place.max(), place_rejected.max()))
    accepted, rejected = np.bincount(place, book.w, size), np.bincount(place_rejected, book.w_rejected, size)
    share = accepted / np.maximum(accepted + rejected, 1e-300)
    return share[place], share[place_rejected]
