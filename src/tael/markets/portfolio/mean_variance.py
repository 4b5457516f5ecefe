"""The best trade-off of score, risk and cost within limits (Markowitz 1952), in factor form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from tael.errors import MarketError
from tael.markets.portfolio import limits
from tael.markets.portfolio.mean_variance_program import Layout, Policy, lay_out, least_turnover, read
from tael.markets.portfolio.program import Solution, Solver
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import Inputs, MarketState, Weights
from tael.validation.words import Words

Floats = NDArray[np.float64]


class MeanVariance(BaseEstimator):
    """Maximise score - risk - cost within limits.

    ::

        alpha'w - risk_aversion / 2 * horizon * (w - b)' Sigma (w - b)
                - sum_i c_i |w_i - p_i| - sum_i q_i (w_i - p_i)^2

    with b the benchmark (0 without one) and p the portfolio held. Sigma stays in factor form: the program has one
    variable a factor instead of N * N covariances. The quadratic cost q stands for the square root law of impact,
    ``impact * volatility * sqrt(trade / volume)`` a unit of value traded: it costs the same where the trade is
    `impact_size` (a quadratic keeps the program quadratic).

    Parameters
    ----------
    risk_aversion : float
        0 or more, for alpha and Sigma in the same time.
    horizon : float
        Bars that alpha looks ahead: the risk per bar is multiplied by it.
    long_only : bool
        No negative weight.
    budget : float or (float, float)
        Sum of the weights, or its bounds; of a long-only portfolio.
    net, gross : float or (float, float), and float
        Of a long-short portfolio: bounds of the sum of weights (a single number x: from -x to x), and the most that
        the sum of absolute weights may be.
    max_weight, min_weight : float
        Bounds of each scored name. `min_weight` None: 0 where long only, else -max_weight.
    turnover : float, optional
        Most that may be bought plus sold, as a share of equity: a portfolio exchanged for another has 2. The first
        portfolio, bought out of cash, is not limited.
    cost_bp : float
        Cost of trading in hundredths of a per cent of the value traded; ``state.cost`` takes its place.
    impact, impact_size : float
        Coefficient of the square root law (about 1 by most estimates; 0: none), and the trade, as a share of equity,
        at which the quadratic agrees with it. Needs ``state.volume`` and ``state.volatility``.
    groups : float, (float, float) or dict, optional
        Bounds of each group's weight less its weight in the benchmark; a dict bounds some groups by name.
    styles : float, (float, float) or dict, optional
        The same for the exposures in ``state.styles``.
    margin : float, optional
        Most that margins may add up to; needs ``state.margin_rate``.
    fallback : {"hold", "relax_turnover", "cash"}
        What to hold where no portfolio keeps all limits. Relaxing turnover takes the least with which all others can
        be kept (and a tenth more, so that there is a choice), and holds if there is none.

    Examples
    --------
    >>> risk = FactorRisk(np.ones((3, 1)), np.array([[0.01]]), np.array([0.02, 0.03, 0.04]))
    >>> method = MeanVariance(risk_aversion=2.0, max_weight=0.6)
    >>> method.weights(np.array([0.03, 0.02, 0.0]), risk).weights.round(3)
    array([0.6  , 0.371, 0.029])
    >>> MeanVariance(max_weight=0.3).weights(np.zeros(3), risk).message.en
    'No portfolio keeps all of these: budget, weight bounds. The portfolio stays as it is.'
    """

    def __init__(
        self,
        risk_aversion: float = 10.0,
        *,
        horizon: float = 1.0,
        long_only: bool = True,
        budget: Any = 1.0,
        net: Any = 0.0,
        gross: float | None = None,
        max_weight: float = 0.05,
        min_weight: float | None = None,
        turnover: float | None = None,
        cost_bp: float = 0.0,
        impact: float = 0.0,
        impact_size: float = 0.005,
        groups: Any = None,
        styles: Any = None,
        margin: float | None = None,
        fallback: str = "hold",
    ) -> None:
        self.risk_aversion, self.horizon, self.long_only = risk_aversion, horizon, long_only
        self.budget, self.net, self.gross = budget, net, gross
        self.max_weight, self.min_weight, self.turnover = max_weight, min_weight, turnover
        self.cost_bp, self.impact, self.impact_size = cost_bp, impact, impact_size
        self.groups, self.styles, self.margin, self.fallback = groups, styles, margin, fallback

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """The best portfolio.

        Parameters
        ----------
        alpha : array-like of shape (N,)
            Expected return of each name over the horizon; NaN for names outside the universe.
        risk : FactorRisk
            Risk of the N names, per bar.
        previous : array-like of shape (N,), optional
            What is held now, as a share of equity.
        state : MarketState, optional
            What else is known.

        Returns
        -------
        Weights
            Multipliers: "budget" (or "net"), "weight bounds", "turnover", "gross", "margin", "group ...", "style ...".

        Raises
        ------
        MarketError
            If inputs do not fit together, or a limit needs something that is not given.
        """
        inputs = Inputs.of(alpha, previous, state)
        if risk is None:
            raise MarketError(f"{self._name} needs a risk model.", expected="risk=", got="nothing")
        if risk.n != len(inputs.alpha):
            raise MarketError("The risk does not match the scores.", expected=f"{len(inputs.alpha)}", got=f"{risk.n}")
        limits.check_fallback(self.fallback, self._name)
        policy = Policy.of(self, inputs)
        layout = lay_out(policy, inputs, risk)
        if not len(layout.free):
            return Weights("solved", layout.base, {}, Words("Nothing can be traded.", "没有可交易的标的。"))
        solution = self._solver().solve(layout.program)
        if solution.status == "solved":
            return self._solved(layout, solution)
        return self._otherwise(policy, inputs, risk, solution)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _solver(self) -> Solver:
        kept = getattr(self, "_reused", None)
        if kept is None:
            self._reused = kept = Solver()
        return kept

    def _solved(self, layout: Layout, solution: Solution) -> Weights:
        multipliers = {name: value for name, value in solution.dual.items() if not name.startswith(".")}
        message = Words("Solved.", "已求解。")
        if solution.rough:
            message = Words("Solved to reduced accuracy.", "已求解（精度降低）。")
        return Weights("solved", read(layout, solution.x), multipliers, message)

    def _otherwise(self, policy: Policy, inputs: Inputs, risk: FactorRisk, solution: Solution) -> Weights:
        """The portfolio of the fallback."""
        fallback, found = self.fallback, inputs.previous.copy()
        if fallback == "relax_turnover":
            least = least_turnover(policy, inputs, risk) if policy.turnover is not None else None
            relaxed = None
            if least is not None:
                layout = lay_out(policy.with_turnover(1.1 * least), inputs, risk)
                relaxed = Solver().solve(layout.program)
            if relaxed is None or relaxed.status != "solved":
                fallback = "hold"
            else:
                found = read(layout, relaxed.x)
        if fallback == "cash":
            stays = np.where(found > 0, ~inputs.can_sell, ~inputs.can_buy)
            found = np.where(stays, found, 0.0)
        if solution.status == "failed":
            message = Words(f"The solver gave up ({solution.said}).", f"求解器未能求解（{solution.said}）。")
        else:
            message = limits.contradiction(solution.conflict, fallback)
        return Weights(solution.status, found, {}, message, solution.conflict, fallback)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_reused", None)
        return state


class MinimumVariance(MeanVariance):
    """The portfolio of least risk within limits, whatever the scores say; they only name the universe.

    With a benchmark it is the portfolio that follows it most closely.

    Parameters
    ----------
    long_only, budget, net, gross, max_weight, min_weight, turnover, cost_bp, impact, impact_size, groups, styles,
    margin, fallback
        As those of `MeanVariance`.

    Examples
    --------
    >>> risk = FactorRisk(np.zeros((2, 1)), np.array([[0.01]]), np.array([0.01, 0.03]))
    >>> MinimumVariance(max_weight=1.0).weights(np.zeros(2), risk).weights.round(3)
    array([0.75, 0.25])
    """

    def __init__(
        self,
        *,
        long_only: bool = True,
        budget: Any = 1.0,
        net: Any = 0.0,
        gross: float | None = None,
        max_weight: float = 0.05,
        min_weight: float | None = None,
        turnover: float | None = None,
        cost_bp: float = 0.0,
        impact: float = 0.0,
        impact_size: float = 0.005,
        groups: Any = None,
        styles: Any = None,
        margin: float | None = None,
        fallback: str = "hold",
    ) -> None:
        self.long_only, self.budget, self.net, self.gross = long_only, budget, net, gross
        self.max_weight, self.min_weight, self.turnover = max_weight, min_weight, turnover
        self.cost_bp, self.impact, self.impact_size = cost_bp, impact, impact_size
        self.groups, self.styles, self.margin, self.fallback = groups, styles, margin, fallback

    # the objective is the variance itself, per bar
    risk_aversion = 2.0
    horizon = 1.0

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """The portfolio of least risk: see `MeanVariance.weights`."""
        scores = np.asarray(alpha, dtype=np.float64)
        return super().weights(np.where(np.isnan(scores), np.nan, 0.0), risk, previous, state)
