"""Dated futures: contracts as bars, the roll, continuous series for signals, targets on contracts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.futures.contracts import contract_bars
    from tael.markets.futures.expiry import delivery_month, expiries
    from tael.markets.futures.rolling import Roll, roll
    from tael.markets.futures.series import continuous
    from tael.markets.futures.targets import targets_on_contracts

_WHERE = {
    "Roll": "tael.markets.futures.rolling",
    "continuous": "tael.markets.futures.series",
    "contract_bars": "tael.markets.futures.contracts",
    "delivery_month": "tael.markets.futures.expiry",
    "expiries": "tael.markets.futures.expiry",
    "roll": "tael.markets.futures.rolling",
    "targets_on_contracts": "tael.markets.futures.targets",
}

__all__ = ["Roll", "continuous", "contract_bars", "delivery_month", "expiries", "roll", "targets_on_contracts"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
