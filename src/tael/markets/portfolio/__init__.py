"""Scores to portfolios: risk models, methods that weigh, the walk through time, and whole lots."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.portfolio._base import METHODS, RISKS, Method, method, risk_model
    from tael.markets.portfolio.equal_weight import EqualWeight
    from tael.markets.portfolio.hierarchical import HierarchicalRiskParity
    from tael.markets.portfolio.history import MarketHistory
    from tael.markets.portfolio.lots import Lots, to_lots
    from tael.markets.portfolio.mean_variance import MeanVariance, MinimumVariance
    from tael.markets.portfolio.risk import FactorRisk, RiskModel
    from tael.markets.portfolio.risk_ledoit_wolf import LedoitWolfRisk
    from tael.markets.portfolio.risk_parity import RiskParity
    from tael.markets.portfolio.risk_statistical import StatisticalRisk
    from tael.markets.portfolio.risk_styles import StyleRisk
    from tael.markets.portfolio.skfolio_portfolio import SkfolioPortfolio
    from tael.markets.portfolio.state import MarketState, Weights
    from tael.markets.portfolio.top_k_drop import TopKDrop
    from tael.markets.portfolio.volatility_target import VolatilityTarget
    from tael.markets.portfolio.walking import Walk, schedule, targets, walk

_HERE = "tael.markets.portfolio."
_WHERE = {
    "EqualWeight": "equal_weight",
    "FactorRisk": "risk",
    "HierarchicalRiskParity": "hierarchical",
    "LedoitWolfRisk": "risk_ledoit_wolf",
    "Lots": "lots",
    "METHODS": "_base",
    "MarketHistory": "history",
    "MarketState": "state",
    "MeanVariance": "mean_variance",
    "Method": "_base",
    "MinimumVariance": "mean_variance",
    "RISKS": "_base",
    "RiskModel": "risk",
    "RiskParity": "risk_parity",
    "SkfolioPortfolio": "skfolio_portfolio",
    "StatisticalRisk": "risk_statistical",
    "StyleRisk": "risk_styles",
    "TopKDrop": "top_k_drop",
    "VolatilityTarget": "volatility_target",
    "Walk": "walking",
    "Weights": "state",
    "method": "_base",
    "risk_model": "_base",
    "schedule": "walking",
    "targets": "walking",
    "to_lots": "lots",
    "walk": "walking",
}

__all__ = [
    "METHODS",
    "RISKS",
    "EqualWeight",
    "FactorRisk",
    "HierarchicalRiskParity",
    "LedoitWolfRisk",
    "Lots",
    "MarketHistory",
    "MarketState",
    "MeanVariance",
    "Method",
    "MinimumVariance",
    "RiskModel",
    "RiskParity",
    "SkfolioPortfolio",
    "StatisticalRisk",
    "StyleRisk",
    "TopKDrop",
    "VolatilityTarget",
    "Walk",
    "Weights",
    "method",
    "risk_model",
    "schedule",
    "targets",
    "to_lots",
    "walk",
]


def __getattr__(name: str) -> Any:
    # solvers and scikit-learn are imported by the first name that needs them
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HERE + _WHERE[name]), name)
