"""How sure a Sharpe ratio is: its standard error, its probability, what it is worth after so many trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import kurtosis, norm, skew

from tael.errors import MarketError
from tael.markets.performance.arrays import above_zero, series
from tael.markets.performance.regression import bandwidth, long_run_covariance
from tael.markets.performance.returns import sharpe_ratio

EULER = 0.5772156649015329


def sharpe_error(returns: Any, *, periods: float = 252, lags: int | None = 0) -> float:
    """Standard error of the yearly Sharpe ratio (root of the periods times that of the period's).

    With ``lags=0`` the returns are taken as independent, of any distribution: the variance of the period's ratio S is
    ``(1 - skew S + (kurtosis - 1) / 4 S²) / n`` (Mertens 2002; of normal returns ``(1 + S² / 2) / n``, Lo 2002, "The
    statistics of Sharpe ratios", equation 9). Otherwise the long-run covariance of returns and squares is estimated by
    Newey and West with so many lags (Lo's equation 14).

    Parameters
    ----------
    returns : (T,)
    lags : int or None
        None: the usual rule, the whole part of 4 (T / 100)^(2/9).

    Examples
    --------
    >>> r = np.array([0.02, -0.01, 0.0, 0.01, 0.03, -0.02])
    >>> round(sharpe_error(r, periods=1), 3), round(sharpe_error(r, periods=1, lags=None), 3)
    (0.411, 0.244)
    """
    r = series(returns, least=4)
    mean, spread = float(r.mean()), float(r.std())
    if spread == 0.0:
        return float("nan")
    moments = np.column_stack([r - mean, (r - mean) ** 2 - spread**2])
    gradient = np.array([1.0 / spread, -mean / (2.0 * spread**3)])
    omega = long_run_covariance(moments, bandwidth(len(r)) if lags is None else lags)
    return float(np.sqrt(max(0.0, gradient @ omega @ gradient) / len(r) * above_zero(periods, "periods of a year")))


def autocorrelated_sharpe(returns: Any, *, periods: int = 252, lags: int | None = None) -> float:
    """Yearly Sharpe ratio of returns that follow one another: the period's, times eta(q) instead of the root of q.

    ``eta(q) = q / sqrt(q + 2 sum_k (q - k) rho_k)`` (Lo 2002, equation 20), with autocorrelations up to `lags` (None:
    the usual rule); positive ones lower the ratio.

    >>> r = np.convolve(np.random.default_rng(0).normal(0, 0.01, 1000), np.ones(5))
    >>> r = r - r.mean() + 0.01
    >>> autocorrelated_sharpe(r, periods=12) < 0.6 * sharpe_ratio(r, periods=12)
    True
    """
    r = series(returns, least=4)
    d = r - r.mean()
    k = np.arange(1, min(bandwidth(len(r)) if lags is None else lags, periods - 1, len(r) - 1) + 1)
    total = float(d @ d)
    if total == 0.0:
        return float("nan")
    rho = np.array([float(d[lag:] @ d[:-lag]) / total for lag in k])
    below = periods + 2.0 * float(np.sum((periods - k) * rho))
    return sharpe_ratio(r, periods=1) * periods / float(np.sqrt(below)) if below > 0 else float("nan")


def _shape(r: Any, ratio: float) -> float:
    """1 - skew S + (kurtosis - 1) / 4 S²."""
    return float(1.0 - skew(r) * ratio + (kurtosis(r, fisher=False) - 1.0) / 4.0 * ratio**2)


def probabilistic_sharpe(returns: Any, benchmark: float = 0.0, *, periods: float = 252) -> float:
    """Probability that the true Sharpe ratio lies above a benchmark (Bailey and Lopez de Prado 2012).

    Parameters
    ----------
    returns : (T,)
    benchmark : float
        A yearly ratio.

    Examples
    --------
    >>> round(probabilistic_sharpe(np.array([0.02, -0.01, 0.0, 0.01]), periods=1), 3)
    0.746
    """
    r = series(returns, least=4)
    ratio = sharpe_ratio(r, periods=1)
    return sharpe_probability(ratio, benchmark / np.sqrt(periods), len(r), float(skew(r)), float(kurtosis(r) + 3.0))


def sharpe_probability(ratio: float, benchmark: float, n: int, skewness: float = 0.0, kurt: float = 3.0) -> float:
    """The same from moments: ratios of a period, n periods, skewness and kurtosis (3 is normal)."""
    below = 1.0 - skewness * ratio + (kurt - 1.0) / 4.0 * ratio**2
    if not (n > 1 and below > 0 and np.isfinite(ratio)):
        return float("nan")
    return float(norm.cdf((ratio - benchmark) * np.sqrt(n - 1.0) / np.sqrt(below)))


def expected_best_sharpe(trials: int, variance: float) -> float:
    """What the best of so many worthless trials reaches in the mean, where their ratios have this variance.

    ``sqrt(variance) ((1 - g) z(1 - 1/N) + g z(1 - 1/(N e)))`` with Euler's constant g (Bailey and Lopez de Prado 2014,
    "The deflated Sharpe ratio", equation 1).

    >>> round(expected_best_sharpe(100, 0.5 / 250), 4)
    0.1132
    """
    if trials < 1 or not variance >= 0:
        raise MarketError("Trials are counted from 1, and have a variance.", got=f"{trials} trials, {variance}")
    if trials == 1:
        return 0.0
    tail = (1.0 - EULER) * norm.ppf(1.0 - 1.0 / trials) + EULER * norm.ppf(1.0 - 1.0 / (trials * np.e))
    return float(np.sqrt(variance) * tail)


@dataclass(frozen=True)
class DeflatedSharpe:
    """What a Sharpe ratio is worth after the trials it was chosen from.

    Parameters
    ----------
    probability : float
        That the true ratio lies above what the best of worthless trials reaches.
    sharpe, hurdle : float
        The yearly ratio, and the yearly ratio that chance alone reaches.
    trials : int
    """

    probability: float
    sharpe: float
    hurdle: float
    trials: int


def deflated_sharpe(
    returns: Any, trials: int, *, variance: float | None = None, periods: float = 252
) -> DeflatedSharpe:
    """Probability that a Sharpe ratio is more than the best of so many trials by chance (Bailey, Lopez de Prado 2014).

    Parameters
    ----------
    returns : (T,)
        Of the strategy that was chosen.
    trials : int
        How many were tried (independent ones: of trials that resemble one another fewer count).
    variance : float, optional
        Of the trials' yearly Sharpe ratios. By default that of worthless trials over T periods: periods / T.

    Examples
    --------
    >>> r = np.random.default_rng(0).normal(0.0015, 0.01, 1000)
    >>> one, many = deflated_sharpe(r, 1), deflated_sharpe(r, 1000)
    >>> one.probability > 0.99 > many.probability
    True
    """
    r = series(returns, least=4)
    spread = 1.0 / len(r) if variance is None else variance / above_zero(periods, "periods of a year")
    hurdle = expected_best_sharpe(trials, spread)
    ratio = sharpe_ratio(r, periods=1)
    probability = sharpe_probability(ratio, hurdle, len(r), float(skew(r)), float(kurtosis(r) + 3.0))
    year = float(np.sqrt(periods))
    return DeflatedSharpe(probability, ratio * year, hurdle * year, int(trials))


def minimum_track_record(returns: Any, benchmark: float = 0.0, *, level: float = 0.95, periods: float = 252) -> float:
    """Periods needed until this Sharpe ratio lies above a yearly benchmark with this probability (infinite: never).

    Bailey and Lopez de Prado 2012, "The Sharpe ratio efficient frontier", equation 11.

    >>> one, two = np.tile([0.02, -0.01], 50), np.tile([0.02, -0.005], 50)
    >>> minimum_track_record(two) < minimum_track_record(one)
    True
    """
    r = series(returns, least=4)
    ratio = sharpe_ratio(r, periods=1)
    gap = ratio - benchmark / np.sqrt(above_zero(periods, "periods of a year"))
    if not gap > 0:
        return float("inf")
    return float(1.0 + _shape(r, ratio) * (norm.ppf(level) / gap) ** 2)
