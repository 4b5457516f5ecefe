"""CTP (China's futures exchanges): over a ``vnpy`` main engine whose CTP gateway is connected."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from tael.errors import MarketError
from tael.markets.broker.adapters.journal import Journal
from tael.markets.broker.money import money
from tael.markets.broker.orders import Account, Fill, Order, OrderState, Position, Side, Status

# These two close today's and earlier positions by different instructions.
CLOSE_BY_DAY = ("SHFE", "INE")

STATUS: dict[str, Status] = {
    "SUBMITTING": "open",
    "NOTTRADED": "open",
    "PARTTRADED": "partially_filled",
    "ALLTRADED": "filled",
    "CANCELLED": "cancelled",
    "REJECTED": "rejected",
}


class CtpBroker:
    """Futures through CTP. A position is closed before the other side is opened, today's lots apart where that matters.

    CTP carries no name of ours: it numbers orders within a session. So the journal keeps, before anything is sent, what
    each order is made of (its legs). A leg that may have been sent is looked for among CTP's orders of the day by
    contract, side, instruction, quantity and price; if exactly one that nothing else claims is there, it is ours; if
    there are more, nothing is sent and a person must look.

    Parameters
    ----------
    engine : vnpy MainEngine
        Connected by the caller; its orders, trades and positions must have been received.
    journal : Journal
    exchange_of : callable
        "SHFE", "INE", "DCE", "CZCE", "CFFEX" or "GFEX" of an entity.
    limit_for : callable
        The limit price of an order that has none: not every exchange takes market orders. The day's price limit deals
        like a market order.
    trading_day : callable
        The trading day of an execution's time (a night session belongs to the next one).
    gateway : str
    """

    def __init__(
        self,
        engine: Any,
        journal: Journal,
        *,
        exchange_of: Callable[[str], str],
        limit_for: Callable[[Order], Decimal],
        trading_day: Callable[[datetime], date],
        gateway: str = "CTP",
    ) -> None:
        self._engine, self._journal, self._gateway = engine, journal, gateway
        self._exchange_of, self._limit_for, self._trading_day = exchange_of, limit_for, trading_day

    def submit(self, order: Order) -> OrderState:
        """Send what an order is made of, or learn what became of it.

        Raises
        ------
        MarketError
            If vnpy is not installed, CTP does not take a leg, or a leg that may have been sent cannot be told apart.
        """
        name = order.client_order_id
        if self._journal.order(name) is None:
            self._journal.intend(order, self._legs(order))
        else:
            self._journal.intend(order)  # refuses another order of this name
            last = self._journal.remembered(order)
            if last is not None and not last.is_open:
                return last
            self._adopt(order)
        for number, content, broker_id in self._journal.legs(name):
            if broker_id is None:
                sent = self._engine.send_order(self._request(order, json.loads(content)), self._gateway)
                if not sent:
                    raise MarketError("CTP does not take an order.", got=content, where=f"{order.entity}, {order.day}")
                self._journal.bind(name, sent, number)
        return self._state(order)

    def _legs(self, order: Order) -> list[str]:
        """What an order is made of: closing first, then opening."""
        price = order.limit_price or money(self._limit_for(order))
        held = "SHORT" if order.side == "buy" else "LONG"
        by_day = self._exchange_of(order.entity) in CLOSE_BY_DAY
        old = new = 0
        for position in self._engine.get_all_positions():
            if position.symbol == order.entity and position.direction.name == held:
                free = int(position.volume - position.frozen)
                old += min(int(position.yd_volume), free)
                new += free - min(int(position.yd_volume), free)
        parts = [("CLOSEYESTERDAY", old), ("CLOSETODAY", new)] if by_day else [("CLOSE", old + new)]
        legs, left = [], order.quantity
        for offset, volume in parts:
            if (quantity := min(volume, left)) > 0:
                legs.append(json.dumps([offset, quantity, str(price)]))
                left -= quantity
        if left:
            legs.append(json.dumps(["OPEN", left, str(price)]))
        return legs

    def _adopt(self, order: Order) -> None:
        """Find the legs that were sent before their number could be written down."""
        for number, content, broker_id in self._journal.legs(order.client_order_id):
            if broker_id is not None:
                continue
            offset, quantity, price = json.loads(content)
            wanted = (order.entity, _direction(order), offset, quantity, Decimal(price))
            found = [
                there
                for there in self._engine.get_all_orders()
                if self._journal.bound(there.vt_orderid) is None
                and wanted
                == (there.symbol, there.direction.name, there.offset.name, int(there.volume), money(there.price))
            ]
            if len(found) > 1:
                raise MarketError(
                    "Several orders at CTP may be this one; nothing is sent.",
                    got=", ".join(there.vt_orderid for there in found),
                    where=f"{order.entity}, {order.day}",
                    fix="Find out which one it is, and cancel the others.",
                )
            if found:
                self._journal.bind(order.client_order_id, found[0].vt_orderid, number)

    def _request(self, order: Order, leg: list[Any]) -> Any:
        """A leg in vnpy's words."""
        constants, objects = _vnpy("constant"), _vnpy("object")
        offset, quantity, price = leg
        return objects.OrderRequest(
            symbol=order.entity,
            exchange=constants.Exchange[self._exchange_of(order.entity)],
            direction=constants.Direction[_direction(order)],
            type=constants.OrderType.LIMIT,
            volume=quantity,
            price=float(price),
            offset=constants.Offset[offset],
            reference=order.client_order_id,
        )

    def _state(self, order: Order) -> OrderState:
        """The state of an order from those of its legs."""
        there = {said.vt_orderid: said for said in self._engine.get_all_orders()}
        legs = [there[broker_id] for _, _, broker_id in self._journal.legs(order.client_order_id) if broker_id in there]
        if not legs:
            last = self._journal.remembered(order) or OrderState(order, "open")
            # orders are good for the day: one that CTP no longer tells of is not open
            return last.with_status("expired", "not told of any more") if last.is_open else last
        statuses = [STATUS[leg.status.name] for leg in legs]
        filled = sum(int(leg.traded) for leg in legs)
        status: Status
        if filled == order.quantity:
            status = "filled"
        elif any(status in ("open", "partially_filled") for status in statuses):
            status = "partially_filled" if filled else "open"
        else:
            status = "rejected" if set(statuses) == {"rejected"} else "cancelled"
        names = " ".join(leg.vt_orderid for leg in legs)
        trades = [fill for fill in self.fills() if fill.client_order_id == order.client_order_id]
        total = sum(fill.quantity for fill in trades)
        price = sum((fill.price * fill.quantity for fill in trades), Decimal(0)) / total if total else None
        return self._journal.remember(OrderState(order, status, filled, price and money(price), "", names))

    def cancel(self, client_order_id: str) -> OrderState:
        """Ask to take back what is open of an order.

        Raises
        ------
        MarketError
            If it was never sent.
        """
        order = self._journal.order(client_order_id)
        if order is None:
            raise MarketError("No such order.", got=client_order_id)
        ours = {broker_id for _, _, broker_id in self._journal.legs(client_order_id)}
        for there in self._engine.get_all_orders():
            if there.vt_orderid in ours and STATUS[there.status.name] in ("open", "partially_filled"):
                self._engine.cancel_order(there.create_cancel_request(), self._gateway)
        return self._state(order)

    def orders(self, day: date | None = None, *, open_only: bool = False) -> list[OrderState]:
        """Orders of the journal and what became of them, oldest first."""
        states = [self._state(order) for order in self._journal.orders(day)]
        return [state for state in states if state.is_open or not open_only]

    def fills(self, since: date | None = None) -> list[Fill]:
        """The executions that CTP still tells of (those of the trading day), oldest first.

        Charges come with the daily settlement, not with an execution.
        """
        found = []
        for said in sorted(self._engine.get_all_trades(), key=lambda said: (said.datetime, said.tradeid)):
            side: Side = "buy" if said.direction.name == "LONG" else "sell"
            contract = self._engine.get_contract(said.vt_symbol)
            fill = Fill(
                f"{said.vt_symbol}/{said.tradeid}/{said.direction.name}",
                self._journal.bound(said.vt_orderid) or said.vt_orderid,
                said.symbol,
                self._trading_day(said.datetime),
                side,
                int(said.volume),
                money(said.price),
                multiplier=int(contract.size) if contract else 1,
            )
            if since is None or fill.day >= since:
                found.append(fill)
        return found

    def positions(self) -> dict[str, Position]:
        """Net positions by contract: long less short."""
        net: dict[str, int] = {}
        price: dict[str, Decimal] = {}
        size: dict[str, int] = {}
        for said in self._engine.get_all_positions():
            sign = 1 if said.direction.name == "LONG" else -1
            net[said.symbol] = net.get(said.symbol, 0) + sign * int(said.volume)
            contract = self._engine.get_contract(said.vt_symbol)
            size[said.symbol] = int(contract.size) if contract else 1
            if said.volume:
                price[said.symbol] = money(said.price)
        return {
            entity: Position(entity, quantity, price[entity], price[entity] * quantity * size[entity])
            for entity, quantity in net.items()
            if quantity
        }

    def sellable(self, day: date) -> dict[str, int]:
        """Net long positions: futures know no lock."""
        return {entity: held.quantity for entity, held in self.positions().items() if held.quantity > 0}

    def account(self) -> Account:
        """Money as CTP knows it: the balance is the equity, what is not available is bound.

        Raises
        ------
        MarketError
            If no account, or more than one, is told of.
        """
        told = [said for said in self._engine.get_all_accounts() if said.gateway_name == self._gateway]
        if len(told) != 1:
            raise MarketError("CTP tells of no single account yet.", got=f"{len(told)} accounts")
        balance, available = money(told[0].balance), money(told[0].available)
        return Account(balance, Decimal(0), balance - available, balance, "CNY")


def _direction(order: Order) -> str:
    return "LONG" if order.side == "buy" else "SHORT"


def _vnpy(name: str) -> Any:
    """A module of vnpy's trader.

    Raises
    ------
    MarketError
        If vnpy is not installed.
    """
    try:
        return import_module(f"vnpy.trader.{name}")
    except ImportError as error:
        raise MarketError("CTP needs vnpy and its CTP gateway.", fix="pip install vnpy vnpy_ctp") from error
