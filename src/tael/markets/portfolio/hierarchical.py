"""Hierarchical risk parity: split the risk along a tree of who moves with whom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from tael.errors import MarketError
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import Inputs, MarketState, Weights, spread_over

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class HierarchicalRiskParity(BaseEstimator):
    """Recursive bisection of names ordered by a tree of correlations.

    Lopez de Prado (2016), Building diversified portfolios that outperform out of sample, Journal of Portfolio
    Management 42(4): distance ``sqrt((1 - rho) / 2)``, the names in the order of the tree's leaves, each half of a
    list weighed by the inverse of the other's variance under inverse-variance weights. No matrix is inverted.

    Parameters
    ----------
    linkage : {"single", "complete", "average", "ward"}
        How clusters are joined; "single" is the paper's.
    optimal_ordering : bool
        Turn the tree's branches so that neighbouring leaves are near each other (not in the paper; skfolio does).
    budget : float
        Sum of the weights. Names that cannot be traded keep theirs, and the others share the rest.

    Examples
    --------
    >>> risk = FactorRisk(np.zeros((2, 1)), np.array([[0.0]]), np.array([0.01, 0.03]))
    >>> HierarchicalRiskParity().weights(np.zeros(2), risk).weights
    array([0.75, 0.25])
    """

    def __init__(self, *, linkage: str = "single", optimal_ordering: bool = False, budget: float = 1.0) -> None:
        self.linkage, self.optimal_ordering, self.budget = linkage, optimal_ordering, budget

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """The portfolio; scores only say who takes part.

        Raises
        ------
        MarketError
            If there is no risk, it does not fit, or the linkage is unknown.
        """
        inputs = Inputs.of(alpha, previous, state)
        if risk is None or risk.n != len(inputs.alpha):
            got = "nothing" if risk is None else f"{risk.n} names"
            raise MarketError("HierarchicalRiskParity needs the risk of every name.", expected="risk=", got=got)
        if self.linkage not in ("single", "complete", "average", "ward"):
            raise MarketError("No such linkage.", expected="single, complete, average or ward", got=repr(self.linkage))
        chosen = np.flatnonzero(inputs.scored & inputs.can_buy & inputs.can_sell)
        shares = np.ones(len(chosen))
        if len(chosen) > 1:
            sigma = risk.take(chosen).covariance()
            if not (np.diag(sigma) > 0).all():
                raise MarketError("A name without risk cannot have a share of it.", expected="variances above 0")
            shares = bisected(sigma, leaves(sigma, self.linkage, self.optimal_ordering))
        return Weights("solved", spread_over(inputs, chosen, shares, self.budget))


def leaves(sigma: Floats, linkage: str, optimal: bool) -> Ints:
    """The names in the order of the leaves of their tree."""
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    deviation = np.sqrt(np.diag(sigma))
    correlation = np.clip(sigma / deviation[:, None] / deviation, -1.0, 1.0)
    distance = np.sqrt((1.0 - correlation) / 2.0)
    np.fill_diagonal(distance, 0.0)
    tree = hierarchy.linkage(squareform(distance, checks=False), linkage, optimal_ordering=optimal)
    return np.asarray(hierarchy.leaves_list(tree), dtype=np.int64)


def bisected(sigma: Floats, order: Ints) -> Floats:
    """Weights by recursive bisection of the ordered names."""
    weights = np.ones(len(sigma))
    lists = [order]
    while lists:
        names = lists.pop()
        if len(names) < 2:
            continue
        left, right = names[: len(names) // 2], names[len(names) // 2 :]
        a, b = _cluster_variance(sigma, left), _cluster_variance(sigma, right)
        weights[left] *= b / (a + b)
        weights[right] *= a / (a + b)
        lists += [left, right]
    return weights


def _cluster_variance(sigma: Floats, names: Ints) -> float:
    part = sigma[np.ix_(names, names)]
    inverse = 1.0 / np.diag(part)
    inverse /= inverse.sum()
    return float(inverse @ part @ inverse)
