"""Every name contributes the same (or a stated) share of the risk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from tael.errors import MarketError
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import Inputs, MarketState, Weights, spread_over
from tael.validation.words import Words

Floats = NDArray[np.float64]


class RiskParity(BaseEstimator):
    """Long-only weights whose shares of the portfolio's variance are as stated.

    They are proportional to the minimum of the convex function ``x' Sigma x / 2 - sum_i b_i ln x_i`` (Maillard,
    Roncalli and Teiletche 2010; Spinu 2013, An algorithm for computing risk parity weights, equation 7), found by
    Spinu's damped Newton steps. Sigma stays in factor form: a step costs N K^2.

    Parameters
    ----------
    shares : ndarray of float, shape (N,), optional
        Share of the risk of each name, in any unit; default: the same for all. The names that have a score take part.
    budget : float
        Sum of the weights. Names that cannot be traded keep theirs, and the others share the rest.
    tolerance : float
        Largest error of a share of the risk.

    Examples
    --------
    >>> risk = FactorRisk(np.ones((2, 1)), np.array([[0.0]]), np.array([0.01, 0.04]))
    >>> RiskParity().weights(np.zeros(2), risk).weights.round(3)
    array([0.667, 0.333])
    """

    def __init__(self, *, shares: Any = None, budget: float = 1.0, tolerance: float = 1e-9) -> None:
        self.shares, self.budget, self.tolerance = shares, budget, tolerance

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """The portfolio; scores only say who takes part.

        Raises
        ------
        MarketError
            If there is no risk, a share is not positive, or a name has no risk at all.
        """
        inputs = Inputs.of(alpha, previous, state)
        if risk is None:
            raise MarketError("RiskParity needs a risk model.", expected="risk=", got="nothing")
        if risk.n != len(inputs.alpha):
            raise MarketError("The risk does not match the scores.", expected=f"{len(inputs.alpha)}", got=f"{risk.n}")
        chosen = np.flatnonzero(inputs.scored & inputs.can_buy & inputs.can_sell)
        shares = np.ones(len(inputs.alpha)) if self.shares is None else np.asarray(self.shares, dtype=np.float64)
        if shares.shape != inputs.alpha.shape or not (shares[chosen] > 0).all():
            raise MarketError("The shares of risk make no sense.", expected="a positive number for each name")
        if not len(chosen):
            return Weights("solved", spread_over(inputs, chosen, np.zeros(0), self.budget))
        some = risk.take(chosen)
        if not (some.variances > 0).all():
            raise MarketError("A name without risk cannot have a share of it.", expected="variances above 0")
        found = parity(some, shares[chosen] / shares[chosen].sum(), self.tolerance)
        if found is None:
            message = Words(
                "Newton's steps did not settle; the portfolio stays as it is.", "求解未收敛，投资组合保持不变。"
            )
            return Weights("failed", inputs.previous.copy(), message=message, fallback="hold")
        return Weights("solved", spread_over(inputs, chosen, found, self.budget))


def parity(risk: FactorRisk, shares: Floats, tolerance: float, steps: int = 200) -> Floats | None:
    """Positive x with ``x * (Sigma x)`` equal to `shares`; None where Newton's steps do not settle.

    The function is self-concordant once divided by its smallest share: a step of ``1 / (1 + decrement)`` always leads
    down, and near the minimum a whole step is taken (Spinu 2013, section 4).
    """
    deviation = np.sqrt(risk.variances)
    # names of unit deviation: the steps then see correlations alone
    loadings, specific = risk.loadings / deviation[:, None], risk.specific / deviation**2
    least = float(shares.min())
    x = np.sqrt(shares)
    # the best multiple of the start
    x /= np.sqrt(np.sum((loadings.T @ x) ** 2) + np.sum(specific * x * x))
    for _ in range(steps):
        gradient = loadings @ (loadings.T @ x) + specific * x - shares / x
        error = np.abs(x * gradient).max()
        if error <= tolerance:
            return np.asarray(x / deviation)
        diagonal = specific + shares / (x * x)
        # (diag + L L')^-1 by Woodbury
        scaled = loadings / diagonal[:, None]
        inner = np.eye(loadings.shape[1]) + loadings.T @ scaled
        step = gradient / diagonal - scaled @ np.linalg.solve(inner, scaled.T @ gradient)
        decrement = np.sqrt(max(float(gradient @ step), 0.0) / least)
        relative = float(np.abs(step / x).max())
        near = relative < 0.9 and decrement < 0.3
        x = x - step / (1.0 if near else 1.0 + max(decrement, relative))
    return None
