"""The same weight for every name of the universe: the portfolio that any other has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from tael.errors import MarketError
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import Inputs, MarketState, Weights, spread_over


class EqualWeight(BaseEstimator):
    """Equal weights of the best `k` names, or of all that have a score.

    Parameters
    ----------
    k : int, optional
        How many; None: every scored name.
    budget : float
        Sum of the weights. What names that cannot be sold take of it is missing to the others.

    Examples
    --------
    >>> EqualWeight(2).weights(np.array([0.1, 0.3, np.nan, 0.2])).weights
    array([0. , 0.5, 0. , 0.5])
    """

    def __init__(self, k: int | None = None, *, budget: float = 1.0) -> None:
        self.k, self.budget = k, budget

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """Equal weights; ties go to the earlier name. A name that cannot be bought gives its place to the next.

        Raises
        ------
        MarketError
            If `k` is less than 1, or inputs do not fit together.
        """
        inputs = Inputs.of(alpha, previous, state)
        if self.k is not None and self.k < 1:
            raise MarketError("There must be at least one name.", got=f"k={self.k}")
        free = inputs.can_buy & inputs.can_sell
        order = np.argsort(-np.where(inputs.scored & free, inputs.alpha, -np.inf), kind="stable")
        chosen = order[: int((inputs.scored & free).sum())]
        stuck = ~free & (inputs.previous != 0)
        if self.k is not None:
            chosen = chosen[: max(0, self.k - int(stuck.sum()))]
        return Weights("solved", spread_over(inputs, chosen, np.ones(len(chosen)), self.budget))
