"""Within the day: order books as panels, factors in the panel language, clocks, labels within sessions, execution."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.intraday.books import book_from_bars, book_panel
    from tael.markets.intraday.clocks import on_clock, on_events, on_volume
    from tael.markets.intraday.executing import Costs, Execution, ExecutionRule, execute
    from tael.markets.intraday.factors import book_factors
    from tael.markets.intraday.labels import later_move, volatility_scaled, within_session
    from tael.markets.intraday.reading import futures_ticks, level2_snapshots, lobster

_WHERE = {
    "Costs": "tael.markets.intraday.executing",
    "Execution": "tael.markets.intraday.executing",
    "ExecutionRule": "tael.markets.intraday.executing",
    "book_factors": "tael.markets.intraday.factors",
    "book_from_bars": "tael.markets.intraday.books",
    "book_panel": "tael.markets.intraday.books",
    "execute": "tael.markets.intraday.executing",
    "futures_ticks": "tael.markets.intraday.reading",
    "later_move": "tael.markets.intraday.labels",
    "level2_snapshots": "tael.markets.intraday.reading",
    "lobster": "tael.markets.intraday.reading",
    "on_clock": "tael.markets.intraday.clocks",
    "on_events": "tael.markets.intraday.clocks",
    "on_volume": "tael.markets.intraday.clocks",
    "volatility_scaled": "tael.markets.intraday.labels",
    "within_session": "tael.markets.intraday.labels",
}

__all__ = [
    "Costs",
    "Execution",
    "ExecutionRule",
    "book_factors",
    "book_from_bars",
    "book_panel",
    "execute",
    "futures_ticks",
    "later_move",
    "level2_snapshots",
    "lobster",
    "on_clock",
    "on_events",
    "on_volume",
    "volatility_scaled",
    "within_session",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
