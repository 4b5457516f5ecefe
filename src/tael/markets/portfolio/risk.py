"""The risk of a portfolio in factor form: Sigma = B F B' + diag(D)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FactorRisk:
    """Covariance of N returns by K factors; never written out as an N x N matrix unless asked for.

    Parameters
    ----------
    exposures : ndarray of float, shape (N, K)
        B: how much each name moves with each factor.
    factors : ndarray of float, shape (K, K)
        F: covariance of the factors' returns, per bar.
    specific : ndarray of float, shape (N,)
        D: variance that is each name's own, per bar.
    names : tuple of str
        The factors' names.

    Raises
    ------
    MarketError
        If shapes do not fit, numbers are missing, a variance is negative, or F has no root.

    Examples
    --------
    >>> risk = FactorRisk(np.ones((2, 1)), np.array([[0.04]]), np.array([0.01, 0.03]))
    >>> risk.covariance()
    array([[0.05, 0.04],
           [0.04, 0.07]])
    >>> float(risk.volatility([1.0, 0.0]).round(4))
    0.2236
    """

    exposures: Floats
    factors: Floats
    specific: Floats
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        b, f, d = (np.ascontiguousarray(x, dtype=np.float64) for x in (self.exposures, self.factors, self.specific))
        if b.ndim != 2 or f.shape != (b.shape[1],) * 2 or d.shape != (b.shape[0],):
            raise MarketError(
                "The parts of the risk model do not fit together.",
                expected="exposures (N, K), factors (K, K), specific (N,)",
                got=f"{b.shape}, {f.shape}, {d.shape}",
            )
        for name, part in (("exposures", b), ("factors", f), ("specific", d)):
            if not np.isfinite(part).all():
                raise MarketError(f"The risk model's {name} have missing or infinite numbers.", expected="numbers")
        if (d < 0).any():
            raise MarketError("A specific variance is negative.", expected="0 or more", got=str(d.min()))
        for name, value in (("exposures", b), ("factors", (f + f.T) / 2), ("specific", d)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_loadings", self._rooted())

    def _rooted(self) -> Floats:
        values, vectors = np.linalg.eigh(self.factors)
        if len(values) and values[0] < -1e-8 * max(values[-1], 1e-300):
            raise MarketError(
                "The factors' covariance is no covariance.",
                expected="no negative eigenvalue",
                got=f"smallest {values[0]:.3g}, largest {values[-1]:.3g}",
            )
        return np.asarray((self.exposures @ vectors) * np.sqrt(np.maximum(values, 0.0)))

    @classmethod
    def from_covariance(cls, covariance: Any) -> FactorRisk:
        """A full covariance as a risk of N factors and nothing specific; for few names.

        Parameters
        ----------
        covariance : array-like of shape (N, N)
            Symmetric, no negative eigenvalue.
        """
        sigma = np.asarray(covariance, dtype=np.float64)
        n = len(sigma)
        return cls(np.eye(n), sigma, np.zeros(n))

    @property
    def n(self) -> int:
        """Number of names."""
        return len(self.specific)

    @property
    def loadings(self) -> Floats:
        """G' of shape (N, K) with B F B' = G' G."""
        found: Floats = self._loadings  # type: ignore[attr-defined]
        return found

    @property
    def variances(self) -> Floats:
        """Variance of each name, per bar; shape (N,)."""
        return np.asarray((self.loadings**2).sum(axis=1) + self.specific)

    def covariance(self) -> Floats:
        """The whole matrix, shape (N, N)."""
        return np.asarray(self.loadings @ self.loadings.T + np.diag(self.specific))

    def marginal(self, weights: Any) -> Floats:
        """Sigma w, shape (N,)."""
        w = np.asarray(weights, dtype=np.float64)
        return np.asarray(self.loadings @ (self.loadings.T @ w) + self.specific * w)

    def variance(self, weights: Any) -> float:
        """w' Sigma w, per bar."""
        w = np.asarray(weights, dtype=np.float64)
        return float(np.sum((self.loadings.T @ w) ** 2) + np.sum(self.specific * w * w))

    def volatility(self, weights: Any, periods: float = 1.0) -> Floats:
        """Standard deviation of the portfolio's return over so many bars."""
        return np.sqrt(np.float64(self.variance(weights) * periods))

    def contributions(self, weights: Any) -> Floats:
        """Share of each name in the portfolio's variance, shape (N,); adds up to 1."""
        w = np.asarray(weights, dtype=np.float64)
        parts = w * self.marginal(w)
        return np.asarray(parts / parts.sum())

    def take(self, names: Any) -> FactorRisk:
        """The risk of some of the names (mask or indices)."""
        return FactorRisk(self.exposures[names], self.factors, self.specific[names], self.names)

    def scaled(self, periods: float) -> FactorRisk:
        """The risk of so many independent bars."""
        return FactorRisk(self.exposures, self.factors * periods, self.specific * periods, self.names)


@runtime_checkable
class RiskModel(Protocol):
    """Estimates a `FactorRisk` from what is known on a bar."""

    def at(self, t: int, returns: Floats) -> FactorRisk:
        """The risk as known after bar t has closed.

        Parameters
        ----------
        t : int
            The bar; nothing of later rows may be read.
        returns : ndarray of float, shape (t + 1 or more, N)
            Returns of each bar; NaN where there is none.
        """
        ...


def half_life_weights(n: int, half_life: float | None) -> Floats:
    """Weights of n bars, the latest last, that halve every `half_life` bars; they add up to 1.

    >>> half_life_weights(3, 1.0)
    array([0.14285714, 0.28571429, 0.57142857])
    """
    if half_life is None:
        return np.full(n, 1.0 / n)
    if not half_life > 0:
        raise MarketError("A half-life makes no sense.", expected="more than 0 bars, or None", got=str(half_life))
    weight = 0.5 ** (np.arange(n)[::-1] / half_life)
    return np.asarray(weight / weight.sum())


def trailing(t: int, returns: Floats, window: int, least: int) -> Floats:
    """The returns of the last `window` bars up to and with bar t.

    Raises
    ------
    MarketError
        If there are fewer than `least` bars.
    """
    found = returns[max(0, t + 1 - window) : t + 1]
    if len(found) < least:
        raise MarketError(
            "There is too little history for a risk model.",
            expected=f"at least {least} bars",
            got=f"{len(found)} up to bar {t}",
            fix="Start the first rebalance later, or ask for less history.",
        )
    return found


def fill_unknown(exposures: Floats, specific: Floats, known: NDArray[np.bool_], quantile: float) -> None:
    """Give names with too little history the risk of a restless average name, in place.

    Exposures are the median of the known names', the specific variance is the stated quantile of theirs: a name about
    which little is known is neither attractive for looking quiet nor impossible to hold.

    Raises
    ------
    MarketError
        If no name is known.
    """
    if not known.any():
        raise MarketError(
            "No name has enough history for a risk model.", fix="Ask for less history (min_history), or start later."
        )
    exposures[~known] = np.median(exposures[known], axis=0)
    specific[~known] = np.quantile(specific[known], quantile)
