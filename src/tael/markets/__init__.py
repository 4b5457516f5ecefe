"""Markets: what is traded and by which rules; portfolios, backtests, performance, factor mining, paper trading."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.bars import Bars

# One line a name: the room that holds it. Frames, calendars and solvers load with the first name that needs them.
_WHERE = {
    "Bars": "tael.markets.bars",
}

__all__ = [
    "Bars",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
