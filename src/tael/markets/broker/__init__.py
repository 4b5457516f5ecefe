"""From weights to orders to fills: one broker interface, a paper broker that survives being killed, a day's cycle."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.markets.broker.actions import CorporateAction
    from tael.markets.broker.contracts import ContractFills, contract_targets, expiries_of, marks_of, to_go
    from tael.markets.broker.day import TradedDay, trade_day
    from tael.markets.broker.filling import CN_STOCK_FEES, Fees, NextOpen
    from tael.markets.broker.from_bars import BacktestFills, actions_of, day_bars, instruments_of
    from tael.markets.broker.guard import Limits
    from tael.markets.broker.orders import Account, Fill, Order, OrderState, Position, client_order_id
    from tael.markets.broker.paper import PaperBroker
    from tael.markets.broker.protocol import STOCK, US_STOCK, Bar, Broker, FillModel, Instrument
    from tael.markets.broker.reconcile import Reconciliation
    from tael.markets.broker.sizing import OrderPlan, Skipped, orders_for

_WHERE = {
    "Account": "orders",
    "BacktestFills": "from_bars",
    "Bar": "protocol",
    "Broker": "protocol",
    "CN_STOCK_FEES": "filling",
    "ContractFills": "contracts",
    "CorporateAction": "actions",
    "Fees": "filling",
    "Fill": "orders",
    "FillModel": "protocol",
    "Instrument": "protocol",
    "Limits": "guard",
    "NextOpen": "filling",
    "Order": "orders",
    "OrderPlan": "sizing",
    "OrderState": "orders",
    "PaperBroker": "paper",
    "Position": "orders",
    "Reconciliation": "reconcile",
    "STOCK": "protocol",
    "Skipped": "sizing",
    "TradedDay": "day",
    "US_STOCK": "protocol",
    "actions_of": "from_bars",
    "client_order_id": "orders",
    "contract_targets": "contracts",
    "day_bars": "from_bars",
    "expiries_of": "contracts",
    "instruments_of": "from_bars",
    "marks_of": "contracts",
    "orders_for": "sizing",
    "to_go": "contracts",
    "trade_day": "day",
}

__all__ = [
    "CN_STOCK_FEES",
    "STOCK",
    "US_STOCK",
    "Account",
    "BacktestFills",
    "Bar",
    "Broker",
    "ContractFills",
    "CorporateAction",
    "Fees",
    "Fill",
    "FillModel",
    "Instrument",
    "Limits",
    "NextOpen",
    "Order",
    "OrderPlan",
    "OrderState",
    "PaperBroker",
    "Position",
    "Reconciliation",
    "Skipped",
    "TradedDay",
    "actions_of",
    "client_order_id",
    "contract_targets",
    "day_bars",
    "expiries_of",
    "instruments_of",
    "marks_of",
    "orders_for",
    "to_go",
    "trade_day",
]


def __getattr__(name: str) -> Any:
    # SQLite is imported by the first name that needs it, not by the package
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
