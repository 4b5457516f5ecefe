"""What a method is, and the list of those there are. A new one is one file and one line in `METHODS`."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from tael.errors import MarketError, did_you_mean
from tael.markets.portfolio.risk import FactorRisk
from tael.markets.portfolio.state import MarketState, Weights

METHODS = {
    "equal_weight": "tael.markets.portfolio.equal_weight:EqualWeight",
    "hierarchical_risk_parity": "tael.markets.portfolio.hierarchical:HierarchicalRiskParity",
    "mean_variance": "tael.markets.portfolio.mean_variance:MeanVariance",
    "minimum_variance": "tael.markets.portfolio.mean_variance:MinimumVariance",
    "risk_parity": "tael.markets.portfolio.risk_parity:RiskParity",
    "skfolio": "tael.markets.portfolio.skfolio_portfolio:SkfolioPortfolio",
    "top_k_drop": "tael.markets.portfolio.top_k_drop:TopKDrop",
    "volatility_target": "tael.markets.portfolio.volatility_target:VolatilityTarget",
}
"""Name of a method, as a scenario writes it, and where its class is; imported when asked for."""

RISKS = {
    "ledoit_wolf": "tael.markets.portfolio.risk_ledoit_wolf:LedoitWolfRisk",
    "statistical": "tael.markets.portfolio.risk_statistical:StatisticalRisk",
    "styles": "tael.markets.portfolio.risk_styles:StyleRisk",
}
"""The same for the risk models."""


@runtime_checkable
class Method(Protocol):
    """Turns scores into weights."""

    def weights(
        self, alpha: Any, risk: FactorRisk | None = None, previous: Any = None, state: MarketState | None = None
    ) -> Weights:
        """The weights to hold, from scores, risk, what is held, and what else is known."""
        ...


def method(name: str, **parameters: Any) -> Any:
    """A method by name.

    Raises
    ------
    MarketError
        If there is no such method.

    Examples
    --------
    >>> method("top_k_drop", k=30)
    TopKDrop(k=30)
    """
    return _made(METHODS, "method of portfolio construction", name, parameters)


def risk_model(name: str, **parameters: Any) -> Any:
    """A risk model by name.

    Raises
    ------
    MarketError
        If there is no such model.
    """
    return _made(RISKS, "risk model", name, parameters)


def _made(registry: dict[str, str], what: str, name: str, parameters: dict[str, Any]) -> Any:
    if name not in registry:
        raise MarketError(f"No such {what}.", got=str(name), fix=did_you_mean(str(name), registry))
    module, _, found = registry[name].partition(":")
    return getattr(import_module(module), found)(**parameters)
