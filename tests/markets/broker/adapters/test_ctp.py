"""Against an engine in memory that keeps what vnpy's keeps; vnpy's own words where it is installed."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tael.errors import MarketError
from tael.markets.broker import Broker, Order
from tael.markets.broker.adapters import CtpBroker, Journal

DAY = date(2024, 1, 2)


class Engine:
    """Orders, trades and positions as a connected engine has received them."""

    def __init__(self) -> None:
        self.orders: list[Any] = []
        self.trades: list[Any] = []
        self.positions: list[Any] = []
        self.dead_after = 99

    def get_all_orders(self) -> list[Any]:
        return self.orders

    def get_all_trades(self) -> list[Any]:
        return self.trades

    def get_all_positions(self) -> list[Any]:
        return self.positions

    def get_all_accounts(self) -> list[Any]:
        return [SimpleNamespace(gateway_name="CTP", balance=100_000.0, available=80_000.0)]

    def get_contract(self, vt_symbol: str) -> Any:
        return SimpleNamespace(size=10)

    def send_order(self, request: Any, gateway: str) -> str:
        if request.volume > 500:
            return ""
        number = f"CTP.1_-77_{len(self.orders) + 1}"
        made = SimpleNamespace(
            vt_orderid=number,
            symbol=request.symbol,
            direction=request.direction,
            offset=request.offset,
            volume=float(request.volume),
            price=request.price,
            traded=0.0,
            status=SimpleNamespace(name="SUBMITTING"),
            create_cancel_request=lambda: number,
        )
        self.orders.append(made)
        if len(self.orders) > self.dead_after:
            raise KeyboardInterrupt
        return number

    def cancel_order(self, number: str, gateway: str) -> None:
        next(order for order in self.orders if order.vt_orderid == number).status.name = "CANCELLED"

    def trade(self, index: int, volume: int, price: float) -> None:
        order = self.orders[index]
        order.traded += volume
        order.status.name = "ALLTRADED" if order.traded == order.volume else "PARTTRADED"
        self.trades.append(
            SimpleNamespace(
                vt_orderid=order.vt_orderid,
                vt_symbol=f"{order.symbol}.SHFE",
                symbol=order.symbol,
                tradeid=f"{len(self.trades):08d}",
                direction=order.direction,
                volume=float(volume),
                price=price,
                datetime=datetime(2024, 1, 2, 21, 5),
            )
        )

    def hold(self, direction: str, volume: int, yesterday: int, frozen: int = 0) -> None:
        self.positions.append(
            SimpleNamespace(
                symbol="rb2405",
                vt_symbol="rb2405.SHFE",
                direction=SimpleNamespace(name=direction),
                volume=volume,
                yd_volume=yesterday,
                frozen=frozen,
                price=4000.0,
            )
        )


@pytest.fixture(autouse=True)
def vnpy(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("vnpy"):
        return
    constant, objects = ModuleType("vnpy.trader.constant"), ModuleType("vnpy.trader.object")
    constant.Direction = Enum("Direction", "LONG SHORT NET")
    constant.Offset = Enum("Offset", "NONE OPEN CLOSE CLOSETODAY CLOSEYESTERDAY")
    constant.Exchange = Enum("Exchange", "SHFE INE DCE CZCE CFFEX GFEX")
    constant.OrderType = Enum("OrderType", "LIMIT MARKET")
    objects.OrderRequest = SimpleNamespace
    for name in ("vnpy", "vnpy.trader"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "vnpy.trader.constant", constant)
    monkeypatch.setitem(sys.modules, "vnpy.trader.object", objects)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def broker(engine: Engine, tmp_path: Path) -> Iterator[CtpBroker]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield CtpBroker(
        engine,
        journal,
        exchange_of=lambda entity: "DCE" if entity.startswith("p") else "SHFE",
        limit_for=lambda order: Decimal(4200 if order.side == "buy" else 3800),
        trading_day=lambda at: date(2024, 1, 3),
    )
    journal.close()


def order(quantity: int, side: str = "buy", entity: str = "rb2405", **more: Any) -> Order:
    return Order("demo", DAY, entity, side, quantity, **more)


def sent(engine: Engine) -> list[tuple[str, str, int, float]]:
    return [(one.direction.name, one.offset.name, int(one.volume), one.price) for one in engine.orders]


def test_it_is_a_broker_and_opens_what_it_does_not_hold(broker: CtpBroker, engine: Engine) -> None:
    assert isinstance(broker, Broker)
    assert broker.submit(order(3)).status == "open"
    assert sent(engine) == [("LONG", "OPEN", 3, 4200.0)]
    broker.submit(order(3))
    assert len(engine.orders) == 1
    with pytest.raises(MarketError, match="Another order of this name"):
        broker.submit(order(4))


def test_the_other_side_is_closed_first_and_shanghai_tells_the_days_apart(broker: CtpBroker, engine: Engine) -> None:
    engine.hold("SHORT", volume=5, yesterday=3, frozen=1)
    engine.hold("LONG", volume=9, yesterday=9)
    broker.submit(order(7))
    assert sent(engine) == [
        ("LONG", "CLOSEYESTERDAY", 3, 4200.0),
        ("LONG", "CLOSETODAY", 1, 4200.0),
        ("LONG", "OPEN", 3, 4200.0),
    ]
    assert broker.positions()["rb2405"].quantity == 4
    assert broker.sellable(DAY) == {"rb2405": 4}


def test_elsewhere_closing_is_closing(broker: CtpBroker, engine: Engine) -> None:
    engine.hold("LONG", volume=5, yesterday=3)
    engine.positions[0].symbol = "p2405"
    broker.submit(order(4, "sell", "p2405", limit_price=Decimal(7000)))
    assert sent(engine) == [("SHORT", "CLOSE", 4, 7000.0)]


def test_a_crash_between_two_legs_is_taken_up(broker: CtpBroker, engine: Engine) -> None:
    engine.hold("SHORT", volume=5, yesterday=5)
    engine.dead_after = 1
    with pytest.raises(KeyboardInterrupt):
        broker.submit(order(7))  # the second leg is not sent, and the first one's number is not written down
    engine.dead_after = 99
    engine.positions.clear()  # what is held now must not change what the order is made of
    assert broker.submit(order(7)).status == "open"
    assert sent(engine) == [("LONG", "CLOSEYESTERDAY", 5, 4200.0), ("LONG", "OPEN", 2, 4200.0)]
    assert broker._engine.orders[0].vt_orderid in broker.orders()[0].broker_id


def test_what_cannot_be_told_apart_is_not_sent(broker: CtpBroker, engine: Engine) -> None:
    engine.dead_after = 0
    with pytest.raises(KeyboardInterrupt):
        broker.submit(order(3))
    engine.dead_after = 99
    twin = engine.orders[0]
    engine.orders.append(SimpleNamespace(**{**vars(twin), "vt_orderid": "CTP.1_-77_by_hand"}))
    with pytest.raises(MarketError, match="Several orders at CTP"):
        broker.submit(order(3))
    assert len(engine.orders) == 2


def test_an_order_is_the_sum_of_its_legs(broker: CtpBroker, engine: Engine) -> None:
    engine.hold("SHORT", volume=2, yesterday=2)
    name = broker.submit(order(5)).order.client_order_id
    engine.trade(0, 2, 4000.0)
    engine.trade(1, 1, 4010.0)
    (state,) = broker.orders(open_only=True)
    assert (state.status, state.filled) == ("partially_filled", 3)
    assert broker.cancel(name).status == "cancelled"
    fills = broker.fills(date(2024, 1, 3))
    assert [(fill.quantity, fill.client_order_id, fill.multiplier, fill.day) for fill in fills] == [
        (2, name, 10, date(2024, 1, 3)),
        (1, name, 10, date(2024, 1, 3)),
    ]
    assert broker.fills(date(2024, 1, 4)) == []
    assert broker.orders()[0].average_price == Decimal("4003.333333")


def test_the_next_day_an_open_order_has_expired(broker: CtpBroker, engine: Engine) -> None:
    broker.submit(order(5))
    engine.orders.clear()
    assert [(state.status, state.reason) for state in broker.orders()] == [("expired", "not told of any more")]


def test_a_refusal_is_an_error(broker: CtpBroker) -> None:
    with pytest.raises(MarketError, match="does not take an order"):
        broker.submit(order(501))


def test_money(broker: CtpBroker) -> None:
    account = broker.account()
    assert (account.equity, account.margin, account.free) == (100_000, 20_000, 80_000)


def test_without_vnpy_the_extra_is_named(broker: CtpBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vnpy.trader.constant", None)
    with pytest.raises(MarketError, match="needs vnpy"):
        broker.submit(order(1))
