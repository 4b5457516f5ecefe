"""From tables to bars: the traps of market data met once, and said."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.reading.pivot import Wide, pivot

_WHERE = {
    "Wide": "tael.markets.reading.pivot",
    "pivot": "tael.markets.reading.pivot",
}

__all__ = ["Wide", "pivot"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
