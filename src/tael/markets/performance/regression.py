"""Least squares with errors that bear heteroscedastic and autocorrelated residuals; returns explained by factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.performance.arrays import Floats, series

if TYPE_CHECKING:
    import polars as pl


def bandwidth(n: int) -> int:
    """Lags by the usual rule: the whole part of 4 (n / 100)^(2/9) (Newey and West 1994).

    >>> bandwidth(1000)
    6
    """
    return int(4.0 * (n / 100.0) ** (2.0 / 9.0))


def long_run_covariance(moments: Floats, lags: int) -> Floats:
    """Covariance of the root-n mean of moments that follow one another, with Bartlett weights (Newey and West 1987).

    Parameters
    ----------
    moments : (n, k)
        With mean 0.
    lags : int

    Returns
    -------
    (k, k)
    """
    if lags < 0:
        raise MarketError("Lags are counted from 0.", got=str(lags))
    n = len(moments)
    total: Floats = moments.T @ moments / n
    for lag in range(1, min(lags, n - 1) + 1):
        cross = moments[lag:].T @ moments[:-lag] / n
        total = total + (1.0 - lag / (lags + 1.0)) * (cross + cross.T)
    return total


@dataclass(frozen=True)
class MeanTest:
    """A mean with the error of its long-run variance.

    Parameters
    ----------
    mean, error, t : float
    lags : int
    n : int
        Periods.
    """

    mean: float
    error: float
    t: float
    lags: int
    n: int


def mean_test(values: Any, lags: int | None = None) -> MeanTest:
    """Mean of a series, its Newey-West standard error and t; missing periods are left out.

    Parameters
    ----------
    values : (T,)
    lags : int, optional
        None: the usual rule. For labels that overlap over h periods take at least h - 1.

    Examples
    --------
    >>> mean_test([1.0, 2.0, 3.0], lags=0).t
    4.242640687119285
    """
    x = np.asarray(values, dtype=np.float64)
    x = series(x[np.isfinite(x)], "values")
    used = bandwidth(len(x)) if lags is None else lags
    d = (x - x.mean())[:, None]
    error = float(np.sqrt(max(0.0, long_run_covariance(d, used)[0, 0]) / len(x)))
    return MeanTest(float(x.mean()), error, float(x.mean()) / error if error > 0 else float("nan"), used, len(x))


@dataclass(frozen=True)
class FactorRegression:
    """Returns explained by factors.

    Parameters
    ----------
    alpha, alpha_error, alpha_t : float
        What the factors leave, of a period.
    names : tuple of str
        Of the K factors.
    betas, errors, t : ndarray of shape (K,)
        With Newey-West errors.
    r2 : float
        Share of the variance explained.
    residuals : ndarray of shape (T,)
    lags, periods : int, float
    """

    alpha: float
    alpha_error: float
    alpha_t: float
    names: tuple[str, ...]
    betas: Floats
    errors: Floats
    t: Floats
    r2: float
    residuals: Floats
    lags: int
    periods: float

    @property
    def annual_alpha(self) -> float:
        """Alpha times the periods of a year."""
        return self.alpha * self.periods

    def table(self) -> pl.DataFrame:
        """One row for alpha (of a period) and each factor: name, coefficient, error, t."""
        import polars as pl

        return pl.DataFrame(
            {
                "name": ["alpha", *self.names],
                "coefficient": np.concatenate(([self.alpha], self.betas)),
                "error": np.concatenate(([self.alpha_error], self.errors)),
                "t": np.concatenate(([self.alpha_t], self.t)),
            }
        )


def factor_regression(
    returns: Any, factors: Mapping[str, Any], *, lags: int | None = None, periods: float = 252
) -> FactorRegression:
    """Regress excess returns on factors by least squares, with Newey-West errors.

    Parameters
    ----------
    returns : (T,)
        Less the riskless return, if the factors are.
    factors : mapping of str to (T,)
        At the same periods: ``{"Mkt-RF": ..., "SMB": ...}``.
    lags : int, optional
        None: the usual rule.

    Raises
    ------
    MarketError
        Missing periods, lengths that differ, factors that say the same.

    Examples
    --------
    >>> market = np.array([0.01, -0.02, 0.03, 0.0, 0.01])
    >>> found = factor_regression(0.001 + 0.5 * market, {"market": market})
    >>> round(found.alpha, 6), found.betas.round(6).tolist(), round(found.r2, 6)
    (0.001, [0.5], 1.0)
    """
    y = series(returns, least=len(factors) + 2)
    columns = []
    for name, values in factors.items():
        column = series(values, f"returns of factor {name}")
        if len(column) != len(y):
            raise MarketError(
                "A factor does not match the returns.", expected=f"{len(y)}", got=f"{name}: {len(column)}"
            )
        columns.append(column)
    X = np.column_stack([np.ones(len(y)), *columns])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        raise MarketError(
            "The factors say the same, or one does not move.", got=", ".join(factors), fix="Leave one of them out."
        )
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ (X.T @ y)
    rest: NDArray[np.float64] = y - X @ beta
    used = bandwidth(len(y)) if lags is None else lags
    middle = long_run_covariance(X * rest[:, None], used) * len(y)
    errors = np.sqrt(np.maximum(np.diag(inverse @ middle @ inverse), 0.0))
    t = np.divide(beta, errors, out=np.full(len(beta), np.nan), where=errors > 0)
    total = float(np.sum((y - y.mean()) ** 2))
    r2 = 1.0 - float(rest @ rest) / total if total > 0 else float("nan")
    return FactorRegression(
        float(beta[0]), float(errors[0]), float(t[0]), tuple(factors), beta[1:], errors[1:], t[1:], r2, rest, used,
        float(periods),
    )  # fmt: skip
