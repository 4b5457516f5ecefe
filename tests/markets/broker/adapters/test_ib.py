"""Against a gateway in memory that keeps what ``ib_async.IB`` keeps; its own order classes where it is installed."""

# ruff: noqa: N802 (the names are those of ib_async)

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tael.errors import MarketError
from tael.markets.broker import Broker, Order
from tael.markets.broker.adapters import IbBroker, Journal

DAY = date(2024, 1, 2)


class Gateway:
    """What Interactive Brokers knows, and the part of it that a connection is told of."""

    def __init__(self) -> None:
        self.known: list[Any] = []
        self.session: list[Any] = []
        self.executions: list[Any] = []
        self.sent = 0

    def placeOrder(self, contract: Any, order: Any) -> Any:
        self.sent += 1
        order.permId, order.orderId, order.clientId = 1000 + self.sent, self.sent, 1
        trade = SimpleNamespace(
            contract=contract,
            order=order,
            orderStatus=SimpleNamespace(status="PendingSubmit", filled=0.0, avgFillPrice=0.0),
            fills=[],
            log=[],
        )
        self.known.append(trade)
        self.session.append(trade)
        return trade

    def trades(self) -> list[Any]:
        return self.session

    def reqAllOpenOrders(self) -> list[Any]:
        return [trade for trade in self.known if trade.orderStatus.status in ("PendingSubmit", "Submitted")]

    def reqCompletedOrders(self, api_only: bool) -> list[Any]:
        assert api_only
        return [trade for trade in self.known if trade.orderStatus.status in ("Filled", "Cancelled", "Inactive")]

    def reqExecutions(self) -> list[Any]:
        return self.executions

    def cancelOrder(self, order: Any) -> None:
        next(trade for trade in self.known if trade.order is order).orderStatus.status = "Cancelled"

    def portfolio(self, account: str) -> list[Any]:
        contract = SimpleNamespace(symbol="SPY")
        return [SimpleNamespace(contract=contract, position=7.0, marketPrice=100.5, marketValue=703.5)]

    def accountSummary(self, account: str) -> list[Any]:
        said = {"NetLiquidation": "1703.75", "TotalCashValue": "1000.25", "InitMarginReq": "0"}
        return [SimpleNamespace(tag=tag, value=value, currency="USD") for tag, value in said.items()]

    def execute(self, trade: Any, shares: int, price: float, number: str, status: str = "Filled") -> None:
        self.executions.append(
            SimpleNamespace(
                contract=trade.contract,
                execution=SimpleNamespace(
                    execId=number,
                    orderRef=trade.order.orderRef,
                    side="BOT" if trade.order.action == "BUY" else "SLD",
                    shares=float(shares),
                    price=price,
                    time=datetime(2024, 1, 3, 14, 30, tzinfo=UTC),
                ),
                commissionReport=SimpleNamespace(commission=1.0),
            )
        )
        trade.orderStatus.status, trade.orderStatus.filled, trade.orderStatus.avgFillPrice = status, shares, price

    def restart(self) -> None:
        """A new connection is told of nothing until it asks; what is done is told with a quantity of 0."""
        self.session = []
        for trade in self.reqCompletedOrders(True):
            trade.order.totalQuantity = 0


@pytest.fixture(autouse=True)
def ib_async(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("ib_async"):
        return
    made = ModuleType("ib_async")

    def market(action: str, quantity: float, **more: Any) -> Any:
        return SimpleNamespace(orderType="MKT", action=action, totalQuantity=quantity, **more)

    def limit(action: str, quantity: float, price: float, **more: Any) -> Any:
        return SimpleNamespace(orderType="LMT", action=action, totalQuantity=quantity, lmtPrice=price, **more)

    made.MarketOrder, made.LimitOrder = market, limit
    monkeypatch.setitem(sys.modules, "ib_async", made)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def broker(gateway: Gateway, tmp_path: Path) -> Iterator[IbBroker]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield IbBroker(gateway, journal, contract_for=lambda name: SimpleNamespace(symbol=name, multiplier=""))
    journal.close()


def order(quantity: int = 10, side: str = "buy", **more: Any) -> Order:
    return Order("demo", DAY, "SPY", side, quantity, **more)


def test_an_order_is_sent_once_under_its_name(broker: IbBroker, gateway: Gateway) -> None:
    assert isinstance(broker, Broker)
    state = broker.submit(order(limit_price=Decimal("99.5")))
    assert state.status == "open"
    sent = gateway.known[0].order
    assert (sent.orderRef, sent.tif, sent.lmtPrice, sent.action) == (order().client_order_id, "OPG", 99.5, "BUY")
    for _ in range(2):
        assert broker.submit(order(limit_price=Decimal("99.5"))) == state
        gateway.restart()
    assert gateway.sent == 1
    with pytest.raises(MarketError, match="Another order of this name"):
        broker.submit(order(99))


def test_a_crash_after_sending_does_not_double(broker: IbBroker, gateway: Gateway) -> None:
    broker._journal.intend(order())
    gateway.placeOrder(SimpleNamespace(symbol="SPY", multiplier=""), broker._ib_order(order()))
    gateway.restart()
    assert broker.submit(order()).status == "open"
    assert gateway.sent == 1


def test_a_crash_before_sending_sends(broker: IbBroker, gateway: Gateway) -> None:
    broker._journal.intend(order())
    assert broker.submit(order()).status == "open"
    assert gateway.sent == 1


def test_what_was_sent_and_is_no_longer_told_of_is_not_sent_again(broker: IbBroker, gateway: Gateway) -> None:
    broker.submit(order())
    gateway.known.clear()
    gateway.restart()
    with pytest.raises(MarketError, match="no longer tells of it"):
        broker.submit(order())
    assert gateway.sent == 1


def test_a_filled_order_stays_known_after_a_restart(broker: IbBroker, gateway: Gateway) -> None:
    broker.submit(order())
    gateway.execute(gateway.known[0], 10, 100.25, "0001.01")
    gateway.restart()
    state = broker.submit(order())
    assert (state.status, state.filled, state.average_price) == ("filled", 10, Decimal("100.25"))
    gateway.known.clear()
    assert broker.orders() == [state]
    assert gateway.sent == 1


def test_executions_alone_tell_of_an_order(broker: IbBroker, gateway: Gateway) -> None:
    broker.submit(order())
    gateway.execute(gateway.known[0], 4, 100.0, "0001.01")
    gateway.known.clear()
    gateway.session.clear()
    (state,) = broker.orders()
    assert (state.status, state.filled) == ("partially_filled", 4)


def test_a_corrected_execution_counts_once(broker: IbBroker, gateway: Gateway) -> None:
    broker.submit(order())
    trade = gateway.known[0]
    gateway.execute(trade, 10, 100.0, "0001f4e8.65.01")
    gateway.execute(trade, 10, 99.0, "0001f4e8.65.02")
    (fill,) = broker.fills()
    assert (fill.price, fill.quantity, fill.day, fill.commission) == (Decimal(99), 10, date(2024, 1, 3), Decimal(1))
    assert broker.fills(date(2024, 1, 4)) == []


def test_a_partial_fill_a_cancellation_and_a_refusal(broker: IbBroker, gateway: Gateway) -> None:
    first = broker.submit(order()).order.client_order_id
    gateway.execute(gateway.known[0], 4, 100.0, "0001.01", "Submitted")
    assert broker.orders()[0].status == "partially_filled"
    assert broker.cancel(first).status == "cancelled"
    assert broker.cancel(first).filled == 4
    broker.submit(order(side="sell"))
    gateway.known[1].orderStatus.status = "Inactive"
    gateway.known[1].log.append(SimpleNamespace(message="Error 201, order rejected"))
    assert [(state.status, state.reason) for state in broker.orders()][1] == ("rejected", "Error 201, order rejected")
    with pytest.raises(MarketError, match="No such order"):
        broker.cancel("tael-nothing")


def test_two_orders_of_one_name_are_seen(broker: IbBroker, gateway: Gateway) -> None:
    broker.submit(order())
    gateway.placeOrder(SimpleNamespace(symbol="SPY", multiplier=""), broker._ib_order(order()))
    with pytest.raises(MarketError, match="Two orders of one name"):
        broker.orders()


def test_money_positions_and_what_may_be_sold(broker: IbBroker) -> None:
    assert broker.account().value == Decimal("703.5")
    assert broker.positions()["SPY"].quantity == 7
    broker.submit(order(5, "sell"))
    assert broker.sellable(DAY) == {"SPY": 2}


def test_without_ib_async_the_extra_is_named(broker: IbBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ib_async", None)
    with pytest.raises(MarketError, match="needs ib_async"):
        broker.submit(order())
