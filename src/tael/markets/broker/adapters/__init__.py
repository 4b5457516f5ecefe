"""Brokers of the real world behind the one interface: Alpaca, Interactive Brokers, CTP. Connections are the caller's.

tael opens no connection. `AlpacaBroker` is given a function that sends a request, `IbBroker` a connected
``ib_async.IB``, `CtpBroker` a ``vnpy`` main engine whose CTP gateway is connected.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.broker.adapters.alpaca import AlpacaBroker
    from tael.markets.broker.adapters.ctp import CtpBroker
    from tael.markets.broker.adapters.ib import IbBroker
    from tael.markets.broker.adapters.journal import Journal

_WHERE = {"AlpacaBroker": "alpaca", "CtpBroker": "ctp", "IbBroker": "ib", "Journal": "journal"}

__all__ = ["AlpacaBroker", "CtpBroker", "IbBroker", "Journal"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
