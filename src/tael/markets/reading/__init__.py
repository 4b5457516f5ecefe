"""From tables to bars: the traps of market data met once, and said."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.reading.corporate import adjust_factor
    from tael.markets.reading.intraday import bars_from_ticks, daily_from_minutes, minute_bars
    from tael.markets.reading.pivot import Wide, pivot
    from tael.markets.reading.statements import statement_fields
    from tael.markets.reading.stocks import stock_bars

_WHERE = {
    "Wide": "tael.markets.reading.pivot",
    "adjust_factor": "tael.markets.reading.corporate",
    "bars_from_ticks": "tael.markets.reading.intraday",
    "daily_from_minutes": "tael.markets.reading.intraday",
    "minute_bars": "tael.markets.reading.intraday",
    "pivot": "tael.markets.reading.pivot",
    "statement_fields": "tael.markets.reading.statements",
    "stock_bars": "tael.markets.reading.stocks",
}

__all__ = [
    "Wide",
    "adjust_factor",
    "bars_from_ticks",
    "daily_from_minutes",
    "minute_bars",
    "pivot",
    "statement_fields",
    "stock_bars",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
