"""Backtests: targets traded through bars by an exchange's and an account's rules; costs, capacity, attribution."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.backtest.costs import FuturesCosts, StockCosts, TradeCosts
    from tael.markets.backtest.result import Backtest
    from tael.markets.backtest.rules import FuturesRules, StockRules
    from tael.markets.backtest.run import backtest
    from tael.markets.backtest.studies import Capacity, Stress

# One line a name: compiled kernels and frames load with the first name that needs them.
_WHERE = {
    "Backtest": "tael.markets.backtest.result",
    "Capacity": "tael.markets.backtest.studies",
    "FuturesCosts": "tael.markets.backtest.costs",
    "FuturesRules": "tael.markets.backtest.rules",
    "StockCosts": "tael.markets.backtest.costs",
    "StockRules": "tael.markets.backtest.rules",
    "Stress": "tael.markets.backtest.studies",
    "TradeCosts": "tael.markets.backtest.costs",
    "backtest": "tael.markets.backtest.run",
}

__all__ = [
    "Backtest",
    "Capacity",
    "FuturesCosts",
    "FuturesRules",
    "StockCosts",
    "StockRules",
    "Stress",
    "TradeCosts",
    "backtest",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
