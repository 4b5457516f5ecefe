"""After the orders: live against backtest, where the money went between decision and fill, decay, promotion by rule."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.tracking.comparison import Comparison, Track, compare
    from tael.markets.tracking.decay import Decay, DecayAlarm
    from tael.markets.tracking.log import Log
    from tael.markets.tracking.promotion import PromotionRule, Verdict, evaluate, register
    from tael.markets.tracking.run_length import average_run_length, threshold_for
    from tael.markets.tracking.shortfall import Slippage, slippage

_WHERE = {
    "Comparison": "comparison",
    "Decay": "decay",
    "DecayAlarm": "decay",
    "Log": "log",
    "PromotionRule": "promotion",
    "Slippage": "shortfall",
    "Track": "comparison",
    "Verdict": "promotion",
    "average_run_length": "run_length",
    "compare": "comparison",
    "evaluate": "promotion",
    "register": "promotion",
    "slippage": "shortfall",
    "threshold_for": "run_length",
}

__all__ = [
    "Comparison",
    "Decay",
    "DecayAlarm",
    "Log",
    "PromotionRule",
    "Slippage",
    "Track",
    "Verdict",
    "average_run_length",
    "compare",
    "evaluate",
    "register",
    "slippage",
    "threshold_for",
]


def __getattr__(name: str) -> Any:
    # polars and scipy are imported by the first name that needs them, not by the package
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
