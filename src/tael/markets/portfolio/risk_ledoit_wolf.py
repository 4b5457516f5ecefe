"""A risk model for few names, such as futures: the whole covariance, shrunk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from tael.errors import MarketError
from tael.markets.portfolio.risk import FactorRisk, half_life_weights, trailing
from tael.markets.portfolio.risk_statistical import spread, standardised

Floats = NDArray[np.float64]


class LedoitWolfRisk(BaseEstimator):
    """Correlations of the trailing window shrunk towards none; deviations by a shorter memory.

    The intensity is the one that is optimal in the mean square: Ledoit and Wolf (2004), A well-conditioned estimator
    for large-dimensional covariance matrices, Journal of Multivariate Analysis 88(2). It is applied to standardised
    returns, so that restless products do not decide it.

    Parameters
    ----------
    window : int
        Trailing bars.
    volatility_half_life : float, optional
        Bars in which the weight of a return halves, for the deviations; None: equal weights.
    min_history : int
        Fewest returns for a name to be estimated. The others are taken as uncorrelated, with the `unknown` quantile of
        the known variances.
    unknown : float
        See `min_history`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> risk = LedoitWolfRisk().at(251, 0.01 * rng.normal(size=(252, 3)))
    >>> np.sqrt(risk.variances).round(3)
    array([0.01, 0.01, 0.01])
    """

    def __init__(
        self,
        *,
        window: int = 252,
        volatility_half_life: float | None = 63,
        min_history: int = 60,
        unknown: float = 0.75,
    ) -> None:
        self.window, self.volatility_half_life = window, volatility_half_life
        self.min_history, self.unknown = min_history, unknown

    def at(self, t: int, returns: Any) -> FactorRisk:
        """The risk as known after bar t.

        Raises
        ------
        MarketError
            If there is too little history.
        """
        from sklearn.covariance import ledoit_wolf

        past = trailing(t, np.asarray(returns, dtype=np.float64), self.window, self.min_history)
        there = np.isfinite(past)
        variance = spread(past, there, half_life_weights(len(past), self.volatility_half_life))
        known = (there.sum(axis=0) >= self.min_history) & (variance > 0)
        if not known.any():
            raise MarketError(
                "No name has enough history for a risk model.", fix="Ask for less history (min_history), or wait."
            )
        variance[~known] = np.quantile(variance[known], self.unknown)
        even = np.full(len(past), 1.0 / len(past))
        shrunk, _ = ledoit_wolf(standardised(past[:, known], there[:, known], even))
        scale = 1.0 / np.sqrt(np.diag(shrunk))
        correlation = np.eye(past.shape[1])
        correlation[np.ix_(known, known)] = shrunk * scale[:, None] * scale
        deviation = np.sqrt(variance)
        return FactorRisk.from_covariance(correlation * deviation[:, None] * deviation)
