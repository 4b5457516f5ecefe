"""Hold the best k names and exchange only the worst few: a turnover limit that needs no optimiser."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from tael.errors import MarketError
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import Inputs, MarketState, Weights

HAIR = 1e-9


class TopKDrop(BaseEstimator):
    """Qlib's top-k with drop-out.

    Of what is held and the best ``drop + k - held`` names that are not, those that are held and rank among the last
    `drop` are sold, and the best others are bought until k names are held.

    Parameters
    ----------
    k : int
        Names to hold.
    drop : int
        Most names exchanged at one rebalance.
    rebalance : bool
        False, as in Qlib: what is kept stays as it is, and what is sold and free is spread evenly over what is bought.
        True: all get the same weight.
    budget : float
        Sum of the weights.

    Notes
    -----
    The rule of ``TopkDropoutStrategy`` (Qlib 0.9) with ``method_sell="bottom"``, ``method_buy="top"`` and
    ``only_tradable=True``, but that nothing is sold where no other name can take its place (where fewer than
    ``k + drop`` names can be had, Qlib sells and holds cash). A held name that cannot be sold keeps its place; one
    without a score ranks last.

    Examples
    --------
    >>> method = TopKDrop(k=2, drop=1)
    >>> first = method.weights(np.array([0.4, 0.3, 0.2, 0.1])).weights
    >>> first
    array([0.5, 0.5, 0. , 0. ])
    >>> method.weights(np.array([0.1, 0.2, 0.3, 0.4]), previous=first).weights
    array([0. , 0.5, 0. , 0.5])
    """

    def __init__(self, k: int = 50, drop: int = 5, *, rebalance: bool = False, budget: float = 1.0) -> None:
        self.k, self.drop, self.rebalance, self.budget = k, drop, rebalance, budget

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """The next portfolio; ties go to the earlier name.

        Raises
        ------
        MarketError
            If `k` or `drop` makes no sense, or inputs do not fit together.
        """
        if self.k < 1 or not self.drop >= 0:
            got = f"k={self.k}, drop={self.drop}"
            raise MarketError("Top-k makes no sense.", expected="k of 1 or more, drop of 0 or more", got=got)
        inputs = Inputs.of(alpha, previous, state)
        scores = np.where(inputs.scored, inputs.alpha, -np.inf)
        held = inputs.previous > 0
        ranked = np.argsort(-scores, kind="stable")
        last = ranked[held[ranked]]
        fresh = ranked[(~held & inputs.scored & inputs.can_buy)[ranked]]
        today = fresh[: max(0, self.drop + self.k - len(last))]
        both = ranked[np.isin(ranked, np.concatenate([last, today]))]
        dealt = both[~held[both] | inputs.can_sell[both]]
        # without a name to take its place, only one that has left the universe is sold
        replaced = max(0, len(today) - max(0, self.k - len(last)))
        gone = int((held & ~inputs.scored & inputs.can_sell).sum())
        count = min(self.drop, max(replaced, gone))
        sell = np.zeros(len(scores), dtype=bool)
        sell[dealt[max(0, len(dealt) - count) :]] = True
        # what is held beyond k goes as well
        beyond = [i for i in last[::-1] if inputs.can_sell[i]][: max(0, len(last) - self.k)]
        sell[beyond] = True
        keep = last[~sell[last]]
        buy = today[: max(0, self.k - len(keep))]
        found = np.zeros(len(scores))
        found[keep] = inputs.previous[keep]
        free = buy
        if self.rebalance:
            free = np.concatenate([keep[(inputs.can_sell & inputs.can_buy)[keep]], buy])
            found[free] = 0.0
        cash = self.budget - float(found.sum())
        if len(free) and cash > HAIR:
            found[free] = cash / len(free)
        return Weights("solved", found)
